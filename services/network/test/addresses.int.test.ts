/** The plan of addresses, public addresses and port mappings, on real PostgreSQL over two processes. */
import { type Id, PLATFORM } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { overlaps, parseRange } from '../src/domain/address.ts';
import { createAgent } from './agent.ts';
import { codeOf, type Harness, resultOf, startHarness } from './harness.ts';

let harness: Harness;
const tenant: Id<'tenant'> = newId('tenant');
const neighbour: Id<'tenant'> = newId('tenant');
const operator = { tenant: PLATFORM as Id<'tenant'> };
const patient = { timeout: 15_000, interval: 20 };

beforeAll(async () => {
  harness = await startHarness({ services: 2, silentAfterMs: 500, rest: { instanceMs: 0, publicMs: 3_600_000 } });
});
afterAll(() => harness.stop());

const add = (purpose: string, cidr: string) => harness.call('AddAddressRange', { purpose, cidr }, operator);
const allocate = (of: Id<'tenant'>, namespaceId: string, name: string, more: object = {}) =>
  harness.call('AllocatePublicAddress', { namespaceId, name, ...more }, { tenant: of });
const map = (of: Id<'tenant'>, publicAddressId: string, namespaceId: string, port: number, protocol = 'TCP') =>
  harness.call(
    'CreatePortMapping',
    {
      ...{ publicAddressId, namespaceId, protocol, port },
      target: { kind: 'DEPLOYMENT', deploymentId: newId('deployment'), port: 8080 },
    },
    { tenant: of },
  );
const limit = (measure: string, scope: string, most: number) =>
  harness.rows(`insert into tenancy.claim_limit values ($1, $2, $3)`, [`quota-${measure}`, scope, most]);
const message = (reply: Awaited<ReturnType<typeof add>>) => (reply.ok ? '' : reply.error.message);
const reservations = async () => {
  const rows = await harness.rows<{ n: number }>(
    `select count(*)::integer as n from tenancy.event made where type = 'QuotaReserved' and not exists (
       select from tenancy.event ended where ended.stream = made.stream
       and ended.type in ('QuotaCommitted', 'QuotaReservationEnded')
       and ended.data ->> 'reservationId' = made.data ->> 'reservationId')`,
  );
  return rows[0]?.n;
};

/** A platform whose pool is too small to have virtual addresses cut out of it gets some, and later more, while it runs. */
async function servicesFrom(small: Harness, namespaceId: string, told: () => Promise<readonly string[] | undefined>) {
  const spec = {
    ...{ selector: {}, affinitySeconds: null },
    ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 80 }],
  };
  let made = 0;
  const create = async () => {
    made += 1;
    return small.call('CreateService', { namespaceId, name: `web-${made}`, spec }, { tenant });
  };
  const give = async (cidr: string) =>
    resultOf(await small.call('AddAddressRange', { purpose: 'SERVICES', cidr }, operator));
  const refused = await create();
  expect(codeOf(refused)).toBe('ADDRESSES_EXHAUSTED');
  expect(message(refused)).toContain('add a range for services');

  await give('10.81.0.0/28');
  const first = await Promise.all(Array.from({ length: 14 }, create));
  expect(first.map(codeOf)).toEqual(Array.from({ length: 14 }, () => 'OK'));
  expect(codeOf(await create())).toBe('ADDRESSES_EXHAUSTED');
  const { addressRangeId } = await give('10.82.0.0/28');
  const second = await Promise.all(Array.from({ length: 3 }, create));
  const given = await Promise.all(
    [...first, ...second].map(
      async (reply) => (await small.event(`service:${resultOf(reply).serviceId}`, 'ServiceCreated')).data,
    ),
  );
  expect(given.filter(({ ipv4 }) => ipv4.startsWith('10.81.0.'))).toHaveLength(14);
  expect(given.filter(({ ipv4 }) => ipv4.startsWith('10.82.0.'))).toHaveLength(3);
  expect(new Set(given.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6])).size).toBe(34);
  await expect.poll(told, patient).toEqual(expect.arrayContaining(['10.81.0.0/28', '10.82.0.0/28']));
  expect(codeOf(await small.call('WithdrawAddressRange', { addressRangeId }, operator))).toBe('ILLEGAL_STATE');
}

