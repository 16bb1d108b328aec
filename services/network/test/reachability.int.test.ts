/** Questions about isolation, asked of the service: what is told, and what never is. */
import { type Id, PLATFORM } from '@atoll/schema/ids';
import type { TenantConnectionLog } from '@atoll/schema/network/connection-log';
import type { PolicyFlows } from '@atoll/schema/network/flows';
import type { ExplainedReachability, ReachabilityMap } from '@atoll/schema/network/reachability';
import type { ConnectionLogRequest } from '@atoll/schema/node/connection-log';
import { nodeSubjects } from '@atoll/schema/subjects';
import { newId } from '@atoll/service/ids';
import { serveJson } from '@atoll/service/nats';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Agent, createAgent } from './agent.ts';
import { codeOf, deadline, type Harness, resultOf, startHarness } from './harness.ts';

let harness: Harness;
let mine: Id<'tenant'>;
let theirs: Id<'tenant'>;
let shop: Id<'namespace'>;
let near: Id<'node'>;
let far: Id<'node'>;
let agents: readonly Agent[];
/** Of mine: two on one node and one on the other. Of theirs: one. */
let web: Id<'instance'>;
let api: Id<'instance'>;
let db: Id<'instance'>;
let foreign: Id<'instance'>;
let policyId: string;

const labelled = (app: string) => [{ kind: 'INSTANCES', namespaceId: shop, labels: { app } }];
/** From the web to the database. */
const opens = (from: number, to: number, more: object = {}) => ({
  definition: {
    ...{ action: 'ALLOW', priority: 500, from: labelled('web'), to: labelled('db'), log: false },
    traffic: [{ protocol: 'TCP', from, to }],
    ...more,
  },
  schedule: null,
});
const tcp = (port: number) => ({ protocol: 'TCP', port });
const to = (instanceId: string) => ({ kind: 'INSTANCE', instanceId });
const ask = (from: string, target: object, traffic: object = tcp(80), tenant = mine) =>
  harness.call('ExplainReachability', { from, to: target, traffic }, { tenant });
async function told(from: string, target: object, traffic: object = tcp(80), tenant = mine) {
  const reply = await ask(from, target, traffic, tenant);
  if (!reply.ok) throw new Error(`${reply.error.code}: ${reply.error.message}`);
  return reply.result as ExplainedReachability;
}
const allocated = (instanceId: string) => harness.event(`endpoint:${instanceId}`, 'EndpointAllocated');

beforeAll(async () => {
  harness = await startHarness();
  [mine, theirs, near, far] = [newId('tenant'), newId('tenant'), newId('node'), newId('node')];
  const [own, other] = await Promise.all([harness.openNamespace(mine), harness.openNamespace(theirs)]);
  shop = own;
  [web, api, db, foreign] = await Promise.all([
    harness.place(mine, shop, near, { app: 'web' }),
    harness.place(mine, shop, near, { app: 'api' }),
    harness.place(mine, shop, far, { app: 'db' }),
    harness.place(theirs, other, near, { app: 'db' }),
  ]);
  await Promise.all([web, api, db, foreign].map(allocated));
  policyId = resultOf(
    await harness.call(
      'CreateIsolationPolicy',
      { namespaceId: shop, name: 'web-to-db', ...opens(80, 81) },
      { tenant: mine },
    ),
  ).policyId as string;
  agents = [createAgent(harness.nc, near), createAgent(harness.nc, far)];
});
afterAll(() => harness.stop());

