/** Nodes of one's own, over two processes of the service that place at once: nobody else is ever beside. */
import { engineMigrations } from '@atoll/events/migrations';
import { type Relay, startRelay } from '@atoll/events/relay';
import { createEventStore, type EventStore } from '@atoll/events/store';
import type { CommandReply, EventRecord } from '@atoll/schema/envelope';
import type { Id } from '@atoll/schema/ids';
import { networkEvents } from '@atoll/schema/network/events';
import type { IsolationLevel } from '@atoll/schema/network/spec';
import { createLogger } from '@atoll/service/log';
import { migrate } from '@atoll/service/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectRefused, type Member, Platform } from './platform.ts';

const log = createLogger('test');
log.level = 'silent';

let platform: Platform;
let network: EventStore;
let relay: Relay;
let own: Member;
let others: Member;
const nodes: Id<'node'>[] = [];

async function setLevel({ tenant, namespaceId }: Member, level: IsolationLevel): Promise<void> {
  const outcome = await network.append({
    stream: `namespace:${namespaceId}`,
    expected: { kind: 'any' },
    events: [{ type: 'NamespaceIsolationSet', data: { namespaceId, level } }],
    claims: [],
    origin: { tenant, actor: 'user:ada', cause: null, correlation: 'c-level', traceparent: null },
  });
  expect(outcome.outcome).toBe('appended');
  await platform.until(`the level of ${namespaceId} is known`, async () => {
    const { rows } = await platform.pool.query('select from deploy.host_namespace where namespace_id = $1', [
      namespaceId,
    ]);
    return rows.length > 0 === (level === 'HOST');
  });
}

beforeAll(async () => {
  platform = await Platform.start();
  await migrate({ pool: platform.pool, schema: 'network', folders: [engineMigrations], log });
  network = createEventStore({ pool: platform.pool, context: 'network', registry: networkEvents, log });
  relay = await startRelay({ store: network, nc: platform.nc, log });
  await platform.service();
  await platform.service();
  [own, others] = [await platform.tenant(), await platform.tenant()];
  for (let n = 0; n < 4; n++) {
    const agent = await platform.agent({ maxInstances: 4, capacity: { cpuMillis: 4000, memoryMiB: 4000 } });
    nodes.push(agent.nodeId);
  }
  for (const member of [own, others]) inputs.set(member, await platform.input(member));
  await setLevel(own, 'HOST');
});
afterAll(async () => {
  await relay?.stop();
  await network?.close();
  await platform.stop();
});

let names = 0;
const inputs = new Map<Member, Awaited<ReturnType<Platform['input']>>>();
function create(member: Member, replicas: number): Promise<CommandReply> {
  const input = inputs.get(member);
  if (!input) throw new Error('There is an input for each.');
  return platform.send(member.tenant, 'CreateDeployment', { ...input, name: `d-${++names}`, replicas });
}
const idsOf = (replies: readonly CommandReply[]) =>
  replies.flatMap((reply) => (reply.ok ? [(reply.result as { deploymentId: Id<'deployment'> }).deploymentId] : []));

/** Whether at any moment of the log a node ran an instance of `own` and one of somebody else. */
async function everMixed(): Promise<string[]> {
  const { rows } = await platform.pool.query<Pick<EventRecord, 'type' | 'tenant' | 'data'>>(
    'select type, tenant, data from deploy.event order by position',
  );
  const at = new Map<string, Map<string, string>>();
  const mixed: string[] = [];
  for (const { type, tenant, data } of rows) {
    const { instanceId = '', nodeId = '' } = data as { instanceId?: string; nodeId?: string };
    const here = at.get(nodeId) ?? new Map<string, string>();
    at.set(nodeId, here);
    if (type === 'InstancePlaced') here.set(instanceId, tenant);
    if (type === 'InstanceStopped' || type === 'InstanceLost') here.delete(instanceId);
    const tenants = new Set(here.values());
    if (tenants.has(own.tenant) && tenants.size > 1) mixed.push(`${type} ${instanceId} on ${nodeId}`);
  }
  return mixed;
}

test('forty creations at once of two tenants never come to lie beside each other, and both get their nodes', async () => {
  const replies = await Promise.all(Array.from({ length: 40 }, (_, n) => create(n % 2 ? own : others, 1)));
  for (const reply of replies) if (!reply.ok) expect(reply.error.code).toBe('INSUFFICIENT_CAPACITY');
  expect(await everMixed()).toEqual([]);
  const { rows } = await platform.pool.query<{ held: number }>(
    "select coalesce(sum(held), 0)::integer as held from deploy.claim_total where claim_set = 'node-instances'",
  );
  // Sixteen places, in fours: whoever got a node filled it.
  expect(rows).toEqual([{ held: 16 }]);

  // All goes, and what was kept is everybody's again, without anybody having let go of it.
  const started = await Promise.all(
    [own, others].map(async (member, index) => {
      const ids = idsOf(replies.filter((_, n) => n % 2 === (index === 0 ? 1 : 0)));
      for (const deploymentId of ids) await platform.do(member.tenant, 'DeleteDeployment', { deploymentId });
      for (const deploymentId of ids) await platform.recorded(deploymentId, 'DeploymentDeleted');
      return ids.length;
    }),
  );
  expect(started.reduce((sum, count) => sum + count, 0)).toBe(16);
  const all = await create(others, 16);
  expect(all.ok).toBe(true);
  expect(await everMixed()).toEqual([]);
  const refused = await create(own, 1);
  expectRefused(refused, 'INSUFFICIENT_CAPACITY', /isolation level HOST/);

  // Back at RULE it is as everybody.
  await setLevel(own, 'RULE');
  expectRefused(await create(own, 1), 'INSUFFICIENT_CAPACITY', /Room for 0 of 1/);
});

test('what runs on shared nodes when the level becomes HOST is counted until it is gone, and for its tenant alone', async () => {
  const clear = async () => {
    const { rows } = await platform.pool.query<{ id: Id<'deployment'> }>(
      'select deployment_id as id from deploy.deployment where tenant = $1 and not deleting',
      [others.tenant],
    );
    for (const { id } of rows) await platform.do(others.tenant, 'DeleteDeployment', { deploymentId: id });
    for (const { id } of rows) await platform.recorded(id, 'DeploymentDeleted');
  };
  await clear();
  const count = async (member: Member, asker = member) => {
    const { namespaceId } = member;
    const reply = await platform.send(asker.tenant, 'CountOnSharedNodes', { namespaceIds: [namespaceId] });
    if (!reply.ok) throw new Error(reply.error.message);
    const { namespaces } = reply.result as { namespaces: { namespaceId: string; instances: number }[] };
    expect(namespaces.every((one) => one.namespaceId === namespaceId)).toBe(true);
    return namespaces[0]?.instances ?? 0;
  };
  const [shared] = idsOf([await create(own, 2)]);
  if (shared === undefined) throw new Error('There is room.');
  expect(await count(own)).toBe(2);
  expect(await count(own, others)).toBe(0);
  await setLevel(own, 'HOST');
  expect(await count(own)).toBe(2);
  expect(idsOf([await create(own, 1)])).toHaveLength(1);
  // The new one has a node of its own.
  expect(await count(own)).toBe(2);
  await platform.do(own.tenant, 'DeleteDeployment', { deploymentId: shared });
  await platform.recorded(shared, 'DeploymentDeleted');
  expect(await count(own)).toBe(0);
}, 120_000);
