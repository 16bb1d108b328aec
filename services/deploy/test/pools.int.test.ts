/** Pools, and what the operator says of nodes, over two processes of the service that place at once. */

import { noWishes } from '@atoll/schema/deploy/placement';
import { DEFAULT_POOL } from '@atoll/schema/deploy/pools';
import type { EventRecord } from '@atoll/schema/envelope';
import { type Id, PLATFORM } from '@atoll/schema/ids';
import { type PlanTerms, slaClasses } from '@atoll/schema/tenancy/plans';
import { createCommandClient } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { expectRefused, type Member, Platform } from './platform.ts';

let platform: Platform;
let member: Member;
let plain: Awaited<ReturnType<Platform['input']>>;
const nodes: Id<'node'>[] = [];

beforeAll(async () => {
  platform = await Platform.start();
  await platform.service();
  await platform.service();
  member = await platform.tenant();
  plain = await platform.input(member);
  for (let n = 0; n < 3; n++) {
    const agent = await platform.agent({ maxInstances: 8, capacity: { cpuMillis: 4000, memoryMiB: 4000 } });
    nodes.push(agent.nodeId);
  }
});
/** A test that failed leaves nothing to those after it. */
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const nodeId of nodes) {
    await platform.send(PLATFORM, 'CancelDrain', { nodeId });
    await platform.send(PLATFORM, 'UncordonNode', { nodeId });
    await platform.send(PLATFORM, 'AssignNode', { nodeId, poolId: DEFAULT_POOL, zone: null, labels: {} });
  }
  await platform.tablesHave();
  const { rows } = await platform.pool.query<{ tenant: Id<'tenant'>; deployment_id: Id<'deployment'> }>(
    'select tenant, deployment_id from deploy.deployment',
  );
  await Promise.all(rows.map(({ tenant, deployment_id }) => remove({ tenant }, deployment_id)));
});
afterAll(() => platform.stop());

const nodeAt = (index: number) => nodes[index] ?? 'node_';
const first = () => nodeAt(0);
const second = () => nodeAt(1);
const third = () => nodeAt(2);
let names = 0;
const input = (of: Member, replicas: number, more: Partial<typeof plain> = {}) => ({
  ...{ ...plain, namespaceId: of.namespaceId, name: `d-${++names}`, replicas, ...more },
});
async function create(of: Member, replicas: number, more: Partial<typeof plain> = {}): Promise<Id<'deployment'>> {
  const { deploymentId } = await platform.do(of.tenant, 'CreateDeployment', input(of, replicas, more));
  await platform.completed(deploymentId);
  return deploymentId;
}
async function remove(of: Pick<Member, 'tenant'>, deploymentId: Id<'deployment'>): Promise<void> {
  await platform.do(of.tenant, 'DeleteDeployment', { deploymentId });
  await platform.recorded(deploymentId, 'DeploymentDeleted');
}
/** By the tenancy service itself, as its operator would say it. */
async function gives({ tenant }: Member, terms: Pick<Partial<PlanTerms>, 'pools' | 'slaClasses'>): Promise<void> {
  const key = newId('event');
  const reply = await createCommandClient(platform.nc).call('tenancy', 'OverrideEntitlements', {
    ...{ key, tenant, actor: 'user:opal', correlation: key, traceparent: null, deadline: Date.now() + 20_000 },
    ...{ seen: {}, expectedVersion: null, data: terms },
  });
  if (!reply.ok) throw new Error(reply.error.message);
  await platform.until('the terms are adopted', async () => {
    const now = (await platform.store.readStream(`placementTerms:${tenant}`)).at(-1)?.data ?? {};
    const { pools = [], slaClasses: classes = slaClasses } = terms;
    const { pools: adopted, slaClasses: given } = now as PlanTerms;
    return String(adopted) === String(pools) && String(given) === String(classes);
  });
}
const placed = async (deploymentId: Id<'deployment'>) =>
  (await platform.events(deploymentId)).flatMap((event) => (event.type === 'InstancePlaced' ? [event.data] : []));

