/** Quotas end to end: the deploy service, the real ledger of tenancy, and what becomes of both when one of them dies. */
import type { CommandReply } from '@atoll/schema/envelope';
import type { Id } from '@atoll/schema/ids';
import { createCommandClient } from '@atoll/service/commands';
import { newId } from '@atoll/service/ids';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { expectRefused, type Member, Platform } from './platform.ts';

let platform: Platform;

beforeAll(async () => {
  platform = await Platform.start();
  // A node is known by a report to the service.
  await platform.service();
  await platform.agent({ maxInstances: 400 });
});
afterEach(() => Promise.all(platform.services.splice(0).map((service) => service.stop())));
afterAll(() => platform.stop());
/** Processes are started and killed. */
const slow = { timeout: 120_000 };

const ledgerIs = (member: Member, instances: number) =>
  platform.until(
    `the ledger has ${instances} instances and nothing under way`,
    async () => {
      const held = await platform.ledger(member.tenant);
      return (held.instances ?? 0) === instances && (await platform.reservations()) === 0;
    },
    60_000,
  );
const idOf = (reply: CommandReply): Id<'deployment'> => {
  if (!reply.ok) throw new Error(`${reply.error.code}: ${reply.error.message}`);
  return (reply.result as { deploymentId: Id<'deployment'> }).deploymentId;
};
/** Sends it again under its key, as a client does that has no answer, until it is told what became of it. */
async function insist(send: () => Promise<CommandReply>): Promise<CommandReply> {
  let reply = await send();
  await platform.until('the command is answered', async () => {
    if (!reply.ok && ['UNAVAILABLE', 'UNKNOWN_OUTCOME', 'DEADLINE_EXCEEDED'].includes(reply.error.code)) {
      reply = await send();
      return false;
    }
    return true;
  });
  return reply;
}

test(
  'a deployment counts in its namespace, its environment and its tenant, and no more once it is gone',
  slow,
  async () => {
    await platform.service();
    const member = await platform.tenant();
    const deploymentId = idOf(await platform.send(member.tenant, 'CreateDeployment', await platform.input(member)));
    await platform.completed(deploymentId);
    await ledgerIs(member, 2);
    expect(await platform.ledger(member.namespaceId)).toEqual({ cpuMillis: 200, instances: 2, memoryMiB: 128 });
    // The surge counts from the rollout's start to its end.
    await platform.do(member.tenant, 'UpgradeDeployment', { deploymentId, spec: { env: { A: 'b' } } });
    expect((await platform.ledger(member.tenant)).instances).toBe(3);
    await platform.completed(deploymentId, 2);
    await ledgerIs(member, 2);
    await platform.do(member.tenant, 'DeleteDeployment', { deploymentId });
    await ledgerIs(member, 0);
  },
);

test(
  'without the ledger nothing grows and nothing is half-done; what is under way goes on, and shrinking too',
  slow,
  async () => {
    await platform.service();
    const member = await platform.tenant();
    const input = await platform.input(member, { replicas: 3 });
    const deploymentId = idOf(await platform.send(member.tenant, 'CreateDeployment', input));
    await platform.completed(deploymentId);
    await platform.do(member.tenant, 'UpgradeDeployment', { deploymentId, spec: { env: { A: 'b' } } });
    await platform.tenancy?.kill();
    await platform.completed(deploymentId, 2);
    const before = await platform.events(deploymentId);
    const more = () =>
      platform.send(member.tenant, 'ScaleDeployment', { deploymentId, replicas: 9 }, { timeoutMs: 4000 });
    expectRefused(await more(), 'UNAVAILABLE', /Nothing was done/);
    expect(await platform.events(deploymentId)).toEqual(before);
    await platform.do(member.tenant, 'ScaleDeployment', { deploymentId, replicas: 1 });
    await platform.recorded(deploymentId, 'InstanceStopped', 5);
    await platform.startTenancy();
    await ledgerIs(member, 1);
    expect((await insist(more)).ok).toBe(true);
    await ledgerIs(member, 9);
    await platform.do(member.tenant, 'DeleteDeployment', { deploymentId });
    await ledgerIs(member, 0);
  },
);