describe('whether one instance reaches another', () => {
  it('is told of each family and each end, with the rule that says so and the way', async () => {
    const { kind, from, flows, nodes } = await told(web, to(db));
    expect({ kind, from: from.nodeId }).toEqual({ kind: 'INSTANCE', from: near });
    expect(flows.map(({ family, allowed, port }) => ({ family, allowed, port }))).toEqual([
      { family: 'IPV4', allowed: true, port: 80 },
      { family: 'IPV6', allowed: true, port: 80 },
    ]);
    for (const { egress, ingress, to: end } of flows) {
      expect(end).toMatchObject({ instanceId: db, nodeId: far });
      for (const verdict of [egress, ingress]) {
        expect(verdict).toMatchObject({
          allowed: true,
          rule: { tier: 'TENANT', policyId, revision: 1, action: 'ALLOW', ports: { from: 80, to: 81 } },
        });
      }
    }
    expect(nodes.map((node) => node.nodeId)).toEqual([near, far].sort());
  });

  it('is denied by default, and says at which end', async () => {
    const other = await told(web, to(db), tcp(82));
    expect(other.flows.map((flow) => flow.allowed)).toEqual([false, false]);
    expect(other.flows[0]).toMatchObject({ egress: { allowed: false, rule: null }, ingress: { rule: null } });
    for (const [from, target] of [
      [db, web],
      [api, db],
      [web, api],
    ] as const) {
      expect((await told(from, to(target))).flows.some((flow) => flow.allowed)).toBe(false);
    }
    expect((await told(web, to(db), { protocol: 'ICMP', icmp: 'ECHO_REQUEST' })).flows[0]?.allowed).toBe(false);
    expect((await told(web, to(db), { protocol: 'UDP', port: 80 })).flows[0]?.allowed).toBe(false);
  });

  it('is told by address as by id, in any spelling, and outside of the platform by the source alone', async () => {
    const { data } = await allocated(db);
    const byFour = await told(web, { kind: 'ADDRESS', address: data.ipv4 });
    expect(byFour).toMatchObject({ kind: 'INSTANCE', flows: [{ family: 'IPV4', allowed: true }] });
    const spelled = data.ipv6.replace('::', ':0:0::').toUpperCase();
    const bySix = await told(web, { kind: 'ADDRESS', address: spelled });
    expect(bySix).toMatchObject({
      kind: 'INSTANCE',
      flows: [{ family: 'IPV6', allowed: true, to: { instanceId: db } }],
    });
    expect(await told(web, { kind: 'ADDRESS', address: '203.0.113.7' })).toMatchObject({
      kind: 'OUTSIDE',
      flows: [{ allowed: false, egress: { rule: null }, ingress: null, to: null }],
    });
    for (const address of ['169.254.169.254', '127.0.0.1', 'fe80::1', '::ffff:10.64.0.2', '224.0.0.1', '0.0.0.0']) {
      expect(await ask(web, { kind: 'ADDRESS', address })).toMatchObject({
        ok: false,
        error: { code: 'INVALID_ARGUMENT', field: 'to.address' },
      });
    }
  });

  it('to itself asks no rule', async () => {
    expect(await told(api, to(api), tcp(9))).toMatchObject({
      kind: 'ITSELF',
      flows: [{ allowed: true }, { allowed: true }],
    });
  });

  it('says whether what is wanted is in force already, and since when not', async () => {
    const before = await told(web, to(db));
    expect(before.nodes).toMatchObject([
      { standing: 'BEHIND', appliedGeneration: null },
      { standing: 'BEHIND', appliedGeneration: null },
    ]);
    for (const { since } of before.nodes) expect(Date.now() - Date.parse(since ?? '')).toBeLessThan(600_000);
    for (const agent of agents) await agent.sync();
    const after = await told(web, to(db));
    for (const node of after.nodes) {
      expect(node).toMatchObject({ standing: 'CURRENT', since: null, appliedGeneration: node.generation });
    }
  });
});

