/** What must never run twice: leases of nodes, who gets one, and when a node counts as lost. */
import { PLATFORM } from '@atoll/schema/ids';
import { type ReportReply, reportReply } from '@atoll/schema/node/workloads';
import { nodeSubjects } from '@atoll/schema/subjects';
import { requestJson } from '@atoll/service/nats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { markLost } from '../src/nodes/losing.ts';
import type { FakeAgent } from './agent.ts';
import { expectRefused, type Member, Platform } from './platform.ts';

const mine = { id: 'a'.repeat(32), host: 'first' };
const copied = { id: 'b'.repeat(32), host: 'second' };

let platform: Platform;
let member: Member;
beforeAll(async () => {
  platform = await Platform.start();
  await platform.service({ leaseSeconds: 40 });
  member = await platform.tenant();
});
afterAll(() => platform.stop());

/** Its node has one instance and takes no more; from then on it says only what the test says. */
async function silentWith({ fenced }: { readonly fenced: boolean }) {
  const agent = await platform.agent({ maxInstances: 1 });
  const strategy = { maxSurge: 0, maxUnavailable: 1 };
  const input = await platform.input(member, { replicas: 1, strategy, fenced });
  const { deploymentId } = await platform.do(member.tenant, 'CreateDeployment', input);
  await platform.completed(deploymentId);
  await agent.kill();
  return { agent, deploymentId };
}
async function said(agent: FakeAgent, by: typeof mine | null = mine): Promise<ReportReply> {
  const body = { ...agent.snapshot(), ...(by ? { agent: by } : {}) };
  const subject = nodeSubjects.workloadsReport(agent.nodeId);
  return reportReply.parse(await requestJson(platform.nc, subject, body, { timeoutMs: 10_000 }));
}
async function hearing({ nodeId }: FakeAgent): Promise<{ sequence: number; lost: boolean }> {
  const { rows } = await platform.pool.query<{ sequence: number; lost: boolean }>(
    'select sequence, lost from deploy.node_hearing where node_id = $1',
    [nodeId],
  );
  return rows[0] ?? { sequence: 0, lost: false };
}
const age = ({ nodeId }: FakeAgent, seconds: number) =>
  platform.pool.query(
    'update deploy.node_hearing set heard_at = heard_at - make_interval(secs => $2) where node_id = $1',
    [nodeId, seconds],
  );
/** Nothing of the next test comes to a node where nobody would run it. */
async function close({ agent, deploymentId }: Awaited<ReturnType<typeof silentWith>>): Promise<void> {
  await platform.do(PLATFORM, 'CordonNode', { nodeId: agent.nodeId, note: '' });
  await platform.do(member.tenant, 'DeleteDeployment', { deploymentId });
}

test('a node gets a lease with each report while something fenced is on it, and none otherwise', async () => {
  const plain = await silentWith({ fenced: false });
  expect((await said(plain.agent)).leaseMs).toBeNull();
  const fenced = await silentWith({ fenced: true });
  const reply = await said(fenced.agent);
  expect(reply).toMatchObject({ leaseMs: 40_000, refused: null, generation: fenced.agent.generation });
  // One that doesn't say who it is could be two.
  await age(fenced.agent, 61);
  expect((await said(fenced.agent, null)).leaseMs).toBeNull();
  for (const one of [plain, fenced]) await close(one);
});

test('another agent is not believed while the one before may hold a lease, however long it is silent', async () => {
  const { agent, deploymentId } = await silentWith({ fenced: true });
  expect((await said(agent)).leaseMs).toBe(40_000);
  // Longer than an agent without a lease would be waited for.
  await age(agent, 50);
  const refused = await said(agent, copied);
  expect(refused.leaseMs).toBeNull();
  expect(refused.refused).toMatch(/run by another agent, on the machine first.* takes over 60 s later/);
  await age(agent, 11);
  expect(await said(agent, copied)).toMatchObject({ refused: null, leaseMs: 40_000 });
  await close({ agent, deploymentId });
});

test('a node that is heard of is not lost: not by an older look, not by one at this moment, not within its lease', async () => {
  const { agent, deploymentId } = await silentWith({ fenced: true });
  await said(agent);
  const { nodeId } = agent;
  const { sequence } = await hearing(agent);
  expect(await markLost(platform.pool, { nodeId, sequence: sequence - 1, silentMs: 1e9 })).toBe(false);
  expect(await markLost(platform.pool, { nodeId, sequence, silentMs: 59_999 })).toBe(false);
  const report = await platform.pool.connect();
  await report.query('begin');
  await report.query('select from deploy.node_hearing where node_id = $1 for update', [nodeId]);
  expect(await markLost(platform.pool, { nodeId, sequence, silentMs: 1e9 })).toBe(false);
  await report.query('rollback');
  report.release();
  expect((await hearing(agent)).lost).toBe(false);
  expect(await markLost(platform.pool, { nodeId, sequence, silentMs: 60_000 })).toBe(true);
  await said(agent);
  await close({ agent, deploymentId });
});

test('a node that comes back after it was lost gets a lease for a document without what it has lost, and not before', async () => {
  const { agent, deploymentId } = await silentWith({ fenced: true });
  await said(agent);
  const { nodeId } = agent;
  const { sequence } = await hearing(agent);
  expect(await markLost(platform.pool, { nodeId, sequence, silentMs: 1e9 })).toBe(true);

  // The tables that its document is made of can't follow: nothing is promised by what they say.
  const holder = await platform.pool.connect();
  await holder.query('begin');
  await holder.query('lock table deploy.node_document in share mode');
  let answered: ReportReply | null = null;
  const answer = said(agent).then((reply) => {
    answered = reply;
    return reply;
  });
  await platform.recorded(deploymentId, 'InstanceLost');
  const end = Date.now() + 700;
  await platform.until('time passes', () => Date.now() >= end);
  expect(answered).toBeNull();
  await holder.query('rollback');
  holder.release();

  const { leaseMs, generation } = await answer;
  const lost = (await platform.events(deploymentId)).find(({ type }) => type === 'InstanceLost');
  expect(generation).toBeGreaterThanOrEqual(lost?.position ?? Number.POSITIVE_INFINITY);
  expect((await hearing(agent)).lost).toBe(false);
  // What was on it is none of its any more: it needs no lease for that by the next report.
  expect([40_000, null]).toContain(leaseMs);
  expect(await platform.nodeTypes(nodeId)).toEqual([
    'NodeRegistered',
    'NodeBecameReady',
    'NodeLost',
    'NodeBecameReady',
  ]);
  await close({ agent, deploymentId });
});

test('what is fenced is refused a surge, and says it never runs twice in the document of its node', async () => {
  const input = await platform.input(member, { fenced: true, replicas: 1 });
  expectRefused(await platform.send(member.tenant, 'CreateDeployment', input), 'INVALID_ARGUMENT', /maxSurge 0/);
});
