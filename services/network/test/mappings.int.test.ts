/** Where ports of public addresses lead: to services, and to instances on every node, on real PostgreSQL over two processes. */
import { type Id, PLATFORM } from '@atoll/schema/ids';
import type { DesiredNetwork } from '@atoll/schema/node/network';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Agent, createAgent } from './agent.ts';
import { expectFresh } from './fresh.ts';
import { codeOf, deadline, type Harness, resultOf, startHarness } from './harness.ts';

let harness: Harness;
const tenant: Id<'tenant'> = newId('tenant');
const neighbour: Id<'tenant'> = newId('tenant');
const operator = { tenant: PLATFORM as Id<'tenant'> };

beforeAll(async () => {
  harness = await startHarness({ services: 2, rest: { instanceMs: 0, publicMs: 0 } });
  resultOf(await harness.call('AddAddressRange', { purpose: 'PUBLIC', cidr: '203.0.113.0/24' }, operator));
  resultOf(await harness.call('AddAddressRange', { purpose: 'PUBLIC', cidr: '2001:db8:9::/64' }, operator));
  door = await connected(true);
});
afterAll(() => harness.stop());

let hosts = 0;
/** The only node with an interface to the outside. */
let door: Agent;
async function connected(outside: boolean): Promise<Agent> {
  const agent = createAgent(harness.nc, newId('node'), outside);
  hosts += 1;
  const mac = `02:00:00:00:02:${hosts.toString(16).padStart(2, '0')}`;
  expect(await agent.connect({ address: `192.0.2.${hosts}`, port: 9789, mac, mtu: 1500 })).toBeNull();
  return agent;
}

async function allocate(of: Id<'tenant'>, namespaceId: string, family = 'IPV4'): Promise<string> {
  const asked = { namespaceId, name: `web-${hosts++}`, family };
  return resultOf(await harness.call('AllocatePublicAddress', asked, { tenant: of })).publicAddressId ?? '';
}

async function serve(of: Id<'tenant'>, namespaceId: Id<'namespace'>, affinitySeconds: number | null = null) {
  const ports = [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 }];
  const spec = { selector: { app: 'web' }, ports, affinitySeconds };
  const reply = await harness.call('CreateService', { namespaceId, name: `s-${hosts++}`, spec }, { tenant: of });
  return resultOf(reply).serviceId as Id<'service'>;
}

const lead = (
  of: Id<'tenant'>,
  publicAddressId: string,
  namespaceId: string,
  serviceId: string,
  more: { port?: number; protocol?: string; to?: number } = {},
) =>
  harness.call(
    'CreatePortMapping',
    {
      ...{ publicAddressId, namespaceId, protocol: more.protocol ?? 'TCP', port: more.port ?? 443 },
      target: { kind: 'SERVICE', serviceId, port: more.to ?? 80 },
    },
    { tenant: of },
  );

/** An instance that the service selects, with its addresses. */
async function placed(namespaceId: Id<'namespace'>, nodeId: Id<'node'>) {
  const instanceId = await harness.place(tenant, namespaceId, nodeId, { app: 'web' });
  return (await harness.event(`endpoint:${instanceId}`, 'EndpointAllocated')).data;
}
const tell = (type: string, { instanceId, nodeId }: Awaited<ReturnType<typeof placed>>, more: object = {}) => {
  const deploymentId = newId('deployment');
  const data = { deploymentId, instanceId, nodeId, ...more };
  return harness.fact(harness.deploy, tenant, `deployment:${deploymentId}`, type, data);
};

const applied = (agent: Agent, holds: (document: DesiredNetwork) => boolean): Promise<DesiredNetwork> =>
  vi.waitFor(async () => {
    const document = await agent.sync();
    if (document === null || !holds(document)) throw new Error(`Not yet: ${JSON.stringify(document?.rules.mappings)}`);
    return document;
  }, deadline);
const targetsOf = (document: DesiredNetwork) => document.rules.mappings.flatMap(({ targets }) => targets);

