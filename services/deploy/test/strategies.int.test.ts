/** Rollouts that replace in other ways than one by one, with the service as it runs, and as it is killed. */
import type { DeployInput } from '@atoll/schema/deploy/commands';
import type { RolloutStrategy } from '@atoll/schema/deploy/strategies';
import type { Id } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkHistory } from './history.ts';
import { expectRefused, type Member, Platform, type Recorded, type Running } from './platform.ts';

/** A busy machine takes several times as long as a quiet one. */
const patience = { timeout: 120_000 };

let platform: Platform;
let member: Member;
let service: Running;

beforeAll(async () => {
  platform = await Platform.start();
  service = await platform.service();
  member = await platform.tenant({ instances: 40 });
  await platform.agent();
  await platform.agent();
});
afterAll(() => platform.stop());

const push = (text: string) => platform.registry.push('team/web', text);
type Policy = DeployInput<'CreateDeployment'>['policy'];
async function deployed(text: string, rollouts: RolloutStrategy, replicas = 3, policy: Policy = {}) {
  const image = await push(text);
  const input = await platform.input(member, { replicas, rollouts, policy, spec: { image } });
  const { deploymentId } = await platform.do(member.tenant, 'CreateDeployment', input);
  await platform.completed(deploymentId);
  return { deploymentId, image };
}
const upgrade = (deploymentId: Id<'deployment'>, image: string) =>
  platform.do(member.tenant, 'UpgradeDeployment', { deploymentId, spec: { image } });
const promote = (deploymentId: Id<'deployment'>, full = false) =>
  platform.do(member.tenant, 'PromoteRollout', { deploymentId, full });
const running = (image: string) => platform.images().filter((one) => one === image).length;
const both = (old: string, of: number, next: string, to: number) =>
  platform.until(`${of} old and ${to} new ones run`, () => running(old) === of && running(next) === to);
/** The service in a process of its own, until it is killed; then another one goes on. */
async function doomed() {
  await service.stop();
  const process = await platform.process();
  return async () => {
    await process.kill();
    service = await platform.service();
    await platform.until('it answers', async () => {
      const nobody = { deploymentId: newId('deployment') };
      const reply = await platform.send(member.tenant, 'SuspendRollout', nobody);
      return !reply.ok && reply.error.code === 'NOT_FOUND';
    });
  };
}
const dataOf = <T extends Recorded['type']>(events: readonly Recorded[], type: T) =>
  events.flatMap((event) => (event.type === type ? [event.data as Extract<Recorded, { type: T }>['data']] : []));

test(
  'recreating, a killed service leaves nothing two-fold: the new ones come when the last old one is gone',
  patience,
  async () => {
    const { deploymentId, image } = await deployed('alone-1', { kind: 'RECREATE' });
    const next = await push('alone-2');
    const crash = await doomed();
    await upgrade(deploymentId, next);
    await platform.recorded(deploymentId, 'InstanceStopRequested');
    await crash();
    await platform.completed(deploymentId, 2);
    await both(image, 0, next, 3);
    // A bad one: the way back is the same way.
    const bad = await push('alone-3');
    platform.fates.set(bad, 'WAITING');
    // From here on: no death of the service counts as want of progress.
    const policy = { progressDeadlineSeconds: 8, onFailure: 'GRADUAL' } as const;
    await platform.do(member.tenant, 'SetRolloutPolicy', { deploymentId, policy });
    await upgrade(deploymentId, bad);
    await platform.completed(deploymentId, 3);
    await both(bad, 0, next, 3);
    checkHistory(await platform.events(deploymentId));
  },
);

test(
  'a canary goes on as it is told and as time passes, over the death of the service, and is undone by itself',
  patience,
  async () => {
    const { tenant } = member;
    const steps = [10, 50, 70].map((weightPercent, index) => ({
      ...{ count: null, weightPercent, pauseSeconds: index === 1 ? 1 : null },
    }));
    const policy = { onFailure: 'GRADUAL' } as const;
    const { deploymentId, image } = await deployed('canary-1', { kind: 'CANARY', steps }, 4, policy);
    expectRefused(await platform.send(tenant, 'PromoteRollout', { deploymentId, full: false }), 'NO_ROLLOUT_UNDER_WAY');
    expectRefused(await platform.send(tenant, 'AbortRollout', { deploymentId }), 'NO_ROLLOUT_UNDER_WAY', /roll back/);
    const next = await push('canary-2');
    const crash = await doomed();
    platform.fates.set(next, 'STARTING');
    await upgrade(deploymentId, next);
    await platform.recorded(deploymentId, 'InstanceStarted', 5);
    expectRefused(await platform.send(tenant, 'PromoteRollout', { deploymentId, full: false }), 'NOTHING_TO_PROMOTE');
    platform.fates.delete(next);
    await platform.recorded(deploymentId, 'RolloutStepReached');
    await both(image, 3, next, 1);
    // What is only seen may be told late.
    const done = async () =>
      (await platform.types(deploymentId)).filter((type) => !['RolloutProgressed', 'InstanceStopped'].includes(type));
    const paused = await done();
    await crash();
    expect(await done(), 'it waits, whatever restarts').toEqual(paused);
    // To half of them, and from there on by itself to the last step.
    await promote(deploymentId);
    await platform.recorded(deploymentId, 'RolloutStepReached', 3);
    await both(image, 1, next, 3);
    const promoted = dataOf(await platform.events(deploymentId), 'RolloutPromoted');
    expect(promoted.map(({ step, by }) => [step, by])).toEqual([
      [2, 'PERSON'],
      [3, 'TIME'],
    ]);
    // It falls over there, and comes back, twice; the third time is once too often.
    for (const time of [1, 2, 3]) {
      platform.fates.set(next, 'UNREADY');
      await platform.recorded(deploymentId, time < 3 ? 'RolloutStepUndone' : 'RolloutFailed', time % 3 || 1);
      if (time < 3) platform.fates.delete(next);
      if (time < 3) await platform.recorded(deploymentId, 'RolloutStepReached', 3 + time);
    }
    await platform.completed(deploymentId, 2);
    await both(image, 4, next, 0);
    const events = await platform.events(deploymentId);
    expect(dataOf(events, 'RolloutFailed')).toMatchObject([{ reason: 'UNSTABLE', answer: 'GRADUAL' }]);
    expect(dataOf(events, 'RolloutStarted').map(({ kind, strategy }) => [kind, strategy.kind])).toEqual([
      ...[['INITIAL', 'ROLLING'] as const, ['UPGRADE', 'CANARY'] as const, ['ROLLBACK', 'ROLLING'] as const],
    ]);
    checkHistory(events);
  },
);