describe('ranges', () => {
  it('never overlap: of 200 parallel ones over two processes exactly one wins', async () => {
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, n) => add('PUBLIC', n % 2 ? '198.18.0.0/24' : '198.18.0.0/16')),
    );
    expect(replies.filter((reply) => reply.ok)).toHaveLength(1);
    expect(new Set(replies.map(codeOf))).toEqual(new Set(['OK', 'CIDR_OVERLAP']));
  });

  it.each([
    ['INSTANCES', '10.127.0.0/16', 'CIDR_OVERLAP', 'rng_'],
    ['INSTANCES', '10.128.0.1/12', 'CIDR_MALFORMED', '10.128.0.0/12'],
    ['INSTANCES', '10.128.0.0/28', 'CIDR_NOT_ALLOWED', '/24'],
    ['PUBLIC', '127.0.0.0/24', 'CIDR_NOT_ALLOWED', 'is loopback'],
    ['PUBLIC', '169.254.0.0/24', 'CIDR_NOT_ALLOWED', 'is link-local'],
    ['PUBLIC', '224.0.0.0/24', 'CIDR_NOT_ALLOWED', 'is multicast'],
    ['PUBLIC', 'fe80::/64', 'CIDR_NOT_ALLOWED', 'is link-local'],
    ['PUBLIC', 'ff02::/64', 'CIDR_NOT_ALLOWED', 'is multicast'],
    ['PUBLIC', '::1/128', 'CIDR_NOT_ALLOWED', 'loopback'],
    ['PUBLIC', 'no range', 'CIDR_MALFORMED', 'no prefix length'],
  ])('for %s, %s is refused with %s and changes nothing', async (purpose, cidr, code, text) => {
    const before = await harness.store.lastPosition();
    const reply = await add(purpose, cidr);
    expect(`${codeOf(reply)} ${message(reply)}`).toContain(code);
    expect(message(reply)).toContain(text);
    expect(await harness.store.lastPosition()).toBe(before);
  });

  it('are the operator’s alone', async () => {
    const reply = await harness.call('AddAddressRange', { purpose: 'PUBLIC', cidr: '198.51.100.0/24' }, { tenant });
    expect(codeOf(reply)).toBe('FORBIDDEN');
  });

  it('that were added go to every node, and subnets and services come out of them once the others are full', async () => {
    const small = await startHarness({ ipv4: '10.70.0.0/24', silentAfterMs: 500 });
    try {
      const namespaceId = await small.openNamespace(tenant);
      const agent = createAgent(small.nc, newId('node'));
      await small.place(tenant, namespaceId, agent.nodeId);
      const pools = async () => (await agent.sync())?.pools.ipv4;
      await expect.poll(pools, patient).toEqual(['10.70.0.0/24']);
      const create = () => small.call('CreateSubnet', { namespaceId, ipv4: null }, { tenant });
      expect(codeOf(await create())).toBe('ADDRESSES_EXHAUSTED');

      const range = { purpose: 'INSTANCES', cidr: '10.80.0.0/16' };
      const { addressRangeId } = resultOf(await small.call('AddAddressRange', range, operator));
      await expect.poll(pools, patient).toEqual(['10.70.0.0/24', '10.80.0.0/16']);
      const { subnetId } = resultOf(await create());
      expect((await small.event(`subnet:${subnetId}`, 'SubnetAllocated')).data.ipv4).toMatch(/^10\.80\./);

      const withdraw = () => small.call('WithdrawAddressRange', { addressRangeId }, operator);
      const refused = await withdraw();
      expect(codeOf(refused)).toBe('ILLEGAL_STATE');
      expect(message(refused)).toContain(subnetId);
      expect(codeOf(await small.call('DeleteSubnet', { subnetId }, { tenant }))).toBe('OK');
      await small.event(`subnet:${subnetId}`, 'SubnetReleased');
      expect(codeOf(await withdraw())).toBe('OK');
      await expect.poll(pools, patient).toEqual(['10.70.0.0/24']);
      expect(codeOf(await create())).toBe('ADDRESSES_EXHAUSTED');

      await servicesFrom(small, namespaceId, async () => (await agent.sync())?.pools.services);
    } finally {
      await small.stop();
    }
  });

  it('that are withdrawn while subnets are taken out of them are empty, or stay', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    for (let round = 0; round < 5; round++) {
      const cidr = `10.${128 + round}.0.0/24`;
      const { addressRangeId = '' } = resultOf(await add('INSTANCES', cidr));
      await expect
        .poll(() => harness.rows('select from network.address_range where cidr = $1', [cidr]), patient)
        .toHaveLength(1);
      const [withdrawn, ...created] = await Promise.all([
        harness.call('WithdrawAddressRange', { addressRangeId }, operator),
        ...[0, 128].map((at) =>
          harness.call('CreateSubnet', { namespaceId, ipv4: cidr.replace('0/24', `${at}/25`) }, { tenant }),
        ),
      ]);
      if (withdrawn?.ok) expect(created.filter((reply) => reply.ok)).toEqual([]);
      else expect(created.some((reply) => reply.ok)).toBe(true);
    }
  });

  it('that are reserved within a pool are never a subnet', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    resultOf(await add('RESERVED', '10.90.0.0/16'));
    const reply = await harness.call('CreateSubnet', { namespaceId, ipv4: '10.90.7.0/24' }, { tenant });
    expect(reply).toMatchObject({ ok: false, error: { code: 'CIDR_OVERLAP', field: 'ipv4' } });
    expect(message(reply)).toContain('the platform has reserved');
    const services = await harness.call('CreateSubnet', { namespaceId, ipv4: '10.127.3.0/24' }, { tenant });
    expect(codeOf(services)).toBe('CIDR_OVERLAP');
  });
});

