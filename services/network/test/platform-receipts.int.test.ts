/** Policies of the platform: since when they are in force where, what they have decided, and that nobody but the operator is told. */
import { type Id, PLATFORM } from '@atoll/schema/ids';
import type { PlatformConnectionLog } from '@atoll/schema/network/connection-log';
import type { PlatformFlows } from '@atoll/schema/network/flows';
import type { PlatformEnforcement } from '@atoll/schema/network/standing';
import { nodeSubjects } from '@atoll/schema/subjects';
import { newId } from '@atoll/service/ids';
import { serveJson } from '@atoll/service/nats';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { reconcileLagging } from '../src/controllers/lagging.ts';
import { type Agent, createAgent } from './agent.ts';
import { codeOf, type Harness, resultOf, startHarness } from './harness.ts';
import { opens } from './opens.ts';

/** Several processes work on it, each of which may be kept waiting. */
const deadline = { timeout: 50_000, interval: 50 };

let harness: Harness;
let mine: Id<'tenant'>;
let theirs: Id<'tenant'>;
let near: Agent;
let far: Agent;
/** One of each tenant, on a node each. */
let web: Id<'instance'>;
let alien: Id<'instance'>;
let platformPolicyId: string;
let quiet: string;
/** Of a tenant, on the first node. */
let policyId: string;

const definition = (port: number, log: boolean) => ({
  ...{
    action: 'DENY',
    priority: 0,
    log,
    from: [{ kind: 'ALL' }],
    to: [{ kind: 'CIDR', cidr: '0.0.0.0/0', except: [] }],
  },
  traffic: [{ protocol: 'TCP', from: port, to: port }],
});
const create = async (name: string, port: number, log: boolean) =>
  resultOf(
    await harness.call('CreatePlatformPolicy', { name, definition: definition(port, log) }, { tenant: PLATFORM }),
  ).platformPolicyId as string;
type Asker = Id<'tenant'> | typeof PLATFORM;
type Question = 'ReadPlatformEnforcement' | 'ReadPlatformFlows' | 'ReadPlatformConnectionLog';
async function ask<T>(question: Question, input: object, tenant: Asker = PLATFORM): Promise<T> {
  const reply = await harness.call(question, input, { tenant });
  if (!reply.ok) throw new Error(`${reply.error.code}: ${reply.error.message}`);
  return reply.result as T;
}
async function enforcement(): Promise<PlatformEnforcement> {
  const { policies } = await ask<{ policies: PlatformEnforcement[] }>('ReadPlatformEnforcement', {
    platformPolicyIds: [platformPolicyId],
  });
  const [one] = policies;
  if (one === undefined) throw new Error('The policy is there.');
  return one;
}
const receipts = async (id = platformPolicyId) =>
  (await harness.eventsOf(`platformPolicy:${id}`)).filter(({ type }) => type === 'PlatformPolicyEnforced');
const untilInForce = () =>
  vi.waitFor(async () => {
    await near.sync();
    await far.sync();
    expect((await enforcement()).state).toBe('ENFORCED');
  }, deadline);

beforeAll(async () => {
  harness = await startHarness({ lateAfterMs: 1000 });
  [mine, theirs] = [newId('tenant'), newId('tenant')];
  const [one, two] = [newId('node'), newId('node')];
  [near, far] = [createAgent(harness.nc, one), createAgent(harness.nc, two)];
  const [shop, other] = await Promise.all([harness.openNamespace(mine), harness.openNamespace(theirs)]);
  [web, alien] = await Promise.all([
    harness.place(mine, shop, one, { app: 'web' }),
    harness.place(theirs, other, two, { app: 'web' }),
  ]);
  await Promise.all([web, alien].map((id) => harness.event(`endpoint:${id}`, 'EndpointAllocated')));
  const spec = {
    from: { namespaceId: shop, labels: {} },
    to: { labels: {} },
    ports: [{ protocol: 'TCP', from: 80, to: 80 }],
  };
  policyId = resultOf(
    await harness.call(
      'CreateIsolationPolicy',
      { namespaceId: shop, name: 'own', ...opens(shop, spec) },
      { tenant: mine },
    ),
  ).policyId as string;
  platformPolicyId = await create('no-mail', 25, true);
  quiet = await create('no-telnet', 23, false);
  await untilInForce();
}, 150_000);
afterAll(() => harness.stop());

