/** Nodes that report, fall silent, die and come back. */

import { PLATFORM } from '@atoll/schema/ids';
import { reportReply } from '@atoll/schema/node/workloads';
import { nodeSubjects } from '@atoll/schema/subjects';
import { newId } from '@atoll/service/ids';
import { requestJson } from '@atoll/service/nats';
import { afterEach, describe, expect, test } from 'vitest';
import type { FakeAgent } from './agent.ts';
import { checkHistory, heldBy } from './history.ts';
import { type Member, Platform } from './platform.ts';

const quick = { suspectSeconds: 2, deadSeconds: 3 };
const platforms: Platform[] = [];

async function start(options?: Parameters<Platform['service']>[0]) {
  const platform = await Platform.start();
  platforms.push(platform);
  const service = await platform.service(options);
  const member = await platform.tenant();
  const input = await platform.input(member);
  return { platform, service, member, input };
}
afterEach(async () => {
  for (const platform of platforms.splice(0)) await platform.stop();
});

async function created(platform: Platform, { tenant }: Member, input: Awaited<ReturnType<Platform['input']>>) {
  const { deploymentId } = await platform.do(tenant, 'CreateDeployment', input);
  await platform.completed(deploymentId);
  return deploymentId;
}
/** In place of its agent, which is down: what that says by itself could overtake it, and be newer. */
const says = (platform: Platform, { nodeId }: FakeAgent, report: object) =>
  requestJson(platform.nc, nodeSubjects.workloadsReport(nodeId), report, { timeoutMs: 10_000 });
/** Until the clock says so: for what must not happen in that time. */
const passed = (platform: Platform, seconds: number) => {
  const end = Date.now() + seconds * 1000;
  return platform.until('time passes', () => Date.now() >= end);
};

test('a process that begins to serve tells the nodes: who had asked one that is gone asks again', async () => {
  const { platform, member, input } = await start();
  const agent = await platform.agent();
  await created(platform, member, input);
  const { wakes } = agent;
  await platform.service();
  await platform.until('the agent is woken', () => agent.wakes > wakes);
});

