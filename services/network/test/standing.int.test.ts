/** Nodes that don't have the rules that they should: who is told what, from when on, and when it is over. */
import type { Id } from '@atoll/schema/ids';
import type { PolicyEnforcement } from '@atoll/schema/network/standing';
import { nodeSubjects } from '@atoll/schema/subjects';
import { newId } from '@atoll/service/ids';
import { requestJson } from '@atoll/service/nats';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Agent, createAgent } from './agent.ts';
import { deadline, type Harness, resultOf, startHarness } from './harness.ts';

let harness: Harness;
let mine: Id<'tenant'>;
let theirs: Id<'tenant'>;
let shop: Id<'namespace'>;
let near: Agent;
let far: Agent;
let policyId: string;

const instances = (app: string) => [{ kind: 'INSTANCES', namespaceId: shop, labels: { app } }];
const opensTo = (last: number) => ({
  definition: {
    ...{ action: 'ALLOW', priority: 500, from: instances('web'), to: instances('db'), log: false },
    traffic: [{ protocol: 'TCP', from: 80, to: last }],
  },
  schedule: null,
});
const create = async (name: string) =>
  resultOf(await harness.call('CreateIsolationPolicy', { namespaceId: shop, name, ...opensTo(80) }, { tenant: mine }))
    .policyId as string;
const update = async (last: number) => {
  resultOf(await harness.call('UpdateIsolationPolicy', { policyId, ...opensTo(last) }, { tenant: mine }));
  await compiled();
};

async function enforcements(of: object, tenant = mine): Promise<readonly PolicyEnforcement[]> {
  const reply = await harness.call('ReadEnforcement', { of }, { tenant });
  if (!reply.ok) throw new Error(reply.error.message);
  return (reply.result as { policies: PolicyEnforcement[] }).policies;
}
/** A question is answered as of everything that is committed: then it is compiled, too. */
const compiled = () => enforcements({ kind: 'NAMESPACE', namespaceId: shop });
async function enforcement(): Promise<PolicyEnforcement> {
  const [one] = await enforcements({ kind: 'POLICIES', policyIds: [policyId] });
  if (one === undefined) throw new Error('The policy is there.');
  return one;
}
const onNode = async ({ nodeId }: Agent) => (await enforcement()).nodes.find((node) => node.nodeId === nodeId);
const bothSync = async () => {
  await near.sync();
  await far.sync();
};
/** What was told of the node that is made to lag, since the test began: the other one may be late on a busy machine, too. */
const since = new Map<string, number>();
const eventsOf = async (stream: string) =>
  (await harness.eventsOf(stream))
    .slice(since.get(stream) ?? 0)
    .filter(({ data }) => (data as { nodeId: string }).nodeId === far.nodeId);
const told = async (stream: string) =>
  (await eventsOf(stream)).map(({ type, data }) => {
    const { reason = '' } = data as { reason?: string };
    return `${type} ${reason}`.trim();
  });
const nobodyLags = () =>
  vi.waitFor(async () => {
    expect(await harness.rows('select * from network.node_lag')).toEqual([]);
    expect(await harness.rows('select * from network.policy_lag')).toEqual([]);
  }, deadline);
const untilTold = (stream: string, expected: readonly string[]) =>
  vi.waitFor(async () => expect(await told(stream)).toEqual(expected), deadline);

const refusal = 'iptables-restore v1.8.9: line 7 failed: -A atlx-i -j NOTHING';
const refuses = (agent: Agent) =>
  requestJson(
    harness.nc,
    nodeSubjects.networkReport(agent.nodeId),
    {
      nodeId: agent.nodeId,
      applied: agent.applied() && {
        generation: agent.applied()?.generation,
        hash: agent.applied()?.hash,
        at: new Date().toISOString(),
      },
      error: { generation: 1_000_000, message: refusal },
      underlay: null,
    },
    { timeoutMs: 15_000 },
  );

beforeAll(async () => {
  harness = await startHarness({ lateAfterMs: 1000 });
  [mine, theirs] = [newId('tenant'), newId('tenant')];
  const [one, two] = [newId('node'), newId('node')];
  shop = await harness.openNamespace(mine);
  const placed = await Promise.all([
    harness.place(mine, shop, one, { app: 'web' }),
    harness.place(mine, shop, two, { app: 'db' }),
  ]);
  await Promise.all(placed.map((id) => harness.event(`endpoint:${id}`, 'EndpointAllocated')));
  [near, far] = [createAgent(harness.nc, one), createAgent(harness.nc, two)];
  policyId = await create('web-to-db');
  await vi.waitFor(async () => {
    await bothSync();
    expect((await enforcement()).state).toBe('ENFORCED');
  }, deadline);
  await nobodyLags();
  for (const stream of [`enforcement:${policyId}`, `rules:${far.nodeId}`]) {
    since.set(stream, (await harness.eventsOf(stream)).length);
  }
});
afterAll(() => harness.stop());