describe('across tenants', () => {
  it('an instance of another tenant is answered as a missing one, to the letter', async () => {
    const nobody = newId('instance');
    const text = async (from: string, target: object) =>
      JSON.stringify(await ask(from, target))
        .replaceAll(foreign, '…')
        .replaceAll(nobody, '…');
    expect(await text(foreign, to(web))).toBe(await text(nobody, to(web)));
    expect(await text(web, to(foreign))).toBe(await text(web, to(nobody)));
    expect(codeOf(await ask(web, to(foreign)))).toBe('NOT_FOUND');
  });

  it('an address of theirs is answered as one that nobody has', async () => {
    const { data } = await allocated(foreign);
    for (const [address, free] of [
      [data.ipv4, '10.127.255.9'],
      [data.ipv6, 'fd61:746f:6c6c:ffff::9'],
    ] as const) {
      const text = async (one: string) =>
        JSON.stringify(await told(web, { kind: 'ADDRESS', address: one })).replaceAll(one, '…');
      expect(await text(address)).toBe(await text(free));
      expect(await told(web, { kind: 'ADDRESS', address })).toMatchObject({ kind: 'UNKNOWN', flows: [] });
    }
  });

  it('names neither nodes nor rules of others', async () => {
    const text = JSON.stringify(await told(web, to(db)));
    expect(text).not.toContain(foreign);
    expect(text).not.toContain(theirs);
  });
});

it('answers as of everything that is committed, at once after a change', async () => {
  for (const last of [90, 91, 92]) {
    resultOf(await harness.call('UpdateIsolationPolicy', { policyId, ...opens(80, last) }, { tenant: mine }));
    const { flows } = await told(web, to(db), tcp(last));
    expect(flows.map((flow) => flow.allowed)).toEqual([true, true]);
  }
  await vi.waitFor(async () => expect((await told(web, to(db))).nodes[0]?.standing).toBe('BEHIND'), deadline);
});

describe('which rule decides', () => {
  const policy = async (name: string, more: object) => {
    const spec = { ...opens(80, 80, more) };
    const reply = await harness.call('CreateIsolationPolicy', { namespaceId: shop, name, ...spec }, { tenant: mine });
    return resultOf(reply).policyId as string;
  };
  const remove = (id: string) => harness.call('DeleteIsolationPolicy', { policyId: id }, { tenant: mine });

  it('is the denial of a lower priority, before what allows it', async () => {
    const denial = await policy('deny', { action: 'DENY', priority: 10 });
    const { flows } = await told(web, to(db));
    for (const { allowed, egress, ingress } of flows) {
      expect(allowed).toBe(false);
      expect(egress).toMatchObject({ allowed: false, rule: { policyId: denial, action: 'DENY', place: 1 } });
      expect(ingress).toMatchObject({ allowed: false, rule: { policyId: denial } });
    }
    await remove(denial);
    expect((await told(web, to(db))).flows[0]?.allowed).toBe(true);
  });

  it('is one for ICMP where one says so, and one for a network outside', async () => {
    const ping = { protocol: 'ICMP', icmp: 'ECHO_REQUEST' };
    const icmp = await policy('ping', { traffic: [{ protocol: 'ICMP', type: 'ECHO_REQUEST' }] });
    expect((await told(web, to(db), ping)).flows).toMatchObject([
      { allowed: true, port: null, egress: { rule: { policyId: icmp, protocol: 'ICMP', icmp: 'ECHO_REQUEST' } } },
      { allowed: true },
    ]);
    const outside = await policy('out', {
      to: [{ kind: 'CIDR', cidr: '203.0.113.0/24', except: ['203.0.113.128/25'] }],
    });
    const at = (address: string) => told(web, { kind: 'ADDRESS', address });
    expect(await at('203.0.113.7')).toMatchObject({
      ...{ kind: 'OUTSIDE', allowed: true },
      flows: [{ allowed: true, egress: { rule: { policyId: outside } }, ingress: null }],
    });
    expect((await at('203.0.113.200')).allowed).toBe(false);
    // The node's own address: no rule lets its pods speak to it.
    await harness.rows(`insert into network.node values ($1, '203.0.113.9', 4789, '02:00:00:00:00:01', 1450)`, [near]);
    expect(await at('203.0.113.9')).toMatchObject({ kind: 'UNKNOWN', allowed: false, flows: [] });
    await harness.rows('delete from network.node where node_id = $1', [near]);
    expect((await at('2001:db8::1')).allowed).toBe(false);
  });

  it('is the isolation level of the namespace, where no policy says anything', async () => {
    const level = (one: string) =>
      harness.call('SetNamespaceIsolation', { namespaceId: shop, level: one }, { tenant: mine }).then(resultOf);
    await level('NAMESPACE');
    expect((await told(api, to(db), tcp(9))).flows[0]).toMatchObject({
      allowed: true,
      egress: { rule: { tier: 'ISOLATION_LEVEL', policyId: shop, revision: null } },
    });
    await level('RULE');
    expect((await told(api, to(db), tcp(9))).allowed).toBe(false);
  });
});

