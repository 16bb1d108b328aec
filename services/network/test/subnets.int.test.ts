import type { Id } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastOf, overlaps, parseRange } from '../src/domain/address.ts';
import { codeOf, type Harness, resultOf, startHarness } from './harness.ts';
import { opens } from './opens.ts';

let harness: Harness;
const tenant: Id<'tenant'> = newId('tenant');

beforeAll(async () => {
  harness = await startHarness({ services: 2 });
});
afterAll(() => harness.stop());

const allRanges = async () =>
  (await harness.rows<{ ipv4: string; ipv6: string }>('select ipv4, ipv6 from network.subnet order by position')).map(
    ({ ipv4, ipv6 }) => ({ ipv4: parseRange(ipv4), ipv6: parseRange(ipv6) }),
  );

describe('a namespace', () => {
  it('that tenancy created is opened and given its first subnet, caused by that fact', async () => {
    const namespaceId = newId('namespace');
    const created = await harness.requestNamespace(tenant, namespaceId);
    const opened = await harness.event(`namespace:${namespaceId}`, 'NamespaceOpened');
    expect(opened).toMatchObject({
      tenant,
      actor: 'service:network',
      cause: created.events[0]?.id,
      correlation: 'c-NamespaceCreated',
    });
    const [subnet] = await waitForSubnets(namespaceId, 1);
    const allocated = await harness.event(`subnet:${subnet}`, 'SubnetAllocated');
    expect(allocated).toMatchObject({ tenant, cause: opened.id, correlation: 'c-NamespaceCreated' });
    expect(parseRange(allocated.data.ipv4).prefix).toBe(24);
    expect(parseRange(allocated.data.ipv6).prefix).toBe(64);
  });

  it('that a caller has seen created takes things at once', async () => {
    const namespaceId = newId('namespace');
    const { position } = await harness.requestNamespace(tenant, namespaceId);
    const reply = await harness.call(
      'CreateSubnet',
      { namespaceId, ipv4: null },
      { tenant, seen: { tenancy: position } },
    );
    expect(codeOf(reply)).toBe('OK');
  });

  it('gets one first subnet, though two processes care for it', async () => {
    const namespaces = await Promise.all(Array.from({ length: 40 }, () => harness.openNamespace(tenant)));
    // Whoever came second in both processes has come by the time that a later one is served.
    await harness.openNamespace(tenant);
    const facts = (await harness.store.readAfter(0, 5000)).filter((event) => event.type === 'SubnetAllocated');
    const counts = namespaces.map(
      (id) => facts.filter((event) => (event.data as { namespaceId: string }).namespaceId === id).length,
    );
    expect(counts).toEqual(namespaces.map(() => 1));
  });

  it('gets its first subnet, though another tenant has hundreds of older ones that its quota refuses', async () => {
    const full: Id<'tenant'> = newId('tenant');
    await harness.rows(`insert into tenancy.claim_limit values ('quota-subnets', $1, 0)`, [full]);
    const refused = await Promise.all(
      Array.from({ length: 250 }, async () => {
        const namespaceId = newId('namespace');
        await harness.requestNamespace(full, namespaceId);
        return namespaceId;
      }),
    );
    await Promise.all(refused.map((id) => harness.event(`namespace:${id}`, 'NamespaceOpened')));
    const namespaceId = newId('namespace');
    await harness.requestNamespace(tenant, namespaceId);
    await waitForSubnets(namespaceId, 1);
    const got = await harness.rows('select from network.subnet where namespace_id = any($1)', [refused]);
    expect(got).toHaveLength(0);
  });
});

async function waitForSubnets(namespaceId: string, count: number): Promise<string[]> {
  let found: string[] = [];
  await expect
    .poll(
      async () => {
        const rows = await harness.rows<{ subnet_id: string }>(
          'select subnet_id from network.subnet where namespace_id = $1 order by position',
          [namespaceId],
        );
        found = rows.map((row) => row.subnet_id);
        return found.length;
      },
      { timeout: 15_000, interval: 20 },
    )
    .toBeGreaterThanOrEqual(count);
  return found;
}

