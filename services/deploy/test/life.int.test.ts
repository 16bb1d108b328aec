import { listProjections, requestRebuild } from '@atoll/events/rebuild/rows';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TABLES_CONSUMER } from '../src/projections/tables.ts';
import { tables } from '../src/projections/write.ts';
import { HEARTBEAT_MS } from './agent.ts';
import { checkHistory, heldBy } from './history.ts';
import { type Member, Platform } from './platform.ts';

let platform: Platform;
let member: Member;

beforeAll(async () => {
  platform = await Platform.start();
  await platform.service();
  member = await platform.tenant();
  await platform.agent();
  await platform.agent();
});
afterAll(() => platform.stop());

const push = (text: string) => platform.registry.push('team/web', text);
const create = async (more?: Parameters<Platform['input']>[1]) =>
  platform.do(member.tenant, 'CreateDeployment', await platform.input(member, more));

describe('the life of a deployment', () => {
  test('placed, started, ready; upgraded one by one; rolled back; scaled; deleted, with nothing held at the end', async () => {
    const { tenant } = member;
    const [v1, v2] = [await push('v1'), await push('v2')];
    const { deploymentId } = await create({ spec: { image: v1 } });
    await platform.completed(deploymentId);
    // How often it was seen half-way depends on which reports come together.
    const types = (await platform.types(deploymentId)).filter((type) => type !== 'RolloutProgressed');
    expect(types).toEqual([
      'DeploymentCreated',
      'ReleaseCreated',
      'RolloutStarted',
      'InstancePlaced',
      'InstancePlaced',
      'HoldingChanged',
      ...['InstanceStarted', 'InstanceReady', 'InstanceStarted', 'InstanceReady'],
      'ImageProven',
      'RolloutCompleted',
    ]);
    expect(platform.agents.map((agent) => agent.containers.size)).toEqual([1, 1]);

    const upgraded = await platform.do(tenant, 'UpgradeDeployment', { deploymentId, spec: { image: v2 } });
    await platform.completed(deploymentId, 2);
    await platform.until('v2 runs twice', () => platform.images().join() === [v2, v2].join());

    const back = await platform.do(tenant, 'RollbackDeployment', { deploymentId, toRelease: null });
    expect(back.releaseId).not.toBe(upgraded.releaseId);
    await platform.completed(deploymentId, 3);
    await platform.until('v1 runs twice', () => platform.images().join() === [v1, v1].join());

    await platform.do(tenant, 'ScaleDeployment', { deploymentId, replicas: 4 });
    await platform.until('four run', () => platform.images().length === 4);
    await platform.do(tenant, 'ScaleDeployment', { deploymentId, replicas: 1 });
    await platform.until('one runs', () => platform.images().length === 1);
    await platform.recorded(deploymentId, 'InstanceStopped', 7);
    const state = checkHistory(await platform.events(deploymentId));
    const held = (await platform.held()).filter((line) => line.includes(deploymentId));
    expect(held).toEqual(heldBy(deploymentId, state));

    await platform.do(tenant, 'DeleteDeployment', { deploymentId });
    await platform.recorded(deploymentId, 'DeploymentDeleted');
    expect(platform.images()).toEqual([]);
    expect((await platform.held()).filter((line) => line.includes(deploymentId))).toEqual([]);
    for (const table of ['deployment', 'release', 'instance']) {
      await platform.until(`nothing of it is in ${table}`, async () => {
        const query = `select from deploy.${table} where deployment_id = $1`;
        return (await platform.pool.query(query, [deploymentId])).rowCount === 0;
      });
    }
  });

  test('an image that can not be pulled shows with its reason and holds the rollout; a rollback ends it', async () => {
    const { tenant } = member;
    const [good, bad] = [await push('good'), await push('bad')];
    platform.fates.set(bad, 'WAITING');
    const { deploymentId } = await create({ spec: { image: good }, replicas: 3 });
    await platform.completed(deploymentId);
    await platform.do(tenant, 'UpgradeDeployment', { deploymentId, spec: { image: bad } });
    await platform.recorded(deploymentId, 'InstanceWaiting');
    const waiting = (await platform.events(deploymentId)).find(({ type }) => type === 'InstanceWaiting');
    expect(waiting?.data).toMatchObject({ reason: 'IMAGE_PULL_FAILED', message: 'simulated: WAITING' });
    expect(platform.images()).toEqual([good, good, good, bad].sort());
    expect(await platform.types(deploymentId)).not.toContain('InstanceStopRequested');
    await platform.do(tenant, 'RollbackDeployment', { deploymentId, toRelease: null });
    await platform.completed(deploymentId, 2);
    await platform.until('three good ones run', () => platform.images().join() === [good, good, good].join());
    checkHistory(await platform.events(deploymentId));
    await platform.do(tenant, 'DeleteDeployment', { deploymentId });
    await platform.recorded(deploymentId, 'DeploymentDeleted');
  });

  test('what is done belongs to the request that asked for it, and says who did it', async () => {
    const { tenant } = member;
    const { deploymentId } = await platform.do(tenant, 'CreateDeployment', await platform.input(member), {
      key: 'who',
    });
    await platform.completed(deploymentId);
    const events = await platform.events(deploymentId);
    expect(new Set(events.map(({ correlation }) => correlation))).toEqual(new Set(['who']));
    expect(new Set(events.map(({ tenant: of }) => of))).toEqual(new Set([tenant]));
    const actors = Object.fromEntries(events.map(({ type, actor }) => [type, actor.split('_')[0]]));
    expect({ RolloutProgressed: 'service:deploy', ...actors }).toEqual({
      RolloutProgressed: 'service:deploy',
      DeploymentCreated: 'user:test',
      ReleaseCreated: 'user:test',
      RolloutStarted: 'user:test',
      InstancePlaced: 'user:test',
      HoldingChanged: 'user:test',
      InstanceStarted: 'node:node',
      InstanceReady: 'node:node',
      RolloutCompleted: 'service:deploy',
      ImageProven: 'service:deploy',
    });
    await platform.do(tenant, 'DeleteDeployment', { deploymentId });
    await platform.recorded(deploymentId, 'DeploymentDeleted');
  });

  test('is in the tables when they are rebuilt beside themselves, row for row, and goes on after it', async () => {
    const { tenant } = member;
    const { deploymentId } = await create();
    await platform.completed(deploymentId);
    const gone = await create({ replicas: 1 });
    await platform.completed(gone.deploymentId);
    await platform.do(tenant, 'DeleteDeployment', { deploymentId: gone.deploymentId });
    await platform.recorded(gone.deploymentId, 'DeploymentDeleted');
    const rows = async () => {
      const all: Record<string, unknown> = {};
      for (const table of tables) {
        // What the rollout controller marks is its own, and not rebuilt.
        const { rows: found } = await platform.pool.query<{ row: object }>(
          `select to_jsonb(t) - 'settled_version' - 'settled_capacity' as row from deploy.${table} t order by t::text`,
        );
        all[table] = found.map(({ row }) => JSON.stringify(row)).toSorted();
      }
      return all;
    };
    await platform.tablesHave();
    const before = await rows();
    await platform.pool.query('delete from deploy.release; update deploy.node_document set generation = 1');
    const where = { pool: platform.pool, schema: 'deploy' };
    expect(await requestRebuild(where, TABLES_CONSUMER)).toMatchObject({ outcome: 'requested' });
    await platform.until('the tables are rebuilt', async () => {
      const [known] = await listProjections(where);
      if (known?.rebuild?.phase === 'failed') throw new Error(known.rebuild.note ?? 'failed');
      return known?.rebuild?.phase === 'done';
    });
    expect(await rows()).toEqual(before);
    await platform.do(tenant, 'DeleteDeployment', { deploymentId });
    await platform.recorded(deploymentId, 'DeploymentDeleted');
  });

  test('from the command to the agent holding it takes milliseconds, not rounds of polling', async () => {
    const { tenant } = member;
    const times: number[] = [];
    const input = await platform.input(member, { replicas: 1 });
    // Nobody looks by itself: without being woken no agent would have it before the test's patience is over.
    for (const agent of platform.agents) agent.beatEvery(60_000);
    for (let n = 0; n < 20; n++) {
      const begun = performance.now();
      const { deploymentId } = await platform.do(tenant, 'CreateDeployment', { ...input, name: `quick-${n}` });
      const seenAt = () => {
        const instances = platform.agents.flatMap((agent) => [...agent.firstSeen]);
        return instances.find(([, at]) => at > begun)?.[1];
      };
      await platform.until('an agent has it', () => seenAt() !== undefined);
      times.push((seenAt() ?? 0) - begun);
      await platform.do(tenant, 'DeleteDeployment', { deploymentId });
      await platform.recorded(deploymentId, 'DeploymentDeleted');
    }
    times.sort((a, b) => a - b);
    const [median, worst] = [times[10] ?? 0, times.at(-1) ?? 0];
    console.info(`command → agent: median ${median.toFixed(1)} ms, worst ${worst.toFixed(1)} ms`);
    for (const agent of platform.agents) agent.beatEvery(HEARTBEAT_MS);
    for (const { nodeId } of platform.agents) await platform.nodeIs(nodeId, 'ready');
  });
});