it('of a service is told of each of its targets, by its id and by its address', async () => {
  const spec = {
    ...{ selector: { app: 'db' }, affinitySeconds: null },
    ports: [{ name: 'sql', protocol: 'TCP', port: 5432, targetPort: 80 }],
  };
  const created = await harness.call('CreateService', { namespaceId: shop, name: 'db', spec }, { tenant: mine });
  const serviceId = resultOf(created).serviceId as Id<'service'>;
  const { data } = await harness.event(`service:${serviceId}`, 'ServiceCreated');
  const toService = { kind: 'SERVICE', serviceId };
  expect(await told(web, toService, tcp(5432))).toMatchObject({ kind: 'SERVICE', allowed: false, flows: [] });
  await harness.fact(harness.deploy, mine, `deployment:${newId('deployment')}`, 'InstanceReady', {
    ...{ deploymentId: newId('deployment'), instanceId: db, nodeId: far },
  });
  await vi.waitFor(async () => {
    const { kind, allowed, flows } = await told(web, toService, tcp(5432));
    expect({ kind, allowed }).toEqual({ kind: 'SERVICE', allowed: true });
    expect(flows).toMatchObject([
      { family: 'IPV4', port: 80, to: { instanceId: db } },
      { family: 'IPV6', port: 80, to: { instanceId: db } },
    ]);
  }, deadline);
  expect(await told(web, { kind: 'ADDRESS', address: data.ipv4 }, tcp(5432))).toMatchObject({
    ...{ kind: 'SERVICE', allowed: true },
    flows: [{ family: 'IPV4', port: 80 }],
  });
  expect(await told(api, toService, tcp(5432))).toMatchObject({ kind: 'SERVICE', allowed: false });
  expect(await told(web, toService, tcp(5433))).toMatchObject({ kind: 'SERVICE', allowed: false, flows: [] });
  const nobody = newId('service');
  const text = async (id: string, tenant: Id<'tenant'>, from: string) =>
    JSON.stringify(await ask(from, { kind: 'SERVICE', serviceId: id }, tcp(1), tenant)).replaceAll(id, '…');
  expect(await text(serviceId, theirs, foreign)).toBe(await text(nobody, theirs, foreign));
  const free = JSON.stringify(await ask(foreign, { kind: 'ADDRESS', address: '10.127.255.9' }, tcp(1), theirs));
  const taken = JSON.stringify(await ask(foreign, { kind: 'ADDRESS', address: data.ipv4 }, tcp(1), theirs));
  expect(taken).toBe(free);
});