describe('subnets', () => {
  it('never overlap: of 50 parallel requests for the same range exactly one wins', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        // The same range in two spellings of size, so that neither is a mere duplicate.
        harness.call('CreateSubnet', { namespaceId, ipv4: n % 2 ? '10.100.7.0/24' : '10.100.0.0/20' }, { tenant }),
      ),
    );
    expect(replies.map(codeOf).sort()).toEqual(['OK', ...Array(49).fill('CIDR_OVERLAP')].sort());
  });

  it('that are chosen in parallel by two processes are all different, and none is refused', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    const replies = await Promise.all(
      Array.from({ length: 50 }, () => harness.call('CreateSubnet', { namespaceId, ipv4: null }, { tenant })),
    );
    expect(new Set(replies.map(codeOf))).toEqual(new Set(['OK']));
    await waitForSubnets(namespaceId, 51);
    const ranges = await allRanges();
    for (const family of ['ipv4', 'ipv6'] as const) {
      const sorted = ranges.map((pair) => pair[family]).sort((a, b) => (a.first < b.first ? -1 : 1));
      for (const [n, range] of sorted.entries()) {
        const next = sorted[n + 1];
        if (next) expect(lastOf(range) < next.first && !overlaps(range, next)).toBe(true);
      }
    }
  });

  it.each([
    ['10.64.9.5/24', 'CIDR_MALFORMED', '10.64.9.0/24'],
    ['banana', 'CIDR_MALFORMED', 'no prefix length'],
    ['fd61::/64', 'CIDR_MALFORMED', 'is no IPv4 range'],
    ['10.64.0.0/12', 'CIDR_NOT_ALLOWED', '/16'],
    ['10.64.9.0/30', 'CIDR_NOT_ALLOWED', '/29'],
    ['172.16.0.0/24', 'CIDR_NOT_ALLOWED', '10.64.0.0/10'],
  ])('%s is refused with %s and changes nothing', async (ipv4, code, text) => {
    const namespaceId = await harness.openNamespace(tenant);
    const before = await harness.store.lastPosition();
    const reply = await harness.call('CreateSubnet', { namespaceId, ipv4 }, { tenant });
    expect(reply).toMatchObject({ ok: false, error: { code, field: 'ipv4' } });
    expect(reply.ok ? '' : reply.error.message).toContain(text);
    expect(await harness.store.lastPosition()).toBe(before);
  });

  it('are answered again under their key, also when the range would overlap itself; another body is refused', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    const asked = { tenant, key: 'subnet-once' };
    const data = { namespaceId, ipv4: '10.101.0.0/24' };
    const first = await harness.call('CreateSubnet', data, asked);
    expect(codeOf(first)).toBe('OK');
    expect(await harness.call('CreateSubnet', data, asked)).toEqual(first);
    expect(codeOf(await harness.call('CreateSubnet', { ...data, ipv4: '10.102.0.0/24' }, asked))).toBe(
      'IDEMPOTENCY_KEY_REUSED',
    );
    await harness.deleteNamespace(tenant, namespaceId);
    await harness.event(`namespace:${namespaceId}`, 'NamespaceClosed');
    expect(await harness.call('CreateSubnet', data, asked)).toEqual(first);
    expect(codeOf(await harness.call('CreateSubnet', data, { tenant }))).toBe('BEING_DELETED');
  });

  it('are answered again under their key, also when the quota has no room for another one', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    await harness.rows(`insert into tenancy.claim_limit values ('quota-subnets', $1, 2)`, [namespaceId]);
    const asked = { tenant, key: 'last-subnet' };
    const data = { namespaceId, ipv4: null };
    const first = await harness.call('CreateSubnet', data, asked);
    expect(codeOf(first)).toBe('OK');
    expect(codeOf(await harness.call('CreateSubnet', data, { tenant }))).toBe('QUOTA_EXCEEDED');
    expect(await harness.call('CreateSubnet', data, asked)).toEqual(first);
  });

  it('of a missing and of a foreign namespace are the same answer', async () => {
    const namespaceId = await harness.openNamespace(newId('tenant'));
    const before = await harness.store.lastPosition();
    const create = (namespaceId: string) => harness.call('CreateSubnet', { namespaceId, ipv4: null }, { tenant });
    const foreign = await create(namespaceId);
    expect(foreign).toMatchObject({ ok: false, error: { code: 'NOT_FOUND', field: 'namespaceId' } });
    expect(foreign).toEqual(await create(newId('namespace')));
    expect(await harness.store.lastPosition()).toBe(before);
  });
});