describe('a port that leads to a service', () => {
  it('leads to its ready instances on every node, and these nodes know by whom', async () => {
    const house = await connected(false);
    const namespaceId = await harness.openNamespace(tenant);
    const near = await placed(namespaceId, door.nodeId);
    const far = await placed(namespaceId, house.nodeId);
    const serviceId = await serve(tenant, namespaceId, 60);
    const pair = [await allocate(tenant, namespaceId), await allocate(tenant, namespaceId, 'IPV6')];
    const made = [];
    for (const id of pair) made.push(resultOf(await lead(tenant, id, namespaceId, serviceId)).portMappingId);

    // Before anybody is ready.
    const known = await applied(house, ({ rules: { entrances } }) =>
      entrances.some(({ ipv4, ipv6 }) => ipv4.length + ipv6.length === 2),
    );
    expect(known.rules.entrances).toEqual([{ nodeId: door.nodeId, ipv4: [far.ipv4], ipv6: [far.ipv6] }]);
    expect(known.rules.remotes.map(({ nodeId }) => nodeId)).toContain(door.nodeId);

    await tell('InstanceReady', near);
    await tell('InstanceReady', far);
    const both = await applied(door, (document) => targetsOf(document).length === 4);
    const expected = (family: 'ipv4' | 'ipv6') =>
      [
        { address: near[family], port: 8080, here: true },
        { address: far[family], port: 8080, here: false },
      ].sort((a, b) => (a.address < b.address ? -1 : 1));
    const sorted = both.rules.mappings.map(({ address, affinitySeconds, targets }) => ({
      family: address.includes(':') ? 'ipv6' : 'ipv4',
      affinitySeconds,
      targets: [...targets].sort((a, b) => (a.address < b.address ? -1 : 1)),
    }));
    for (const family of ['ipv4', 'ipv6'] as const) {
      expect(sorted).toContainEqual({ family, affinitySeconds: 60, targets: expected(family) });
    }
    expect(both.rules.remotes).toMatchObject([{ nodeId: house.nodeId, ipv4: [far.ipv4], ipv6: [far.ipv6] }]);

    // One that is to stop stays until no node sends it connections, the one outside included; and its streams go on.
    await tell('InstanceStopRequested', far, { reason: 'REPLACED' });
    await harness.event(`endpoint:${far.instanceId}`, 'EndpointWithdrawn');
    await applied(house, ({ rules }) => rules.services[0]?.draining.length === 1);
    expect((await harness.eventsOf(`endpoint:${far.instanceId}`)).map(({ type }) => type)).not.toContain(
      'EndpointDrained',
    );
    const without = await applied(door, (document) => targetsOf(document).length === 2);
    expect(without.rules.remotes).toMatchObject([{ nodeId: house.nodeId, ipv4: [far.ipv4] }]);
    await harness.event(`endpoint:${far.instanceId}`, 'EndpointDrained');

    await expectFresh(harness.pool);
    for (const portMappingId of made) {
      resultOf(await harness.call('DeletePortMapping', { portMappingId }, { tenant }));
    }
    await applied(door, ({ rules }) => rules.mappings.length === 0);
    await applied(house, ({ rules }) => rules.entrances.length === 0);
    await expectFresh(harness.pool);
  });

  it('leads to none on a node that isn’t connected, and to those of the tenant alone', async () => {
    const lonely = createAgent(harness.nc, newId('node'));
    const namespaceId = await harness.openNamespace(tenant);
    const near = await placed(namespaceId, door.nodeId);
    const far = await placed(namespaceId, lonely.nodeId);
    const serviceId = await serve(tenant, namespaceId);
    resultOf(await lead(tenant, await allocate(tenant, namespaceId), namespaceId, serviceId));
    await tell('InstanceReady', far);
    await tell('InstanceReady', near);
    const document = await applied(door, (one) => targetsOf(one).length > 0);
    expect(targetsOf(document)).toEqual([{ address: near.ipv4, port: 8080, here: true }]);
    expect((await lonely.sync())?.rules.entrances).toEqual([]);
    // Once it is, it takes part.
    await lonely.connect({ address: '192.0.2.200', port: 9789, mac: '02:00:00:00:02:ff', mtu: 1500 });
    await applied(door, (one) => targetsOf(one).length === 2);
    await applied(lonely, ({ rules }) => rules.entrances[0]?.nodeId === door.nodeId);
    await expectFresh(harness.pool);
  });

  it('is refused where there is no such service of the tenant, or it has no such port', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    const theirs = await harness.openNamespace(neighbour);
    const serviceId = await serve(tenant, namespaceId);
    const [mine, foreign] = [await allocate(tenant, namespaceId), await allocate(neighbour, theirs)];
    expect(await lead(neighbour, foreign, theirs, serviceId)).toEqual(
      await lead(neighbour, foreign, theirs, newId('service')),
    );
    const before = await harness.store.lastPosition();
    const wrong = await lead(tenant, mine, namespaceId, serviceId, { to: 81 });
    expect(wrong).toMatchObject({ ok: false, error: { code: 'INVALID_ARGUMENT', field: 'target.port' } });
    expect(wrong.ok ? '' : wrong.error.message).toContain('TCP 80');
    expect(codeOf(await lead(tenant, mine, namespaceId, serviceId, { protocol: 'UDP' }))).toBe('INVALID_ARGUMENT');
    expect(await harness.store.lastPosition()).toBe(before);
  });

  it('that goes while ports are led to it gets none after', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    const publicAddressId = await allocate(tenant, namespaceId);
    for (let round = 0; round < 3; round++) {
      const serviceId = await serve(tenant, namespaceId);
      const [removed, ...made] = await Promise.all([
        harness.call('DeleteService', { serviceId }, { tenant }),
        ...Array.from({ length: 8 }, (_, n) =>
          lead(tenant, publicAddressId, namespaceId, serviceId, { port: 1000 + round * 10 + n }),
        ),
      ]);
      if (removed === undefined) throw new Error('It was asked.');
      resultOf(removed);
      const { position } = await harness.event(`service:${serviceId}`, 'ServiceDeleted');
      for (const reply of made) {
        if (!reply.ok) expect(reply.error.code).toBe('NOT_FOUND');
        else
          expect(
            (await harness.event(`portMapping:${resultOf(reply).portMappingId}`, 'PortMappingCreated')).position,
          ).toBeLessThan(position);
      }
    }
  });
});