it('of a public address of the tenant is told of the instances behind its port; of another tenant’s as of any outside', async () => {
  const address = '192.0.2.20';
  const range = { purpose: 'PUBLIC', cidr: '192.0.2.16/28' };
  resultOf(await harness.call('AddAddressRange', range, { tenant: PLATFORM as Id<'tenant'> }));
  const of = { namespaceId: shop, name: 'front', address };
  const { publicAddressId = '' } = resultOf(await harness.call('AllocatePublicAddress', of, { tenant: mine }));
  const spec = {
    ...{ selector: { app: 'db' }, affinitySeconds: null },
    ports: [{ name: 'sql', protocol: 'TCP', port: 5432, targetPort: 80 }],
  };
  const service = await harness.call('CreateService', { namespaceId: shop, name: 'fronted', spec }, { tenant: mine });
  const target = { kind: 'SERVICE', serviceId: resultOf(service).serviceId, port: 5432 };
  const mapping = { publicAddressId, namespaceId: shop, protocol: 'TCP', port: 443, target };
  resultOf(await harness.call('CreatePortMapping', mapping, { tenant: mine }));
  const toPublic = { kind: 'ADDRESS', address };
  // Nobody answers for it yet.
  expect(await told(web, toPublic, tcp(443))).toMatchObject({
    ...{ kind: 'PUBLIC_ADDRESS', publicAddressId, allowed: false, flows: [] },
  });
  await harness.rows(`insert into network.node values ($1, '198.51.100.9', 4789, '02:00:00:00:00:01', 1450)`, [near]);
  const answering = createAgent(harness.nc, far, true);
  const out = await harness.call(
    'CreateIsolationPolicy',
    {
      ...{ namespaceId: shop, name: 'out-to-it' },
      ...opens(443, 443, { to: [{ kind: 'CIDR', cidr: '192.0.2.16/28', except: [] }] }),
    },
    { tenant: mine },
  );
  await vi.waitFor(async () => {
    await answering.sync();
    const { allowed, flows } = await told(web, toPublic, tcp(443));
    expect(allowed).toBe(false);
    // It may leave, and what comes in is the node that it is on, which no policy lets in.
    expect(flows).toMatchObject([
      {
        ...{ family: 'IPV4', port: 80, to: { instanceId: db, nodeId: far }, allowed: false },
        egress: { allowed: true, rule: { policyId: resultOf(out).policyId } },
        ingress: { allowed: false, rule: null },
      },
    ]);
  }, deadline);
  expect(await told(web, toPublic, tcp(444))).toMatchObject({ kind: 'PUBLIC_ADDRESS', allowed: false, flows: [] });
  const strange = await told(foreign, toPublic, tcp(443), theirs);
  const outside = await told(foreign, { kind: 'ADDRESS', address: '192.0.2.99' }, tcp(443), theirs);
  expect(JSON.stringify(strange).replaceAll(address, '…')).toBe(JSON.stringify(outside).replaceAll('192.0.2.99', '…'));
  await harness.rows('delete from network.node where node_id = $1', [near]);
  resultOf(await harness.call('DeleteIsolationPolicy', { policyId: resultOf(out).policyId }, { tenant: mine }));
});

describe('the matrix of a namespace', () => {
  const map = async (tenant = mine, namespaceId: string = shop) =>
    harness.call('MapReachability', { namespaceId, traffic: tcp(80) }, { tenant });

  it('has a group for each kind of instance, and a cell for each pair with what decides', async () => {
    const reply = await map();
    if (!reply.ok) throw new Error(reply.error.message);
    const { groups, cells, omitted } = reply.result as ReachabilityMap;
    const placeOf = (instanceId: string) =>
      groups.findIndex((group) => group.instanceIds.includes(instanceId as typeof web));
    expect(groups.map(({ count, labels }) => ({ count, labels }))).toHaveLength(3);
    expect(groups[placeOf(web)]).toMatchObject({ count: 1, labels: { app: 'web' } });
    expect(omitted).toBe(0);
    const cell = (from: number | null, target: number | null) =>
      cells.find((one) => one.from === from && one.to === target && one.family !== 'IPV6');
    expect(cell(placeOf(web), placeOf(db))).toMatchObject({ state: 'ALLOWED', egress: { rule: { policyId } } });
    expect(cell(placeOf(db), placeOf(web))).toMatchObject({ state: 'DENIED', egress: { rule: null } });
    // By the policy that opens a part of 203.0.113.0/24.
    expect(cell(placeOf(web), null)).toMatchObject({ state: 'PARTLY', outside: [{ action: 'ALLOW' }] });
    expect(cell(null, placeOf(web))).toMatchObject({ state: 'DENIED', outside: [] });
  });

  it('is told of further namespaces of the tenant, whose instances are groups of their own, page by page', async () => {
    const more = await harness.openNamespace(mine);
    const cache = await harness.place(mine, more, near, { app: 'cache' });
    await allocated(cache);
    const ask = async (others: readonly string[], page: object = {}) =>
      harness.call('MapReachability', { namespaceId: shop, others, traffic: tcp(80), ...page }, { tenant: mine });
    const reply = await ask([more]);
    if (!reply.ok) throw new Error(reply.error.message);
    const { groups, groupCount, cells } = reply.result as ReachabilityMap;
    const own = groups.find((group) => group.instanceIds.includes(cache));
    expect(own).toMatchObject({ namespaceId: more, count: 1, labels: { app: 'cache' } });
    expect(groupCount).toBe(4);
    expect(cells.filter((cell) => cell.to === own?.index && cell.from !== null)).toHaveLength(3);
    // Beyond the last group there is nothing.
    expect(await ask([more], { fromGroup: 4, toGroup: 4 })).toMatchObject({
      result: { groups: [], cells: [], groupCount: 4, omitted: 4 },
    });
    for (const id of [newId('namespace'), (await allocated(foreign)).data.namespaceId]) {
      expect(await ask([id])).toMatchObject({ ok: false, error: { code: 'NOT_FOUND', field: 'others' } });
    }
  });

  it('of another tenant is answered as one that is missing', async () => {
    const nobody = newId('namespace');
    const text = async (id: string) => JSON.stringify(await map(theirs, id)).replaceAll(id, '…');
    expect(await text(shop)).toBe(await text(nobody));
    expect(codeOf(await map(theirs))).toBe('NOT_FOUND');
  });
});