describe('subnets', () => {
  it('have the size that was asked for, in both families', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    const replies = await Promise.all(
      [16, 20, 24, 28].map((ipv4PrefixLength, n) =>
        harness.call(
          'CreateSubnet',
          { namespaceId, ipv4: null, ipv4PrefixLength, ipv6PrefixLength: 60 + n },
          { tenant },
        ),
      ),
    );
    const made = await Promise.all(
      replies.map(async (reply) => (await harness.event(`subnet:${resultOf(reply).subnetId}`, 'SubnetAllocated')).data),
    );
    expect(made.map(({ ipv4 }) => parseRange(ipv4).prefix)).toEqual([16, 20, 24, 28]);
    expect(made.map(({ ipv6 }) => parseRange(ipv6).prefix)).toEqual([60, 61, 62, 63]);
    for (const [n, one] of made.entries()) {
      for (const other of made.slice(n + 1)) {
        expect(overlaps(parseRange(one.ipv4), parseRange(other.ipv4))).toBe(false);
        expect(overlaps(parseRange(one.ipv6), parseRange(other.ipv6))).toBe(false);
      }
    }
  });

  it('that overlap one’s own say which; another’s are told as taken, and no more', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    const theirs = await harness.openNamespace(neighbour);
    const create = (of: Id<'tenant'>, id: string, ipv4: string) =>
      harness.call('CreateSubnet', { namespaceId: id, ipv4 }, { tenant: of });
    const { subnetId = '' } = resultOf(await create(tenant, namespaceId, '10.95.0.0/24'));
    resultOf(await create(neighbour, theirs, '10.95.1.0/24'));
    expect(message(await create(tenant, namespaceId, '10.95.0.0/25'))).toContain(subnetId);
    const foreign = message(await create(tenant, namespaceId, '10.95.1.0/25'));
    expect(foreign).toBe(
      '10.95.1.0/25 overlaps a range that is taken. Give another one, or none to get the next free one.',
    );
  });

  it('in which an instance has its address stay; the last one of a namespace, too', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    const node = newId('node');
    const instance = await harness.place(tenant, namespaceId, node);
    const { subnetId } = (await harness.event(`endpoint:${instance}`, 'EndpointAllocated')).data;
    const remove = (of = tenant) => harness.call('DeleteSubnet', { subnetId }, { tenant: of });
    await expect.poll(async () => message(await remove()), patient).toContain('1 instance has its address');
    expect(await remove(neighbour)).toEqual(
      await harness.call('DeleteSubnet', { subnetId: newId('subnet') }, { tenant: neighbour }),
    );
    await harness.stopInstance(tenant, namespaceId, node, instance);
    await harness.event(`endpoint:${instance}`, 'EndpointReleased');
    expect(message(await remove())).toContain('the only subnet of its namespace');
  });

  it('of a namespace are never all deleted: of two at once one stays, whoever asks where', async () => {
    for (let round = 0; round < 6; round++) {
      const namespaceId = await harness.openNamespace(tenant);
      resultOf(await harness.call('CreateSubnet', { namespaceId, ipv4: null }, { tenant }));
      const subnets = () =>
        harness.rows<{ id: string }>('select subnet_id as id from network.subnet where namespace_id = $1', [
          namespaceId,
        ]);
      await expect.poll(subnets, patient).toHaveLength(2);
      const replies = await Promise.all(
        (await subnets()).map(({ id }) => harness.call('DeleteSubnet', { subnetId: id }, { tenant })),
      );
      expect(replies.map(codeOf).sort()).toEqual(['ILLEGAL_STATE', 'OK']);
      expect(replies.map(message).join('')).toContain('the only subnet of its namespace');
    }
  });

  it('that close while addresses are given out of them are empty when they are released', async () => {
    for (let round = 0; round < 3; round++) {
      const namespaceId = await harness.openNamespace(tenant);
      const [first] = await harness.rows<{ subnet_id: string }>(
        'select subnet_id from network.subnet where namespace_id = $1',
        [namespaceId],
      );
      const subnetId = first?.subnet_id ?? '';
      resultOf(await harness.call('CreateSubnet', { namespaceId, ipv4: null }, { tenant }));
      const node = newId('node');
      const placing = Promise.all(Array.from({ length: 20 }, () => harness.place(tenant, namespaceId, node)));
      const closing = await harness.call('DeleteSubnet', { subnetId }, { tenant });
      const instances = await placing;
      const allocated = await Promise.all(instances.map((id) => harness.event(`endpoint:${id}`, 'EndpointAllocated')));
      if (!closing.ok) continue;
      const closed = await harness.event(`subnet:${subnetId}`, 'SubnetClosed');
      const within = allocated.filter((event) => event.data.subnetId === subnetId);
      expect(within.every((event) => event.position < closed.position)).toBe(true);
      await Promise.all(instances.map((id) => harness.stopInstance(tenant, namespaceId, node, id)));
      const released = await harness.event(`subnet:${subnetId}`, 'SubnetReleased');
      for (const { data } of within) {
        const gone = await harness.event(`endpoint:${data.instanceId}`, 'EndpointReleased');
        expect(gone.position).toBeLessThan(released.position);
      }
    }
  });

  it('get another one by themselves where that is wanted, and tell how full they are', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    const { subnetId = '' } = resultOf(
      await harness.call('CreateSubnet', { namespaceId, ipv4: null, ipv4PrefixLength: 29 }, { tenant }),
    );
    const [first] = await harness.rows<{ subnet_id: string }>(
      'select subnet_id from network.subnet where namespace_id = $1 and subnet_id <> $2',
      [namespaceId, subnetId],
    );
    await expect
      .poll(async () => codeOf(await harness.call('DeleteSubnet', { subnetId: first?.subnet_id }, { tenant })), patient)
      .toBe('OK');
    const node = newId('node');
    const instances = await Promise.all(Array.from({ length: 5 }, () => harness.place(tenant, namespaceId, node)));
    await Promise.all(instances.map((id) => harness.event(`endpoint:${id}`, 'EndpointAllocated')));
    const use = async (of: Id<'tenant'>) => {
      const reply = await harness.call('DescribeAddressUse', { ids: [subnetId, namespaceId] }, { tenant: of });
      return reply.ok ? (reply.result as { uses: unknown[] }).uses : [];
    };
    await expect
      .poll(() => use(tenant), patient)
      .toMatchObject([
        { id: subnetId, size: 5, used: 5, free: 0, cooling: 0, exhaustedAt: expect.any(String) },
        { id: namespaceId },
      ]);
    expect(await use(neighbour)).toEqual([]);
    const subnets = () =>
      harness.rows('select from network.subnet where namespace_id = $1 and not closed', [namespaceId]);
    expect(await subnets()).toHaveLength(1);
    resultOf(await harness.call('SetSubnetGrowth', { namespaceId, automatic: true }, { tenant }));
    await expect.poll(subnets, patient).toHaveLength(2);
    const further = await harness.place(tenant, namespaceId, node);
    await harness.event(`endpoint:${further}`, 'EndpointAllocated');
  });
});