describe('a rollout that has no room', () => {
  test('says so, and goes on by itself when room comes free', async () => {
    const small = await Platform.start();
    try {
      await small.service();
      const tenant = await small.tenant();
      await small.agent({ maxInstances: 2 });
      const input = await small.input(tenant, { replicas: 1 });
      const first = await small.do(tenant.tenant, 'CreateDeployment', input);
      const other = await small.do(tenant.tenant, 'CreateDeployment', { ...input, name: 'other' });
      await small.completed(first.deploymentId);
      await small.completed(other.deploymentId);
      await small.do(tenant.tenant, 'UpgradeDeployment', { ...first, spec: { env: { VERSION: '2' } } });
      await small.recorded(first.deploymentId, 'RolloutBlocked');
      const blocked = (await small.events(first.deploymentId)).find(({ type }) => type === 'RolloutBlocked');
      expect(blocked?.data).toMatchObject({
        reason: 'INSUFFICIENT_CAPACITY',
        message: expect.stringContaining('room for 0 instances'),
      });
      await small.do(tenant.tenant, 'DeleteDeployment', other);
      await small.completed(first.deploymentId, 2);
      expect(await small.types(first.deploymentId)).toContain('RolloutUnblocked');
    } finally {
      await small.stop();
    }
  });
});