describe('a node that dies', () => {
  test('is unreachable first, then lost with what it ran, which is replaced elsewhere; when it is back, it is cleaned up', async () => {
    const { platform, member, input } = await start(quick);
    const [a, b] = [await platform.agent(), await platform.agent()];
    const deploymentId = await created(platform, member, input);
    expect([a.containers.size, b.containers.size]).toEqual([1, 1]);

    await a.kill();
    await platform.recorded(deploymentId, 'InstanceLost');
    const reason = expect.stringMatching(/Nothing was heard from its agent for [0-9]+ s/);
    expect((await platform.store.readStream(`node:${a.nodeId}`)).slice(2)).toMatchObject([
      { type: 'NodeBecameUnreachable', tenant: 'platform', data: { reason } },
      { type: 'NodeLost', tenant: 'platform', data: { reason, instances: 1 } },
    ]);
    await platform.until('the other one has been heard of since', async () => {
      const { nodes } = await platform.do(PLATFORM, 'ReadHeard', { nodeIds: [a.nodeId, b.nodeId, newId('node')] });
      expect(nodes).toHaveLength(2);
      const [ofA = 0, ofB = 0] = [a, b].map(({ nodeId }) =>
        Date.parse(nodes.find((one) => one.nodeId === nodeId)?.heardAt ?? ''),
      );
      return ofB - ofA > 2000;
    });
    await platform.until('both run on the other', () => b.containers.size === 2);
    await platform.recorded(deploymentId, 'InstanceReady', 3);
    expect(a.containers.size).toBe(1);

    await a.start();
    await platform.until('the old one is gone', () => a.containers.size === 0);
    await platform.nodeIs(a.nodeId, 'ready');
    expect((await platform.nodeTypes(a.nodeId)).slice(-2)).toEqual(['NodeLost', 'NodeBecameReady']);
    const state = checkHistory(await platform.events(deploymentId));
    const held = (await platform.held()).filter((line) => line.includes(deploymentId));
    expect(held).toEqual(heldBy(deploymentId, state));
    expect((await platform.types(deploymentId)).filter((type) => type === 'InstanceLost')).toHaveLength(1);
  });

  test('as the only one, blocks its deployments with the reason, until it is back', async () => {
    const { platform, member, input } = await start(quick);
    const agent = await platform.agent();
    const deploymentId = await created(platform, member, input);
    await agent.kill();
    await platform.recorded(deploymentId, 'RolloutBlocked');
    const blocked = (await platform.events(deploymentId)).find(({ type }) => type === 'RolloutBlocked');
    expect(blocked?.data).toMatchObject({ reason: 'NO_READY_NODE', message: expect.stringMatching(/2 of 2 replicas/) });
    await agent.start();
    await platform.recorded(deploymentId, 'RolloutUnblocked');
    await platform.recorded(deploymentId, 'InstanceReady', 4);
    await platform.until('two run', () => agent.containers.size === 2);
    checkHistory(await platform.events(deploymentId));
  });

  test('is left in peace while it is only silent: nothing new comes there, and nothing is taken from it', async () => {
    const { platform, member, input } = await start({ suspectSeconds: 2, deadSeconds: 600 });
    const [a, b] = [await platform.agent(), await platform.agent()];
    const before = await created(platform, member, input);
    await a.kill();
    await platform.nodeIs(a.nodeId, 'unreachable');
    const { deploymentId } = await platform.do(member.tenant, 'CreateDeployment', { ...input, name: 'new' });
    await platform.completed(deploymentId);
    expect([a.containers.size, b.containers.size]).toEqual([1, 3]);
    const placed = (await platform.events(deploymentId)).find(({ type }) => type === 'InstancePlaced');
    expect(placed?.data).toMatchObject({
      decision: { filtered: [{ nodeId: a.nodeId, reason: expect.stringMatching(/not ready: Nothing was heard/) }] },
    });
    await a.start();
    await platform.nodeIs(a.nodeId, 'ready');
    expect(await platform.types(before)).not.toContain('InstanceLost');
  });
});

describe('the control plane away for longer than a node may be silent', () => {
  async function noNodeWasMissed(platform: Platform, deploymentId: Awaited<ReturnType<typeof created>>) {
    for (const { nodeId } of platform.agents) {
      expect(await platform.nodeTypes(nodeId)).toEqual(['NodeRegistered', 'NodeBecameReady']);
    }
    expect(await platform.types(deploymentId)).not.toContain('InstanceLost');
  }
  const heardAgain = (platform: Platform) =>
    platform.until('all are heard again', async () => {
      const query = "select from deploy.node_hearing where heard_at > clock_timestamp() - interval '500 ms'";
      return (await platform.pool.query(query)).rowCount === platform.agents.length;
    });

  test('as a process, holds it against no node', async () => {
    const { platform, service, member, input } = await start(quick);
    await platform.agent();
    const deploymentId = await created(platform, member, input);
    await service.stop();
    await passed(platform, 4);
    await platform.service(quick);
    await heardAgain(platform);
    await passed(platform, 2.5);
    await noNodeWasMissed(platform, deploymentId);
  });

  test('for want of NATS, holds it against no node', async () => {
    const { platform, member, input } = await start(quick);
    await platform.agent();
    const deploymentId = await created(platform, member, input);
    await platform.nats.kill();
    await passed(platform, 4);
    await platform.nats.restart();
    await heardAgain(platform);
    await passed(platform, 2.5);
    await noNodeWasMissed(platform, deploymentId);
  });
});