describe('public addresses', () => {
  it('are given once: 200 parallel requests for as many over two processes all get different ones, and the next none', async () => {
    resultOf(await add('PUBLIC', '203.0.113.0/25'));
    resultOf(await add('PUBLIC', '203.0.113.128/26'));
    await limit('publicIps', tenant, 1000);
    const namespaceId = await harness.openNamespace(tenant);
    // 128 + 64 of these, and 198.18.… of the test before.
    const range = await harness.rows<{ range_id: string }>(
      `select range_id from network.address_range where cidr like '198.18%'`,
    );
    resultOf(await harness.call('WithdrawAddressRange', { addressRangeId: range[0]?.range_id }, operator));
    await expect
      .poll(() => harness.rows(`select from network.address_range where cidr like '198.18%'`), patient)
      .toEqual([]);
    const replies = await Promise.all(Array.from({ length: 200 }, (_, n) => allocate(tenant, namespaceId, `web-${n}`)));
    const ids = replies.flatMap((reply) => (reply.ok ? [resultOf(reply).publicAddressId ?? ''] : []));
    expect(ids).toHaveLength(192);
    expect(new Set(replies.map(codeOf))).toEqual(new Set(['OK', 'ADDRESSES_EXHAUSTED']));
    const events = await Promise.all(ids.map((id) => harness.event(`publicAddress:${id}`, 'PublicAddressAllocated')));
    expect(new Set(events.map((event) => event.data.address)).size).toBe(192);
    await Promise.all(
      ids.map((publicAddressId) => harness.call('ReleasePublicAddress', { publicAddressId }, { tenant })),
    );
    // All of them rest.
    expect(codeOf(await allocate(tenant, namespaceId, 'none'))).toBe('ADDRESSES_EXHAUSTED');
  });

  it('at the limit − 1 of the quota, of 200 in parallel exactly one is given, and nothing stays reserved', async () => {
    resultOf(await add('PUBLIC', '198.51.100.0/24'));
    const namespaceId = await harness.openNamespace(tenant);
    await limit('publicIps', namespaceId, 2);
    resultOf(await allocate(tenant, namespaceId, 'first'));
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, n) => allocate(tenant, namespaceId, `more-${n}`)),
    );
    expect(replies.map(codeOf).sort()).toEqual(['OK', ...Array(199).fill('QUOTA_EXCEEDED')].sort());
    await expect.poll(reservations, patient).toBe(0);
  });

  it('rest before another tenant gets them; their last tenant can have them again at once', async () => {
    const [mine, theirs] = await Promise.all([harness.openNamespace(tenant), harness.openNamespace(neighbour)]);
    const { publicAddressId = '' } = resultOf(await allocate(tenant, mine, 'web', { address: '198.51.100.200' }));
    const asNeighbour = () => allocate(neighbour, theirs, 'web', { address: '198.51.100.200' });
    const taken = await asNeighbour();
    expect(codeOf(taken)).toBe('CIDR_OVERLAP');
    expect(message(taken)).not.toContain('pub_');
    expect(message(await allocate(tenant, mine, 'other', { address: '198.51.100.200' }))).toContain(publicAddressId);
    resultOf(await harness.call('ReleasePublicAddress', { publicAddressId }, { tenant }));
    expect(await asNeighbour()).toEqual(taken);
    const again = async () => codeOf(await allocate(tenant, mine, 'web', { address: '198.51.100.200' }));
    await expect.poll(again, patient).toBe('OK');
    expect(await asNeighbour()).toEqual(taken);
  });

  it('are anybody’s once they have rested', async () => {
    const quick = await startHarness({ rest: { instanceMs: 0, publicMs: 300 } });
    try {
      const namespaces = await Promise.all([tenant, neighbour].map((one) => quick.openNamespace(one)));
      resultOf(await quick.call('AddAddressRange', { purpose: 'PUBLIC', cidr: '198.51.100.7/32' }, operator));
      const take = (of: Id<'tenant'>, n: number) =>
        quick.call('AllocatePublicAddress', { namespaceId: namespaces[n], name: 'web' }, { tenant: of });
      const { publicAddressId } = resultOf(await take(tenant, 0));
      expect(codeOf(await take(neighbour, 1))).toBe('ADDRESSES_EXHAUSTED');
      resultOf(await quick.call('ReleasePublicAddress', { publicAddressId }, { tenant }));
      await expect.poll(async () => codeOf(await take(neighbour, 1)), patient).toBe('OK');
    } finally {
      await quick.stop();
    }
  });

  it('of another tenant are as none, byte for byte', async () => {
    const [mine, theirs] = await Promise.all([harness.openNamespace(tenant), harness.openNamespace(neighbour)]);
    const { publicAddressId = '' } = resultOf(await allocate(tenant, mine, 'web'));
    const { portMappingId = '' } = resultOf(await map(tenant, publicAddressId, mine, 443));
    const release = (id: string) =>
      harness.call('ReleasePublicAddress', { publicAddressId: id }, { tenant: neighbour });
    expect(await release(publicAddressId)).toEqual(await release(newId('publicAddress')));
    const leadTo = (id: string) => map(neighbour, id, theirs, 80);
    expect(await leadTo(publicAddressId)).toEqual(await leadTo(newId('publicAddress')));
    const remove = (id: string) => harness.call('DeletePortMapping', { portMappingId: id }, { tenant: neighbour });
    expect(await remove(portMappingId)).toEqual(await remove(newId('portMapping')));
  });
});