describe('how often rules have decided', () => {
  const counters = (of: string, packets: number, set = 'a') => ({
    ...{ policyId: of, direction: 'ingress', action: 'ALLOW', protocol: 'TCP', ports: { from: 80, to: 81 } },
    ...{ icmp: null, set, packets, bytes: packets * 60 },
  });
  const flows = async (tenant = mine) => {
    const reply = await harness.call('ReadFlows', { policyIds: [policyId] }, { tenant });
    if (!reply.ok) throw new Error(reply.error.message);
    return (reply.result as { policies: PolicyFlows[] }).policies;
  };

  it('is asked of the nodes that have the policy, and told of this policy alone', async () => {
    for (const agent of agents) await agent.sync();
    const asked: unknown[] = [];
    const foreignPolicy = newId('policy');
    const node = serveJson(harness.nc, { subject: nodeSubjects.counters(far), log: harness.log }, async (body) => {
      asked.push(body);
      const since = '2026-11-23T09:00:00.000Z';
      // A node that tells more than it is asked for is not believed.
      const told = [counters(policyId, 3), counters(policyId, 4, 'b'), counters(foreignPolicy, 99)];
      return { nodeId: far, since, at: '2026-11-23T09:10:00.000Z', counters: told, truncated: false };
    });
    harness.onStop(() => node.stop());
    await harness.nc.flush();
    await vi.waitFor(async () => {
      for (const agent of agents) await agent.sync();
      expect(await flows()).toMatchObject([
        {
          policyId,
          rules: [{ nodeId: far, direction: 'ingress', packets: 7, bytes: 420, since: '2026-11-23T09:00:00.000Z' }],
          // Where the other end of the policy is, nobody answers here.
          missing: [near],
        },
      ]);
    }, deadline);
    expect(asked).toContainEqual({ policies: [policyId] });
    expect(JSON.stringify(await flows())).not.toContain(foreignPolicy);
  });

  it('is nothing to another tenant', async () => {
    expect(await flows(theirs)).toEqual([]);
  });
});