describe('a report', () => {
  test('that is of another node than its subject is refused', async () => {
    const { platform, member, input } = await start();
    const [a, b] = [await platform.agent(), await platform.agent()];
    const deploymentId = await created(platform, member, input);
    const reply = requestJson(platform.nc, nodeSubjects.workloadsReport(a.nodeId), b.snapshot(), { timeoutMs: 10_000 });
    expect(await reply).toMatchObject({
      error: { code: 'INVALID_ARGUMENT', message: expect.stringContaining(b.nodeId) },
    });
    expect((await platform.events(deploymentId)).at(-1)?.type).toBe('RolloutCompleted');
  });

  test.each([
    ['of something else', (): unknown => 'nonsense', 'workloads.report'],
    ['with a field too many', (): unknown => ({ generation: 0, more: 1 }), 'workloads.pull'],
  ])('%s is refused with what is wrong', async (_, body, what) => {
    const { platform } = await start();
    const reply = await requestJson(platform.nc, `node.${newId('node')}.${what}`, body(), { timeoutMs: 10_000 });
    expect(reply).toMatchObject({ error: { code: 'INVALID_ARGUMENT' } });
    const stranger = await requestJson(platform.nc, `node.me.${what}`, { generation: 0 }, { timeoutMs: 10_000 });
    expect(stranger).toMatchObject({ error: { code: 'INVALID_ARGUMENT' } });
  });

  test('that comes after a newer one changes nothing', async () => {
    const { platform, member, input } = await start();
    const agent = await platform.agent();
    const old = agent.snapshot();
    const deploymentId = await created(platform, member, input);
    const events = await platform.events(deploymentId);
    await agent.report({ ...old, generation: agent.generation, instances: [] });
    await agent.report({ ...old, name: 'other' });
    expect(await platform.events(deploymentId)).toEqual(events);
    expect(await platform.nodeTypes(agent.nodeId)).toEqual(['NodeRegistered', 'NodeBecameReady']);
  });

  test('of another agent than the one that is heard of is refused, and changes nothing, until that one is silent', async () => {
    const { platform, member, input } = await start();
    const agent = await platform.agent();
    const deploymentId = await created(platform, member, input);
    await agent.kill();
    const [mine, other] = [
      { id: 'a'.repeat(32), host: 'first' },
      { id: 'b'.repeat(32), host: 'second' },
    ];
    const said = async (by: typeof mine, more: object = {}) => {
      const body = { ...agent.snapshot(), generation: agent.generation, agent: by, ...more };
      const reply = await requestJson(platform.nc, nodeSubjects.workloadsReport(agent.nodeId), body, {
        timeoutMs: 10_000,
      });
      return reportReply.parse(reply).refused;
    };
    expect(await said(mine)).toBeNull();
    const before = await platform.events(deploymentId);
    // It runs nothing, and is larger: neither is so of the node.
    const refused = await said(other, { instances: [], maxInstances: 99 });
    expect(refused).toContain(`${agent.nodeId} is run by another agent, on the machine first`);
    expect(refused).toContain('ATOLL_NODE_ID');
    expect(await platform.events(deploymentId)).toEqual(before);
    expect(await platform.nodeTypes(agent.nodeId)).toEqual(['NodeRegistered', 'NodeBecameReady']);
    expect(await said(mine)).toBeNull();
    await platform.pool.query(`update deploy.node_hearing set heard_at = heard_at - interval '16 seconds'`);
    expect(await said(other)).toBeNull();
    expect(await said(mine)).toContain('on the machine second');
  });

  test('that says that a node has changed, changes what is placed there', async () => {
    const { platform, member, input } = await start();
    const agent = await platform.agent();
    await agent.kill();
    await says(platform, agent, { ...agent.snapshot(), maxInstances: 1 });
    expect(await platform.nodeTypes(agent.nodeId)).toEqual(['NodeRegistered', 'NodeBecameReady', 'NodeChanged']);
    await platform.until('it is known', async () => {
      const { rows } = await platform.pool.query('select from deploy.node where max_instances = 1');
      return rows.length === 1;
    });
    const reply = await platform.send(member.tenant, 'CreateDeployment', input);
    expect(reply).toMatchObject({ ok: false, error: { code: 'INSUFFICIENT_CAPACITY' } });
  });

  test('without an instance that stops counts only once its agent works without it', async () => {
    const { platform, member, input } = await start();
    const agent = await platform.agent();
    const deploymentId = await created(platform, member, input);
    await agent.kill();
    const old = agent.generation;
    await platform.do(member.tenant, 'DeleteDeployment', { deploymentId });
    await platform.recorded(deploymentId, 'InstanceStopRequested', 2);
    const told = async (generation: number) => {
      const body = { ...agent.snapshot(), generation, instances: [] };
      const reply = await requestJson(platform.nc, nodeSubjects.workloadsReport(agent.nodeId), body, {
        timeoutMs: 10_000,
      });
      return (reply as { generation: number }).generation;
    };
    // It holds the old document and its containers fell over: it may be about to start them again.
    let newest = old;
    await platform.until('the node is told to pull', async () => {
      newest = await told(old);
      return newest > old;
    });
    expect(await platform.types(deploymentId)).not.toContain('InstanceStopped');
    await told(newest);
    await platform.recorded(deploymentId, 'DeploymentDeleted');
    expect((await platform.types(deploymentId)).filter((type) => type === 'InstanceStopped')).toHaveLength(2);
  });

  test('of an instance that vanished is news once it had served, and it stays wanted', async () => {
    const { platform, member, input } = await start();
    const agent = await platform.agent();
    const deploymentId = await created(platform, member, input);
    await agent.kill();
    agent.containers.clear();
    await says(platform, agent, agent.snapshot());
    await agent.start();
    await platform.recorded(deploymentId, 'InstanceUnready', 2);
    await platform.recorded(deploymentId, 'InstanceReady', 4);
    expect(agent.containers.size).toBe(2);
    expect(await platform.types(deploymentId)).not.toContain('InstanceStopRequested');
  });
});