describe('port mappings', () => {
  it('have their port alone: of 200 in parallel one wins, the others are told which', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    await limit('ports', namespaceId, 1000);
    const { publicAddressId = '' } = resultOf(await allocate(tenant, namespaceId, 'web'));
    const replies = await Promise.all(
      Array.from({ length: 200 }, () => map(tenant, publicAddressId, namespaceId, 443)),
    );
    const [won] = replies.filter((reply) => reply.ok);
    if (!won) throw new Error('Nobody has the port.');
    expect(replies.map(codeOf).sort()).toEqual(['OK', ...Array(199).fill('NAME_TAKEN')].sort());
    for (const reply of replies) if (!reply.ok) expect(reply.error.message).toContain(resultOf(won).portMappingId);
    // The same port of the other protocol is another one.
    expect(codeOf(await map(tenant, publicAddressId, namespaceId, 443, 'UDP'))).toBe('OK');
    expect(codeOf(await map(tenant, publicAddressId, namespaceId, 444))).toBe('OK');
    await expect.poll(reservations, patient).toBe(0);
  });

  it.each([0, 70_000, -1])('port %d is refused', async (port) => {
    const namespaceId = await harness.openNamespace(tenant);
    const { publicAddressId = '' } = resultOf(await allocate(tenant, namespaceId, 'web'));
    expect(codeOf(await map(tenant, publicAddressId, namespaceId, port))).toBe('INVALID_ARGUMENT');
  });

  it('at the limit − 1 of the quota, of 200 in parallel exactly one is made', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    await limit('ports', namespaceId, 2);
    const { publicAddressId = '' } = resultOf(await allocate(tenant, namespaceId, 'web'));
    resultOf(await map(tenant, publicAddressId, namespaceId, 1));
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, n) => map(tenant, publicAddressId, namespaceId, 1000 + n)),
    );
    expect(replies.map(codeOf).sort()).toEqual(['OK', ...Array(199).fill('QUOTA_EXCEEDED')].sort());
  });

  it('keep their address: it can’t be given back under them, and none is made on it once it is', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    for (let round = 0; round < 5; round++) {
      const { publicAddressId = '' } = resultOf(await allocate(tenant, namespaceId, `web-${round}`));
      const [released, ...made] = await Promise.all([
        harness.call('ReleasePublicAddress', { publicAddressId }, { tenant }),
        ...Array.from({ length: 10 }, (_, n) => map(tenant, publicAddressId, namespaceId, 1000 + n)),
      ]);
      const kept = made.filter((reply) => reply.ok);
      if (released?.ok) expect(kept).toEqual([]);
      else expect(kept.length).toBeGreaterThan(0);
      if (!released?.ok && kept[0]) expect(released && message(released)).toMatch(/map_/);
    }
  });

  it('go with their namespace, then its addresses, then its subnets; those elsewhere on its addresses, too', async () => {
    const [gone, other] = await Promise.all([harness.openNamespace(tenant), harness.openNamespace(tenant)]);
    const { publicAddressId = '' } = resultOf(await allocate(tenant, gone, 'web'));
    const inside = resultOf(await map(tenant, publicAddressId, gone, 80)).portMappingId;
    const outside = resultOf(await map(tenant, publicAddressId, other, 81)).portMappingId;
    await harness.deleteNamespace(tenant, gone);
    expect(codeOf(await allocate(tenant, gone, 'late'))).toMatch(/BEING_DELETED|OK/);
    await harness.deployDrained(tenant, gone);
    const drained = await harness.event(`namespace:${gone}`, 'NamespaceDrained');
    const positions = await Promise.all([
      harness.event(`portMapping:${inside}`, 'PortMappingDeleted'),
      harness.event(`portMapping:${outside}`, 'PortMappingDeleted'),
      harness.event(`publicAddress:${publicAddressId}`, 'PublicAddressReleased'),
    ]);
    const [first, second, third] = positions.map((event) => event.position);
    expect(Math.max(first ?? 0, second ?? 0)).toBeLessThan(third ?? 0);
    expect(third).toBeLessThan(drained.position);
    const claims = await harness.rows(`select from network.claim_unique where owner = any($1)`, [
      [inside, outside, publicAddressId],
    ]);
    expect(claims).toEqual([]);
  });
});