describe('how one is in force', { timeout: 120_000 }, () => {
  it('is told by a receipt of each node, once, with what was proven and since when', async () => {
    const { firstEnforcedAt, nodes } = await enforcement();
    const given = await receipts();
    expect(given.map(({ data }) => data)).toEqual(
      expect.arrayContaining(
        nodes.map(({ nodeId, hash, enforcedAt }) => ({
          ...{ platformPolicyId, revision: 1, nodeId, hash, enforcedAt, generation: expect.any(Number) },
        })),
      ),
    );
    expect(given).toHaveLength(2);
    expect(given.map(({ tenant, actor }) => [tenant, actor]).toSorted()).toEqual(
      [near, far].map(({ nodeId }) => [PLATFORM, `node:${nodeId}`]).toSorted(),
    );
    const times = nodes.map(({ enforcedAt }) => enforcedAt ?? '');
    expect(firstEnforcedAt).toBe(times.toSorted()[0]);
    // What is reported again is nothing new, nor is a change of something else.
    await create('no-finger', 79, false);
    await vi.waitFor(async () => {
      await near.sync();
      await far.sync();
      const { nodes: now } = await enforcement();
      expect(now.every(({ generation, appliedGeneration }) => generation === appliedGeneration)).toBe(true);
      expect(now.every(({ generation }, index) => generation > (nodes[index]?.generation ?? 0))).toBe(true);
    }, deadline);
    expect(await receipts()).toHaveLength(2);
    expect((await enforcement()).firstEnforcedAt).toBe(firstEnforcedAt);
  });

  it('is told of a node that lags: to the operator, and to a tenant of its own policies alone', async () => {
    const input = { platformPolicyId, name: 'no-mail', definition: definition(587, true) };
    resultOf(await harness.call('UpdatePlatformPolicy', input, { tenant: PLATFORM }));
    await vi.waitFor(async () => {
      await near.sync();
      const { state, nodes } = await enforcement();
      expect(state).toBe('PARTIAL');
      expect(nodes.find(({ nodeId }) => nodeId === far.nodeId)).toMatchObject({
        ...{ state: 'PENDING', revision: 2, appliedRevision: 1, enforcedAt: expect.any(String) },
      });
      const told = await harness.eventsOf(`rules:${far.nodeId}`);
      expect(told.at(-1)?.type).toBe('NodeRulesLagging');
    }, deadline);
    await vi.waitFor(async () => {
      const lags = `select from network.node_lag where node_id = '${far.nodeId}'`;
      expect(await harness.rows(lags)).toHaveLength(1);
    }, deadline);
    // Of the platform's own nobody is to be told, so nothing is left to do; a run that tried would fail each time.
    const idle = { lateAfterMs: 1000, refusedAfterMs: 1000, caughtUp: async () => {}, again: () => {} };
    await reconcileLagging({ db: harness.pool, store: harness.store, ...idle });
    expect((await receipts()).map(({ data }) => (data as { revision: number }).revision).toSorted()).toEqual([1, 1, 2]);
    await untilInForce();
    await vi.waitFor(async () => {
      expect((await harness.eventsOf(`rules:${far.nodeId}`)).at(-1)?.type).toBe('NodeRulesCaughtUp');
    }, deadline);
    expect(await receipts()).toHaveLength(4);
    for (const id of [platformPolicyId, quiet]) expect(await harness.eventsOf(`enforcement:${id}`)).toEqual([]);
  });
});