/** Everything of the context, in its order. */
async function everything(): Promise<readonly Pick<EventRecord, 'type' | 'data' | 'position'>[]> {
  const { rows } = await platform.pool.query('select position, type, data from deploy.event order by position');
  return rows;
}

test('a tenant comes only to pools and classes of its plan, also after that changes, and the record counts why', async () => {
  const { poolId } = await platform.do(PLATFORM, 'CreatePool', { name: 'fast', terms: { slaClass: 'GUARANTEED' } });
  await platform.do(PLATFORM, 'AssignNode', { nodeId: third(), poolId, zone: 'z3', labels: { disk: 'ssd' } });
  const bound = await platform.tenant();
  await gives(bound, { pools: ['fast'] });
  const there = await create(bound, 2);
  for (const { nodeId, decision } of await placed(there)) {
    expect(nodeId).toBe(third());
    expect(decision).toMatchObject({ nodes: 3, rejected: [{ code: 'POOL_EXCLUDED', count: 2 }] });
    expect(decision.scores).toHaveLength(1);
  }

  // What is there stays; what comes, comes by the new terms.
  await gives(bound, { slaClasses: ['STANDARD'] });
  await platform.do(bound.tenant, 'ScaleDeployment', { deploymentId: there, replicas: 4 });
  await platform.recorded(there, 'InstancePlaced', 4);
  expect((await placed(there)).slice(2).map(({ nodeId }) => nodeId)).not.toContain(third());
  const asks = { placement: { ...noWishes, slaClass: 'GUARANTEED' as const } };
  const reply = await platform.send(bound.tenant, 'CreateDeployment', input(bound, 1, asks));
  expectRefused(reply, 'INVALID_ARGUMENT', /plan doesn't give the class GUARANTEED: ask for one of STANDARD/);
  await gives(bound, { pools: ['nowhere'] });
  const none = await platform.send(bound.tenant, 'CreateDeployment', input(bound, 1));
  expectRefused(none, 'INSUFFICIENT_CAPACITY', /3 in pools that the tenant's plan doesn't give/);
  await remove(bound, there);
  await platform.do(PLATFORM, 'AssignNode', { nodeId: third(), poolId: DEFAULT_POOL, zone: null, labels: {} });
  await platform.do(PLATFORM, 'DeletePool', { poolId });
});

test('not one instance comes to a node after the commit that cordoned it, however many are created at that moment', async () => {
  for (let round = 0; round < 3; round++) {
    const started: Promise<unknown>[] = [];
    const create = () => started.push(platform.send(member.tenant, 'CreateDeployment', input(member, 1)));
    for (let n = 0; n < 6; n++) create();
    const cordoned = platform.do(PLATFORM, 'CordonNode', { nodeId: first(), note: 'new disk' });
    for (let n = 0; n < 6; n++) create();
    await Promise.all([cordoned, ...started]);
    await platform.do(PLATFORM, 'UncordonNode', { nodeId: first() });
  }
  let open = true;
  const late: unknown[] = [];
  for (const { type, data } of await everything()) {
    if ((data as { nodeId?: string }).nodeId !== first()) continue;
    if (type === 'NodeCordoned') open = false;
    if (type === 'NodeUncordoned') open = true;
    if (type === 'InstancePlaced' && !open) late.push(data);
  }
  expect(late).toEqual([]);
  await platform.tablesHave();
  const { rows } = await platform.pool.query<{ deployment_id: Id<'deployment'> }>(
    'select deployment_id from deploy.deployment where tenant = $1',
    [member.tenant],
  );
  await Promise.all(rows.map(({ deployment_id }) => remove(member, deployment_id)));
});

test('a drain moves everything within the surge and never below what must be ready, and says when it is done', async () => {
  const deploymentId = await create(member, 6);
  const before = (await placed(deploymentId)).filter(({ nodeId }) => nodeId === second()).length;
  expect(before).toBeGreaterThan(0);
  await platform.do(PLATFORM, 'DrainNode', { nodeId: second(), note: 'new kernel' });
  await platform.until('the node is drained', async () => (await platform.nodeTypes(second())).includes('NodeDrained'));

  let most = 0;
  let [ready, there] = [new Set<string>(), new Set<string>()];
  const events = await platform.events(deploymentId);
  const complete = events.findIndex(({ type }) => type === 'RolloutCompleted');
  for (const [index, { type, data }] of events.entries()) {
    if (!('instanceId' in data)) continue;
    const { instanceId } = data;
    if (type === 'InstancePlaced') there = new Set(there).add(instanceId);
    if (type === 'InstanceReady') ready = new Set(ready).add(instanceId);
    if (type === 'InstanceStopRequested' || type === 'InstanceUnready') ready.delete(instanceId);
    if (type === 'InstanceStopped') there.delete(instanceId);
    most = Math.max(most, there.size);
    if (index > complete) expect(ready.size).toBeGreaterThanOrEqual(6);
  }
  expect(most).toBe(7);
  expect(events.filter(({ type }) => type === 'InstanceMoveRequested')).toHaveLength(before);
  expect(events.filter(({ type }) => type === 'InstancePlaced')).toHaveLength(6 + before);
  await platform.until('the list of nodes says so, too', async () => {
    const { rows } = await platform.pool.query('select duty from deploy.node_duty where node_id = $1', [second()]);
    return rows[0]?.duty === 'DRAINED';
  });
  await platform.do(PLATFORM, 'UncordonNode', { nodeId: second() });
  await remove(member, deploymentId);
});

test('a drain that finds no room elsewhere waits and harms nothing, and called off it leaves all where it is', async () => {
  // Each node takes one of these.
  const resources = { cpuMillis: 3000, memoryMiB: 64 };
  const deploymentId = await create(member, 3, { spec: { ...plain.spec, resources } });
  await platform.do(PLATFORM, 'DrainNode', { nodeId: second(), note: '' });
  await platform.recorded(deploymentId, 'RolloutBlocked');
  await platform.do(PLATFORM, 'CancelDrain', { nodeId: second() });
  await platform.recorded(deploymentId, 'InstanceMoveCancelled');
  await platform.recorded(deploymentId, 'RolloutUnblocked');
  const types = await platform.types(deploymentId);
  expect(types.filter((type) => type === 'InstancePlaced')).toHaveLength(3);
  expect(types).not.toContain('InstanceStopRequested');
  // It stays cordoned, and there is no drain left to call off.
  const again = await platform.send(PLATFORM, 'CancelDrain', { nodeId: second() });
  expectRefused(again, 'ILLEGAL_STATE', /not being drained.*uncordon it/);
  await platform.do(PLATFORM, 'UncordonNode', { nodeId: second() });
  await remove(member, deploymentId);
});

test('what a pool says of its nodes counts: more than there is may be given away, and only what is free of rules', async () => {
  const { poolId } = await platform.do(PLATFORM, 'CreatePool', { name: 'thin', terms: { cpuPercent: 200 } });
  await platform.do(PLATFORM, 'AssignNode', { nodeId: first(), poolId, zone: 'z1' });
  const placement = { ...noWishes, zones: ['z1'] };
  const resources = { cpuMillis: 2000, memoryMiB: 64 };
  const spec = { ...plain.spec, resources };
  const deploymentId = await create(member, 4, { spec, placement });
  const fifth = await platform.send(member.tenant, 'ScaleDeployment', { deploymentId, replicas: 5 });
  expectRefused(
    fifth,
    'INSUFFICIENT_CAPACITY',
    /Room for 0 of 1.*nearest fit is .* 0 of 8000 thousandths.*2 outside of the zones|2 outside of the zones/,
  );
  const large = { ...plain.spec, resources: { cpuMillis: 9000, memoryMiB: 64 } };
  const never = await platform.send(member.tenant, 'CreateDeployment', input(member, 1, { spec: large, placement }));
  expectRefused(never, 'FITS_NO_NODE', /No node is large enough.*nearest fit is/);
  const upgrade = { deploymentId, spec: { resources: { cpuMillis: 9000 } } };
  expectRefused(await platform.send(member.tenant, 'UpgradeDeployment', upgrade), 'FITS_NO_NODE', /even empty/);

  expectRefused(await platform.send(PLATFORM, 'DeletePool', { poolId }), 'ILLEGAL_STATE', /nodes in the pool/);
  expectRefused(
    await platform.send(PLATFORM, 'DeletePool', { poolId: DEFAULT_POOL }),
    'ILLEGAL_STATE',
    /never deleted/,
  );
  const taken = await platform.send(PLATFORM, 'CreatePool', { name: 'thin', terms: {} });
  expectRefused(taken, 'NAME_TAKEN', /pool of that name/);
  const nowhere = { nodeId: first(), poolId: newId('pool') };
  expectRefused(await platform.send(PLATFORM, 'AssignNode', nowhere), 'NOT_FOUND', /no such pool/);
  expectRefused(
    await platform.send(PLATFORM, 'CordonNode', { nodeId: newId('node'), note: '' }),
    'NOT_FOUND',
    /no such node/,
  );
  expectRefused(await platform.send(member.tenant, 'DrainNode', { nodeId: first(), note: '' }), 'FORBIDDEN');
  await remove(member, deploymentId);
  await platform.do(PLATFORM, 'AssignNode', { nodeId: first(), poolId: DEFAULT_POOL, zone: null });
  await platform.do(PLATFORM, 'DeletePool', { poolId });
});

test('deployments of a group never share a node, created at the same moment by two processes', async () => {
  const placement = { ...noWishes, apart: ['front'] };
  const replies = await Promise.all(
    Array.from({ length: 6 }, () => platform.send(member.tenant, 'CreateDeployment', input(member, 1, { placement }))),
  );
  const ids = replies.flatMap((reply) =>
    reply.ok ? [(reply.result as { deploymentId: Id<'deployment'> }).deploymentId] : [],
  );
  // Three nodes: three of them, each on its own.
  expect(ids).toHaveLength(3);
  for (const reply of replies) if (!reply.ok) expect(reply.error.code).toBe('INSUFFICIENT_CAPACITY');
  const places = (await Promise.all(ids.map(placed))).flat().map(({ nodeId }) => nodeId);
  expect(new Set(places).size).toBe(3);

  // Somebody who comes to the group later must not be on a node of its members.
  const other = await create(member, 1);
  const joins = await platform.send(member.tenant, 'SetDeploymentPlacement', { deploymentId: other, placement });
  expectRefused(joins, 'ILLEGAL_STATE', /Another deployment of the group is on a node of this one/);
  await Promise.all([...ids, other].map((deploymentId) => remove(member, deploymentId)));
  expect((await platform.held()).filter((line) => line.startsWith('apart'))).toEqual([]);
});

test('a preview says where and why, and places nothing', async () => {
  const { namespaceId, tenant } = member;
  const resources = { cpuMillis: 3000, memoryMiB: 64 };
  const last = await platform.store.lastPosition();
  const preview = await platform.do(tenant, 'PreviewPlacement', {
    ...{ namespaceId, replicas: 4, resources, placement: noWishes },
  });
  expect(preview.fit).toBe(3);
  expect(new Set(preview.places.map(({ nodeId }) => nodeId)).size).toBe(3);
  expect(preview.unplaced).toMatchObject({ nodes: 3, rejected: [{ code: 'CPU', count: 3 }], scores: [] });
  expect(preview.refusal).toMatch(/Room for 3 of 4.*nearest fit is/);
  expect(await platform.store.lastPosition()).toBe(last);
  // What is previewed is what is done.
  const { deploymentId } = await platform.do(tenant, 'CreateDeployment', {
    ...input(member, 3, { spec: { ...plain.spec, resources } }),
  });
  expect((await placed(deploymentId)).map(({ nodeId }) => nodeId)).toEqual(preview.places.map(({ nodeId }) => nodeId));
  const stranger = await platform.tenant();
  const foreign = { namespaceId, replicas: 1, resources, placement: noWishes };
  expectRefused(await platform.send(stranger.tenant, 'PreviewPlacement', foreign), 'NOT_FOUND');
});