describe('a public address that leads somewhere', () => {
  /** A deployment with one ready instance on a node. */
  async function deployed(namespaceId: Id<'namespace'>, deploymentId: Id<'deployment'>, nodeId: Id<'node'>) {
    const instanceId = newId('instance');
    const told = { deploymentId, instanceId, nodeId, namespaceId, releaseId: newId('release') };
    const stream = `deployment:${deploymentId}`;
    await harness.fact(harness.deploy, tenant, stream, 'InstancePlaced', {
      ...{
        ...told,
        labels: {},
        resources: { cpuMillis: 100, memoryMiB: 64 },
        decision: { nodes: 1, rejected: [], filtered: [], scores: [], weights: null },
      },
    });
    await harness.event(`endpoint:${instanceId}`, 'EndpointAllocated');
    const ready = { deploymentId, instanceId, nodeId };
    await harness.fact(harness.deploy, tenant, stream, 'InstanceReady', ready);
    return (await harness.event(`endpoint:${instanceId}`, 'EndpointAllocated')).data;
  }
  const following = (outside: boolean) => {
    const agent = createAgent(harness.nc, newId('node'), outside);
    let going = true;
    const work = (async () => {
      while (going) {
        await agent.sync().catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    return {
      ...agent,
      async stop() {
        going = false;
        await work;
      },
      mappings: () =>
        (agent.applied()?.rules.mappings ?? [])
          .filter(({ address }) => address === '192.0.2.7')
          .map(({ port, targets }) => [port, targets.length]),
    };
  };

  it('is answered for by one node, where its instances are; by another one when that is silent', async () => {
    const agents = [following(true), following(true), following(false)] as const;
    const [first, second, inside] = agents;
    try {
      const namespaceId = await harness.openNamespace(tenant);
      const deploymentId = newId('deployment');
      const at = await deployed(namespaceId, deploymentId, first.nodeId);
      // Nodes that have nothing are told of nothing.
      for (const agent of [second, inside]) await harness.place(tenant, namespaceId, agent.nodeId);
      resultOf(await add('PUBLIC', '192.0.2.0/28'));
      const { publicAddressId = '' } = resultOf(await allocate(tenant, namespaceId, 'web', { address: '192.0.2.7' }));
      const lead = (port: number) =>
        harness.call(
          'CreatePortMapping',
          {
            ...{ publicAddressId, namespaceId, protocol: 'TCP', port },
            target: { kind: 'DEPLOYMENT', deploymentId, port: 8443 },
          },
          { tenant },
        );
      const { portMappingId = '' } = resultOf(await lead(443));
      await expect.poll(first.mappings, patient).toEqual([[443, 1]]);
      const [found] = first.applied()?.rules.mappings.filter(({ address }) => address === '192.0.2.7') ?? [];
      expect(found?.targets).toEqual([{ address: at.ipv4, port: 8443, here: true }]);
      expect([second.mappings(), inside.mappings()]).toEqual([[], []]);

      // None of a tenant that is isolated.
      const suspended = { tenantId: tenant, reason: 'unpaid' };
      await harness.fact(harness.tenancy, tenant, `tenant:${tenant}`, 'TenantSuspended', suspended);
      await expect.poll(first.mappings, patient).toEqual([]);
      await harness.fact(harness.tenancy, tenant, `tenant:${tenant}`, 'TenantResumed', { tenantId: tenant });
      await expect.poll(first.mappings, patient).toEqual([[443, 1]]);

      await deployed(namespaceId, deploymentId, second.nodeId);
      await first.stop();
      await expect.poll(second.mappings, patient).toEqual([[443, 1]]);
      const announced = (await harness.eventsOf(`publicAddress:${publicAddressId}`)).flatMap((event) =>
        event.type === 'PublicAddressAnnounced' ? [(event.data as { nodeId: string }).nodeId] : [],
      );
      expect(announced.at(-1)).toBe(second.nodeId);
      await first.sync();
      expect(first.mappings()).toEqual([]);

      resultOf(await harness.call('DeletePortMapping', { portMappingId }, { tenant }));
      await expect.poll(second.mappings, patient).toEqual([]);
    } finally {
      for (const agent of agents) await agent.stop();
    }
  });
});