test(
  'blue-green reserves both, switches at once, and goes back at once while the others are still there',
  patience,
  async () => {
    const { tenant } = member;
    const strategy = { kind: 'BLUE_GREEN', autoPromoteSeconds: null, scaleDownDelaySeconds: 3600 } as const;
    const { deploymentId, image } = await deployed('blue', strategy, 3);
    // Not more than the quota gives: both, and one that may have to move.
    const small = await platform.tenant({ instances: 6 });
    const tight = await platform.input(small, { replicas: 3, rollouts: strategy });
    const { deploymentId: cramped } = await platform.do(small.tenant, 'CreateDeployment', tight);
    await platform.completed(cramped);
    const again = { deploymentId: cramped, spec: { env: { A: 'b' } } };
    expectRefused(await platform.send(small.tenant, 'UpgradeDeployment', again), 'QUOTA_EXCEEDED', /7/);

    const next = await push('green');
    const crash = await doomed();
    await upgrade(deploymentId, next);
    await platform.recorded(deploymentId, 'RolloutStepReached');
    await both(image, 3, next, 3);
    const switches = async () =>
      dataOf(await platform.events(deploymentId), 'TrafficSwitched').map(({ releaseIds }) => releaseIds);
    const [blue, green] = dataOf(await platform.events(deploymentId), 'ReleaseCreated').map(
      ({ releaseId }) => releaseId,
    );
    expect(await switches()).toEqual([[blue]]);
    await crash();
    await promote(deploymentId);
    expect(await switches()).toEqual([[blue], [green]]);
    await platform.recorded(deploymentId, 'RolloutStepReached', 2);
    const since = (await platform.events(deploymentId)).length;
    await platform.do(tenant, 'AbortRollout', { deploymentId });
    await platform.completed(deploymentId, 2);
    await both(image, 3, next, 0);
    expect(await switches()).toEqual([[blue], [green], [blue], null]);
    const back = (await platform.events(deploymentId)).slice(since);
    expect(back.map(({ type }) => type)).not.toContain('InstancePlaced');
    expectRefused(
      await platform.send(tenant, 'RollbackDeployment', { deploymentId, toRelease: null }),
      'NO_EARLIER_RELEASE',
    );

    // Once more, told to do without the others: they stop.
    const last = await push('green-2');
    await upgrade(deploymentId, last);
    await platform.recorded(deploymentId, 'RolloutStepReached', 3);
    await promote(deploymentId, true);
    await platform.completed(deploymentId, 3);
    await both(image, 0, last, 3);
    checkHistory(await platform.events(deploymentId));
  },
);

test(
  'a strategy is that of rollouts that begin from then on, and one that makes no sense is refused and changes nothing',
  patience,
  async () => {
    const { tenant } = member;
    const { deploymentId } = await deployed('later', { kind: 'ROLLING' }, 1);
    const before = await platform.events(deploymentId);
    const refuse = async (strategy: object, message: RegExp) =>
      expectRefused(
        await platform.send(tenant, 'SetRolloutStrategy', {
          deploymentId,
          strategy,
        } as DeployInput<'SetRolloutStrategy'>),
        'INVALID_ARGUMENT',
        message,
      );
    const step = (weightPercent: number) => ({ count: null, weightPercent, pauseSeconds: null });
    await refuse({ kind: 'CANARY', steps: [] }, /at least one step/);
    await refuse({ kind: 'CANARY', steps: [step(50), step(20)] }, /steps must rise: 20 comes after 50/);
    await refuse({ kind: 'CANARY', steps: [step(101)] }, /99/);
    await refuse({ kind: 'RECREATE', steps: [step(10)] }, /steps/);
    expect(await platform.events(deploymentId)).toEqual(before);
    await platform.do(tenant, 'SetRolloutStrategy', { deploymentId, strategy: { kind: 'RECREATE' } });
    await platform.do(tenant, 'SetRolloutStrategy', { deploymentId, strategy: { kind: 'RECREATE' } });
    expect((await platform.types(deploymentId)).slice(before.length)).toEqual(['RolloutStrategySet']);
    await upgrade(deploymentId, await push('later-2'));
    await platform.completed(deploymentId, 2);
    checkHistory(await platform.events(deploymentId));
  },
);
