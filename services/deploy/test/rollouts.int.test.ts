/** Rollouts that stand still or fail, with the service as it runs. */
import type { DeployInput } from '@atoll/schema/deploy/commands';
import type { Id } from '@atoll/schema/ids';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkHistory } from './history.ts';
import { expectRefused, type Member, Platform, type Running } from './platform.ts';

let platform: Platform;
let member: Member;
let service: Running;

beforeAll(async () => {
  platform = await Platform.start();
  service = await platform.service();
  member = await platform.tenant();
  await platform.agent();
  await platform.agent();
});
afterAll(() => platform.stop());

const push = (text: string) => platform.registry.push('team/web', text);
type Policy = DeployInput<'SetRolloutPolicy'>['policy'];
/** The policy is for the rollouts after the first one, whose time isn't what is tested. */
async function deployed(text: string, policy: Policy, replicas = 2) {
  const image = await push(text);
  const input = await platform.input(member, { replicas, spec: { image } });
  const { deploymentId } = await platform.do(member.tenant, 'CreateDeployment', input);
  await platform.completed(deploymentId);
  await platform.do(member.tenant, 'SetRolloutPolicy', { deploymentId, policy });
  return { deploymentId, image };
}
const upgrade = (deploymentId: Id<'deployment'>, image: string) =>
  platform.do(member.tenant, 'UpgradeDeployment', { deploymentId, spec: { image } });
const bad = async (text: string) => {
  const image = await push(text);
  platform.fates.set(image, 'WAITING');
  return image;
};
/** What the service did to instances since the stream had so many events. */
const moved = async (deploymentId: Id<'deployment'>, since: number) =>
  (await platform.types(deploymentId)).slice(since).filter((type) => /^Instance(Placed|StopRequested)$/.test(type));

test('one that gets nowhere fails in time, and is rolled back by itself to the last known good release', async () => {
  const policy = { progressDeadlineSeconds: 5, onFailure: 'GRADUAL' } as const;
  const { deploymentId, image } = await deployed('auto-1', policy);
  const { rolloutId } = await upgrade(deploymentId, await bad('auto-2'));
  // One that is frozen meanwhile, and whose image is gone by the time that it is wanted back.
  const other = await deployed('gone-1', { progressDeadlineSeconds: 5, onFailure: 'FAST' });
  await upgrade(other.deploymentId, await bad('gone-2'));
  await platform.registry.remove(other.image);

  await platform.completed(deploymentId, 2);
  const events = await platform.events(deploymentId);
  const failed = events.find(({ type }) => type === 'RolloutFailed');
  expect(failed?.data).toMatchObject({ rolloutId, answer: 'GRADUAL', targets: 1, extra: 1 });
  expect(failed?.data).toMatchObject({ message: expect.stringContaining('IMAGE_PULL_FAILED: simulated: WAITING') });
  const back = events.findLast(({ type }) => type === 'RolloutStarted');
  expect(back).toMatchObject({
    ...{ actor: 'service:deploy', correlation: failed?.correlation },
    data: { kind: 'ROLLBACK', releaseNumber: 1, automatic: true, pace: 'GRADUAL' },
  });
  expect(platform.images().filter((one) => one === image)).toHaveLength(2);
  checkHistory(events);
  expectRefused(
    await platform.send(member.tenant, 'RollbackDeployment', { deploymentId, toRelease: null }),
    'NO_EARLIER_RELEASE',
  );

  await platform.recorded(other.deploymentId, 'RollbackRefused');
  const refused = (await platform.events(other.deploymentId)).find(({ type }) => type === 'RollbackRefused');
  expect(refused?.data).toMatchObject({
    code: 'RELEASE_IMAGE_GONE',
    message: expect.stringMatching(/release 1 is gone/),
  });
  // What serves goes on serving, and by hand it is refused with the same way out.
  expect(platform.images().filter((one) => one === other.image)).toHaveLength(2);
  expectRefused(
    await platform.send(member.tenant, 'RollbackDeployment', { deploymentId: other.deploymentId, toRelease: 1 }),
    'RELEASE_IMAGE_GONE',
    /push it again/i,
  );
});

test('one that is suspended moves nothing, whatever restarts, and goes on with the time that it had', async () => {
  const { tenant } = member;
  const { deploymentId, image } = await deployed('still-1', { progressDeadlineSeconds: 300 }, 3);
  expectRefused(await platform.send(tenant, 'SuspendRollout', { deploymentId }), 'NO_ROLLOUT_UNDER_WAY', /COMPLETED/);
  const next = await bad('still-2');
  await upgrade(deploymentId, next);
  await platform.recorded(deploymentId, 'InstanceWaiting');
  await platform.do(tenant, 'SuspendRollout', { deploymentId });
  const since = (await platform.types(deploymentId)).length;
  const again = await platform.do(tenant, 'SuspendRollout', { deploymentId });
  expect((await platform.types(deploymentId)).length, 'repeated, it changes nothing').toBe(since);

  platform.fates.delete(next);
  await platform.until(
    'the new one is ready',
    async () => (await platform.types(deploymentId)).at(-1) === 'InstanceReady',
  );
  await service.stop();
  service = await platform.service();
  // It steps what is asked for, and no more.
  await platform.do(tenant, 'ScaleDeployment', { deploymentId, replicas: 4 });
  const running = () => platform.images().filter((one) => one === next || one === image).length;
  await platform.until('five run', () => running() === 5);
  expect(await moved(deploymentId, since)).toEqual(['InstancePlaced']);

  expect(await platform.do(tenant, 'ResumeRollout', { deploymentId })).toEqual(again);
  const resumed = (await platform.events(deploymentId)).find(({ type }) => type === 'RolloutResumed');
  const deadlineAt = resumed?.type === 'RolloutResumed' ? resumed.data.deadlineAt : null;
  const left = Date.parse(deadlineAt ?? '') - Date.parse(resumed?.time ?? '');
  expect(left).toBeGreaterThan(200_000);
  expect(left).toBeLessThanOrEqual(300_100);
  await platform.completed(deploymentId, 2);
  await platform.until('four of the new one run', () => platform.images().filter((one) => one === next).length === 4);
  checkHistory(await platform.events(deploymentId));
});