const deaths = [
  ['before it reserves', 'quota.before-reserve=kill'],
  ['between reservation and commit', 'quota.after-reserve=kill'],
  ['before its commit is sent', 'append.before-commit=kill'],
  ['after its commit', 'append.after-commit=kill'],
  ['before its answer', 'command.before-answer=kill'],
] as const;
test.each(deaths)(
  'killed %s: repeated under its key it is done once, and nothing leaks',
  slow,
  async (_, failpoints) => {
    const member = await platform.tenant({ instances: 4 });
    const input = await platform.input(member, { replicas: 4 });
    const dying = await platform.process({ armable: true, quotaSeconds: 3 });
    await platform.until('the namespace is open', async () => {
      return (await platform.store.readStream(`namespace:${member.namespaceId}`)).length > 0;
    });
    await dying.arm(failpoints);
    const key = newId('event');
    const create = () => platform.send(member.tenant, 'CreateDeployment', input, { key, timeoutMs: 3000 });
    const first = create();
    await platform.until('it is dead', () => dying.ended());
    expect((await first).ok).toBe(false);
    await platform.service();
    // All that there is: it goes through only once what was reserved for the first attempt is given back.
    let reply = await create();
    await platform.until('it is done', async () => {
      if (!reply.ok) reply = await create();
      return reply.ok;
    });
    const deploymentId = idOf(reply);
    await platform.completed(deploymentId);
    await ledgerIs(member, 4);
    await platform.do(member.tenant, 'DeleteDeployment', { deploymentId });
    await ledgerIs(member, 0);
  },
);

test('a commit that comes after its reservation’s time is none', slow, async () => {
  const member = await platform.tenant();
  const slowed = await platform.process({ armable: true, quotaSeconds: 3 });
  await slowed.arm('quota.after-reserve=delay(2500)');
  const input = await platform.input(member);
  const reply = await platform.send(member.tenant, 'CreateDeployment', input, { timeoutMs: 9000 });
  expectRefused(reply, 'UNAVAILABLE', /kept no longer/);
  await ledgerIs(member, 0);
  expect(
    (
      await platform.pool.query('select from deploy.event where type = $1 and tenant = $2', [
        'DeploymentCreated',
        member.tenant,
      ])
    ).rowCount,
  ).toBe(0);
});

test('fifty commands at once on one deployment leave the ledger with what it holds', slow, async () => {
  await platform.service();
  const member = await platform.tenant();
  const deploymentId = idOf(await platform.send(member.tenant, 'CreateDeployment', await platform.input(member)));
  await platform.completed(deploymentId);
  const replies = await Promise.all(
    Array.from({ length: 50 }, (_, n) =>
      platform.send(member.tenant, 'ScaleDeployment', { deploymentId, replicas: 1 + ((n * 7) % 20) }),
    ),
  );
  expect(replies.some(({ ok }) => ok)).toBe(true);
  const last = (await platform.events(deploymentId)).findLast((event) => event.type === 'DeploymentScaled');
  const replicas = last?.type === 'DeploymentScaled' ? last.data.replicas : 0;
  await ledgerIs(member, replicas);
  await platform.do(member.tenant, 'DeleteDeployment', { deploymentId });
  await ledgerIs(member, 0);
});

test('another tenant’s namespace is answered as one that isn’t there', slow, async () => {
  await platform.service();
  const [mine, theirs] = [await platform.tenant(), await platform.tenant()];
  const ask = async (member: Member) =>
    platform.send(mine.tenant, 'CreateDeployment', { ...(await platform.input(member)), name: 'web' });
  expect(await ask(theirs)).toEqual(await ask({ ...theirs, namespaceId: newId('namespace') }));
  const reserve = (namespaceId: Id<'namespace'>) =>
    createCommandClient(platform.nc).call('tenancy', 'ReserveQuota', {
      ...{ key: newId('event'), tenant: mine.tenant, actor: 'service:deploy', correlation: 'c', traceparent: null },
      ...{ deadline: Date.now() + 5000, seen: {}, expectedVersion: null },
      data: { holderId: newId('deployment'), name: 'web', owner: 'deploy', namespaceId, amounts: { instances: 1 } },
    });
  expect(await reserve(theirs.namespaceId)).toEqual(await reserve(newId('namespace')));
});