describe('what one has decided', () => {
  const at = '2027-01-01T00:00:00.000Z';
  const counter = (of: string, packets: number) => ({
    ...{ policyId: of, direction: 'egress', action: 'DENY', protocol: 'TCP', ports: { from: 587, to: 587 } },
    ...{ icmp: null, set: 'a', packets, bytes: packets * 60 },
  });
  const connection = (of: string, end: { ipv4: string }, instanceId: string) => ({
    ...{ at, policyId: of, direction: 'egress', action: 'DENY', family: 'ipv4', protocol: 'TCP', instanceId },
    ...{ source: end.ipv4, sourcePort: 40_000, destination: '192.0.2.2', destinationPort: 587, packets: 2 },
  });

  it('is counted on every node, and told to the operator alone, of this policy alone', async () => {
    const asked: unknown[] = [];
    const node = serveJson(
      harness.nc,
      { subject: nodeSubjects.counters(far.nodeId), log: harness.log },
      async (body) => {
        asked.push(body);
        const counters = [counter(platformPolicyId, 3), counter(policyId, 99)];
        return { nodeId: far.nodeId, since: at, at, counters, truncated: false };
      },
    );
    await harness.nc.flush();
    try {
      const input = { platformPolicyIds: [platformPolicyId] };
      const { policies } = await ask<{ policies: PlatformFlows[] }>('ReadPlatformFlows', input);
      expect(policies).toEqual([
        {
          platformPolicyId,
          rules: [expect.objectContaining({ nodeId: far.nodeId, action: 'DENY', packets: 3, bytes: 180 })],
          missing: [near.nodeId],
        },
      ]);
      expect(asked).toEqual([{ policies: [platformPolicyId] }]);
      expect(codeOf(await harness.call('ReadPlatformFlows', input, { tenant: mine }))).toBe('FORBIDDEN');
      // Nor by way of the tenants' question, nor one of a tenant's by the operator's.
      expect(codeOf(await harness.call('ReadFlows', { policyIds: [platformPolicyId] }, { tenant: mine }))).toBe(
        'INVALID_ARGUMENT',
      );
    } finally {
      await node.stop();
    }
  });

  it('is logged with the instances of whichever tenant, and told to the operator alone', async () => {
    const ends = await Promise.all([web, alien].map((id) => harness.event(`endpoint:${id}`, 'EndpointAllocated')));
    const asked: unknown[] = [];
    const nodes = [near, far].map(({ nodeId }, index) =>
      serveJson(harness.nc, { subject: nodeSubjects.connectionLog(nodeId), log: harness.log }, async (body) => {
        asked.push(body);
        const end = ends[index]?.data as { ipv4: string };
        const connections = [platformPolicyId, policyId].map((of) => connection(of, end, [web, alien][index] ?? ''));
        return { nodeId, since: at, connections, more: false, leftOut: 1 };
      }),
    );
    await harness.nc.flush();
    const read = (more: object, tenant: Asker = PLATFORM) =>
      harness.call(
        'ReadPlatformConnectionLog',
        { platformPolicyId: null, since: null, first: 10, ...more },
        { tenant },
      );
    try {
      const input = { platformPolicyId: null, since: null, first: 10 };
      const told = await ask<PlatformConnectionLog>('ReadPlatformConnectionLog', input);
      expect(told).toMatchObject({ more: false, leftOut: 2, missing: [] });
      expect(told.connections.map((one) => [one.policyId, one.sourceInstanceId]).toSorted()).toEqual(
        [web, alien].map((id) => [platformPolicyId, id]).toSorted(),
      );
      // Those that log now, or the one that is asked about.
      expect(asked[0]).toEqual({ policies: [platformPolicyId], since: null, first: 10 });
      expect(resultOf(await read({ platformPolicyId: quiet }))).toMatchObject({ connections: [] });
      expect(asked.at(-1)).toMatchObject({ policies: [quiet] });
      expect(codeOf(await read({ platformPolicyId: newId('platformPolicy') }))).toBe('NOT_FOUND');
      expect(codeOf(await read({}, theirs))).toBe('FORBIDDEN');
    } finally {
      await Promise.all(nodes.map((node) => node.stop()));
    }
  });
});

it('nothing is kept of one that is deleted, whatever nodes still report of it', async () => {
  resultOf(await harness.call('DeletePlatformPolicy', { platformPolicyId }, { tenant: PLATFORM }));
  const input = { platformPolicyIds: [platformPolicyId] };
  expect(await ask('ReadPlatformEnforcement', input)).toEqual({ policies: [] });
  await near.sync();
  await far.sync();
  // One that was given while it was deleted.
  const receipt = { platformPolicyId, revision: 9, nodeId: near.nodeId, generation: 1, hash: 'a'.repeat(64) };
  await harness.store.append({
    ...{ stream: `platformPolicy:${platformPolicyId}`, expected: { kind: 'any' }, claims: [] },
    events: [{ type: 'PlatformPolicyEnforced', data: { ...receipt, enforcedAt: '2026-11-23T09:00:00.000Z' } }],
    origin: { tenant: PLATFORM, actor: 'node:late', cause: null, correlation: 'late', traceparent: null },
  });
  // A question is answered as of everything that is committed.
  expect(await ask('ReadPlatformEnforcement', input)).toEqual({ policies: [] });
  expect(await harness.rows(`select * from network.policy_enforced where policy_id = '${platformPolicyId}'`)).toEqual(
    [],
  );
});