describe('a namespace that closes while things are created in it', () => {
  it('has nothing that was created after it closed', async () => {
    for (let round = 0; round < 5; round++) {
      const namespaceId = await harness.openNamespace(tenant);
      const creating = Promise.all(
        Array.from({ length: 30 }, (_, n) =>
          n % 2
            ? harness.call('CreateSubnet', { namespaceId, ipv4: null }, { tenant })
            : harness.call(
                'CreateIsolationPolicy',
                {
                  namespaceId,
                  name: `p${n}`,
                  ...opens(namespaceId, {
                    from: { namespaceId, labels: {} },
                    to: { labels: {} },
                    ports: [{ protocol: 'TCP', from: 80, to: 80 }],
                  }),
                },
                { tenant },
              ),
        ),
      );
      await harness.deleteNamespace(tenant, namespaceId);
      const replies = await creating;
      const closed = await harness.event(`namespace:${namespaceId}`, 'NamespaceClosed');
      const created = (await harness.store.readAfter(0, 5000)).filter(
        (event) =>
          (event.type === 'SubnetAllocated' || event.type === 'IsolationPolicyCreated') &&
          (event.data as { namespaceId: string }).namespaceId === namespaceId,
      );
      expect(created.every((event) => event.position < closed.position)).toBe(true);
      // The first subnet is the service's own.
      expect(created.length - 1).toBe(replies.filter((reply) => reply.ok).length);
      expect(new Set(replies.map(codeOf)).isSubsetOf(new Set(['OK', 'BEING_DELETED']))).toBe(true);
      await harness.deployDrained(tenant, namespaceId);
      await harness.event(`namespace:${namespaceId}`, 'NamespaceDrained');
    }
  });
});

describe('a pool without free ranges', () => {
  it('says so, keeps the namespace waiting, and goes on by itself when one comes free', async () => {
    const small = await startHarness({ ipv4: '10.70.0.0/23', silentAfterMs: 500 });
    try {
      const first = await small.openNamespace(tenant);
      const second = await small.openNamespace(tenant);
      const reply = await small.call('CreateSubnet', { namespaceId: first, ipv4: null }, { tenant });
      expect(reply).toMatchObject({ ok: false, error: { code: 'ADDRESSES_EXHAUSTED' } });

      const third = newId('namespace');
      await small.requestNamespace(tenant, third);
      await small.event(`namespace:${third}`, 'NamespaceOpened');
      const instance = await small.place(tenant, third, newId('node'));
      const refused = await small.event(`endpoint:${instance}`, 'EndpointRefused');
      expect(refused.data.message).toContain('10.70.0.0/23 has no free /24 left');

      await small.deleteNamespace(tenant, second);
      await small.deployDrained(tenant, second);
      await small.event(`namespace:${second}`, 'NamespaceDrained');
      const allocated = await small.event(`endpoint:${instance}`, 'EndpointAllocated');
      expect(resultOf({ ok: true, result: allocated.data, position: 0, version: 0 }).ipv4).toMatch(/^10\.70\.[01]\.2$/);
    } finally {
      await small.stop();
    }
  });
});