describe('which connections policies have decided about', () => {
  const soon = new Date(Date.now() + 60_000).toISOString();
  const connection = (of: string, more: object = {}) => ({
    ...{ at: soon, policyId: of, direction: 'ingress', action: 'ALLOW', family: 'ipv4', protocol: 'TCP' },
    ...{ source: '192.0.2.1', sourcePort: 40_000, destination: '192.0.2.2', destinationPort: 80 },
    ...{ instanceId: null, packets: 1 },
    ...more,
  });
  const read = (more: object = {}, tenant = mine) =>
    harness.call(
      'ReadConnectionLog',
      { ...{ namespaceId: shop, policyId: null, since: null, first: 10 }, ...more },
      { tenant },
    );
  async function logOf(more: object = {}): Promise<TenantConnectionLog> {
    const reply = await read(more);
    if (!reply.ok) throw new Error(`${reply.error.code}: ${reply.error.message}`);
    return reply.result as TenantConnectionLog;
  }
  let said: object[] = [];
  let since: string | null = '2026-11-23T09:00:00.000Z';
  const asked: ConnectionLogRequest[] = [];
  let logging: string;

  beforeAll(async () => {
    const spec = opens(90, 90, { log: true });
    logging = resultOf(
      await harness.call('CreateIsolationPolicy', { namespaceId: shop, name: 'logs', ...spec }, { tenant: mine }),
    ).policyId as string;
    const node = serveJson(harness.nc, { subject: nodeSubjects.connectionLog(far), log: harness.log }, async (body) => {
      asked.push(body as ConnectionLogRequest);
      return { nodeId: far, since, connections: said, more: false, leftOut: 7 };
    });
    harness.onStop(() => node.stop());
    await harness.nc.flush();
    await vi.waitFor(async () => {
      for (const agent of agents) await agent.sync();
      // Both nodes have the policy; where its other end is, nobody answers here.
      expect(await logOf()).toMatchObject({ leftOut: 7, missing: [near] });
    }, deadline);
  });

  it('is asked of the nodes that have one that logs, and told with the instances of the tenant at both ends', async () => {
    const [from, target] = [(await allocated(web)).data, (await allocated(db)).data];
    const between = { source: from.ipv6, destination: target.ipv6, family: 'ipv6', instanceId: db };
    said = [connection(logging, between), connection(logging, { at: '2027-01-01T00:00:00.000Z', action: 'DENY' })];
    const { connections, missing, more } = await logOf();
    expect(connections).toMatchObject([
      { at: '2027-01-01T00:00:00.000Z', sourceInstanceId: null, destinationInstanceId: null, nodeId: far },
      { at: soon, sourceInstanceId: web, destinationInstanceId: db, packets: 1 },
    ]);
    expect({ missing, more }).toEqual({ missing: [near], more: false });
    // The other policy of the namespace doesn't log.
    expect(asked.at(-1)).toEqual({ policies: [logging], since: null, first: 10 });
    expect(await logOf({ first: 1 })).toMatchObject({ connections: [{ action: 'DENY' }], more: true });
    await logOf({ policyId, since: soon });
    expect(asked.at(-1)).toEqual({ policies: [policyId], since: soon, first: 10 });
  });

  it('names nobody of another tenant, nor who has an address only since then, and believes no node about other policies', async () => {
    const [alien, late] = [(await allocated(foreign)).data, (await allocated(web)).data];
    said = [
      connection(logging, { source: alien.ipv4, instanceId: foreign }),
      connection(logging, { source: late.ipv4, at: '2020-01-01T00:00:00.000Z' }),
      connection(newId('policy')),
    ];
    const { connections } = await logOf();
    expect(connections.map((one) => [one.policyId, one.sourceInstanceId, one.destinationInstanceId])).toEqual([
      [logging, null, null],
      [logging, null, null],
    ]);
  });

  it('is missing of a node that logs nothing', async () => {
    since = null;
    expect((await logOf()).missing.toSorted()).toEqual([near, far].toSorted());
  });

  it('is answered to another tenant as of one that is missing, and of a policy elsewhere, too', async () => {
    const text = async (more: Record<string, string>, tenant: Id<'tenant'>) =>
      Object.values(more).reduce((all, id) => all.replaceAll(id, '…'), JSON.stringify(await read(more, tenant)));
    expect(await text({ namespaceId: shop }, theirs)).toBe(await text({ namespaceId: newId('namespace') }, theirs));
    expect(codeOf(await read({}, theirs))).toBe('NOT_FOUND');
    const other = await harness.openNamespace(mine);
    expect(codeOf(await read({ namespaceId: other, policyId: logging }))).toBe('NOT_FOUND');
    expect(await logOf({ namespaceId: other })).toEqual({ connections: [], more: false, leftOut: 0, missing: [] });
  });
});