describe('a policy', () => {
  it('says of each node what it should have, what it has, and since when', async () => {
    const { state, firstEnforcedAt, nodes } = await enforcement();
    expect(state).toBe('ENFORCED');
    expect(Date.parse(firstEnforcedAt ?? '')).toBeGreaterThan(0);
    expect(nodes.map((node) => node.nodeId)).toEqual([near.nodeId, far.nodeId].sort());
    for (const node of nodes) {
      expect(node).toMatchObject({ state: 'ENFORCED', revision: 1, appliedRevision: 1, missingSince: null });
      expect(node.appliedGeneration).toBe(node.generation);
      expect(Date.parse(node.enforcedAt ?? '')).toBeGreaterThan(0);
    }
  });

  it('is in force in part while a node lags, which is told to the operator with the node and to the tenant with the policy', async () => {
    await update(81);
    await near.sync();
    expect(await enforcement()).toMatchObject({ state: 'PARTIAL' });
    expect(await onNode(near)).toMatchObject({ state: 'ENFORCED', appliedRevision: 2 });
    const late = await onNode(far);
    expect(late).toMatchObject({ state: 'PENDING', revision: 2, appliedRevision: 1 });
    expect(Math.abs(Date.now() - Date.parse(late?.missingSince ?? ''))).toBeLessThan(60_000);

    await untilTold(`enforcement:${policyId}`, ['PolicyLagging LATE']);
    const [lagging] = await eventsOf(`rules:${far.nodeId}`);
    expect(lagging).toMatchObject({
      type: 'NodeRulesLagging',
      tenant: 'platform',
      data: { reason: 'LATE', message: null },
    });
    const [mineTold] = await eventsOf(`enforcement:${policyId}`);
    expect(mineTold).toMatchObject({ tenant: mine, data: { policyId, namespaceId: shop, nodeId: far.nodeId } });
  });

  it('has failed where the node refuses: the operator is told the line, the tenant only that', async () => {
    await refuses(far);
    expect(await enforcement()).toMatchObject({ state: 'FAILED' });
    expect(await onNode(far)).toMatchObject({ state: 'FAILED', appliedRevision: 1, revision: 2 });
    const standings = (tenant: Id<'tenant'> | 'platform') =>
      harness.call('ReadStandings', { nodeIds: [far.nodeId] }, { tenant: tenant as Id<'tenant'> });
    expect(await standings('platform')).toMatchObject({
      result: { nodes: [{ nodeId: far.nodeId, standing: 'FAILING', message: refusal }] },
    });
    expect(await standings(mine)).toMatchObject({ ok: false, error: { code: 'FORBIDDEN' } });
    await untilTold(`rules:${far.nodeId}`, ['NodeRulesLagging LATE', 'NodeRulesLagging REFUSED']);
    const [, lagging] = await eventsOf(`rules:${far.nodeId}`);
    expect(lagging).toMatchObject({ data: { message: refusal } });
    await untilTold(`enforcement:${policyId}`, ['PolicyLagging LATE', 'PolicyLagging REFUSED']);
    expect(JSON.stringify(await harness.eventsOf(`enforcement:${policyId}`))).not.toContain('iptables');
  });

  it('is enforced again once the node has caught up, and both are told so', async () => {
    await far.sync();
    expect(await enforcement()).toMatchObject({ state: 'ENFORCED' });
    await untilTold(`rules:${far.nodeId}`, ['NodeRulesLagging LATE', 'NodeRulesLagging REFUSED', 'NodeRulesCaughtUp']);
    await untilTold(`enforcement:${policyId}`, ['PolicyLagging LATE', 'PolicyLagging REFUSED', 'PolicyCaughtUp']);
    await nobodyLags();
  });

  it('lags also where only its members changed', async () => {
    const instance = await harness.place(mine, shop, near.nodeId, { app: 'web' });
    await harness.event(`endpoint:${instance}`, 'EndpointAllocated');
    await compiled();
    await near.sync();
    expect(await enforcement()).toMatchObject({ state: 'PARTIAL' });
    expect(await onNode(far)).toMatchObject({ state: 'PENDING', revision: 2, appliedRevision: 2 });
    await bothSync();
    expect(await enforcement()).toMatchObject({ state: 'ENFORCED' });
  });

  it('that is deleted is told to be in force still where a node lags', async () => {
    const gone = await create('short');
    await compiled();
    await bothSync();
    resultOf(await harness.call('DeleteIsolationPolicy', { policyId: gone }, { tenant: mine }));
    await compiled();
    await near.sync();
    await untilTold(`enforcement:${gone}`, ['PolicyLagging LATE']);
    await far.sync();
    await untilTold(`enforcement:${gone}`, ['PolicyLagging LATE', 'PolicyCaughtUp']);
    await vi.waitFor(
      async () => expect(await harness.rows('select * from network.policy_withdrawal')).toEqual([]),
      deadline,
    );
  });

  it('is nothing to another tenant, neither by id nor by namespace', async () => {
    expect(await enforcements({ kind: 'POLICIES', policyIds: [policyId] }, theirs)).toEqual([]);
    expect(await enforcements({ kind: 'NAMESPACE', namespaceId: shop }, theirs)).toEqual([]);
    expect((await enforcements({ kind: 'NAMESPACE', namespaceId: shop })).map((one) => one.policyId)).toEqual([
      policyId,
    ]);
  });
});

it('a node that was cut off for longer than generations are kept is believed when it tells what it has', async () => {
  for (let change = 0; change < 70; change++) await update(100 + change);
  const before = await onNode(far);
  const applied = far.applied();
  if (applied === null) throw new Error('It has applied something.');
  await far.report({ generation: applied.generation, hash: applied.hash });
  const after = await onNode(far);
  expect(after).toMatchObject({ appliedRevision: 2, appliedGeneration: applied.generation });
  expect(after?.missingSince).toBe(before?.missingSince);
  await bothSync();
  expect(await enforcement()).toMatchObject({ state: 'ENFORCED' });
});