describe('what nodes should run', () => {
  test('is told the same by every process, and can be built again from the events', async () => {
    const { platform, service, member, input } = await start();
    const agent = await platform.agent();
    await created(platform, member, input);
    const kept = await created(platform, member, { ...input, name: 'kept', replicas: 3 });
    await platform.do(member.tenant, 'ScaleDeployment', { deploymentId: kept, replicas: 1 });
    await platform.recorded(kept, 'InstanceStopped', 2);
    await agent.kill();
    await platform.until('all is settled', async () => {
      await platform.tablesHave();
      const { rows } = await platform.pool.query('select from deploy.deployment where version > settled_version');
      return rows.length === 0;
    });
    const tables = ['node', 'node_document', 'namespace', 'deployment', 'release', 'instance', 'capacity'];
    const dump = async () => {
      const all: Record<string, unknown> = {};
      for (const table of tables) {
        const { rows } = await platform.pool.query<{ row: unknown }>(
          `select to_jsonb(t) - 'settled_version' - 'settled_capacity' as row from deploy.${table} t order by 1`,
        );
        all[table] = rows.map(({ row }) => row);
      }
      return all;
    };
    const pull = () =>
      requestJson(platform.nc, nodeSubjects.workloadsPull(agent.nodeId), { generation: 0 }, { timeoutMs: 10_000 });
    const [before, document] = [await dump(), await pull()];
    await service.stop();
    await platform.pool.query(`truncate ${tables.map((table) => `deploy.${table}`).join()}`);
    await platform.pool.query('insert into deploy.capacity (position) values (0)');
    await platform.pool.query('delete from deploy.consumer');
    await platform.service();
    await platform.until(
      'the tables are as they were',
      async () => JSON.stringify(await dump()) === JSON.stringify(before),
    );
    expect(await pull()).toEqual(document);
  });
});
