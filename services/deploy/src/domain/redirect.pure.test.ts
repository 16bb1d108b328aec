import { given } from '@atoll/events/given';
import { describe, expect, test } from 'vitest';
import { begun, create, digest, fold, granted, instancesOf, node, now, tenant, world } from '../../test/fixtures.ts';
import type { DeploymentCommand } from './commands.ts';
import { deploymentDecider } from './decide.ts';
import type { DeploymentEvent } from './deployment.ts';
import type { Sight } from './observe.ts';

const there: Sight = { seen: 'there', state: 'READY', reason: null, message: '' };
const waiting: Sight = { seen: 'there', state: 'WAITING', reason: 'IMAGE_PULL_FAILED', message: 'manifest unknown' };

type History = readonly DeploymentEvent[];
const when = (history: History, command: DeploymentCommand) => given(deploymentDecider, history).when(command);
function after(history: History, command: DeploymentCommand): History {
  const decision = when(history, command);
  if (!decision.ok) throw new Error(decision.rejection.message);
  return [...history, ...decision.events];
}
const step = (at = now): DeploymentCommand => ({ action: 'advance', tenant, world: { ...world(), now: at } });
/** Every instance of the release is seen so, and the rest of those that stop are gone. */
function seen(history: History, releaseId: string, sight: Sight): History {
  return instancesOf(fold(history)).reduce((all, { id, nodeId, releaseId: of, stopping }) => {
    if (stopping === null && of !== releaseId) return all;
    const told: Sight = stopping === null ? sight : { seen: 'absent', dismissed: true };
    return after(all, { action: 'observe', tenant, nodeId, observations: [{ instanceId: id, sight: told }] });
  }, history);
}
const upgrade = (number: number, at = now): DeploymentCommand => ({
  ...{ action: 'upgrade', tenant, granted, change: { image: `registry.test/app@${digest(String(number))}` } },
  ...{ releaseId: `rel_${number}`, rolloutId: `rol_${number}`, now: at },
});
/** What it takes is reserved since the rollout began: a way back never needs more. */
const rollback = (more: Partial<Extract<DeploymentCommand, { action: 'rollback' }>> = {}): DeploymentCommand => ({
  ...{ action: 'rollback', tenant, granted: null, toRelease: null, pace: 'GRADUAL', automatic: false },
  ...{ rolloutId: 'rol_back', now, ...more },
});
const suspend = (at = now): DeploymentCommand => ({ action: 'suspend', tenant, now: at });
const resume = (at = now): DeploymentCommand => ({ action: 'resume', tenant, now: at });

const minutes = (count: number) => now + count * 60_000;
const time = (ms: number) => new Date(ms).toISOString();
const types = (history: History) => history.map(({ type }) => type);
const news = (command: DeploymentCommand, history: History) => {
  const decision = when(history, command);
  return decision.ok ? decision.events.filter(({ type }) => type !== 'HoldingChanged') : decision.rejection.code;
};

const serving = () => after(seen(after([], create()), 'rel_1', there), step());
const policed = (onFailure: 'FREEZE' | 'GRADUAL' | 'FAST') =>
  after(serving(), { action: 'policy', tenant, policy: { onFailure } });
/** On the way to a release of which one instance is there, and waits for its image. */
const stuck = (history: History = serving()) => seen(after(after(history, upgrade(2)), step()), 'rel_2', waiting);
const ids = { deploymentId: 'dep_a', rolloutId: 'rol_2', releaseId: 'rel_2' } as const;

describe('a deadline', () => {
  test('is set when a rollout starts, and says so', () => {
    expect(news(upgrade(2, minutes(5)), serving())).toContainEqual({
      type: 'RolloutStarted',
      data: expect.objectContaining({ ...begun, deadlineAt: time(minutes(15)) }),
    });
  });
  test('passed without progress is a failure that says how far it came and what is wrong', () => {
    expect(news(step(minutes(10) - 1), stuck())).toEqual([]);
    expect(news(step(minutes(10)), stuck())).toEqual([
      {
        type: 'RolloutFailed',
        data: {
          ...{ ...ids, reason: 'PROGRESS_DEADLINE_EXCEEDED', targets: 1, extra: 1, answer: 'FREEZE' },
          message:
            'No progress for 600 s: 0 of 2 replicas of release 2 are ready. 1 × IMAGE_PULL_FAILED: manifest unknown. It stays as it is: resume it to try once more, roll back, or upgrade.',
        },
      },
    ]);
  });
  test('is judged by nobody who could not hear for long enough', () => {
    const deaf: DeploymentCommand = {
      ...{ action: 'advance', tenant, world: { ...world(), now: minutes(60), judging: false } },
    };
    expect(news(deaf, stuck())).toEqual([]);
  });
  test('does not pass while there is no room: that is not the fault of the release', () => {
    const full = { ...world(node('a', { maxInstances: 0 })), now };
    const blocked = after(after(serving(), upgrade(2)), { action: 'advance', tenant, world: full });
    expect(types(blocked)).toContain('RolloutBlocked');
    expect(news({ action: 'advance', tenant, world: { ...full, now: minutes(60) } }, blocked)).toEqual([]);
    const room = after(blocked, step(minutes(60)));
    const anew = { type: 'RolloutProgressed', data: expect.objectContaining({ deadlineAt: time(minutes(70)) }) };
    expect(room.slice(blocked.length), 'and begins anew').toContainEqual(anew);
  });
  test('does not fail a release that is ready whole, while others take their time to stop', () => {
    const two = after(stuck(), { action: 'scale', tenant, granted, replicas: 1, world: world() });
    const ready = after(seen(two, 'rel_2', there), step());
    const stopping = instancesOf(fold(ready)).filter((one) => one.stopping !== null);
    expect(stopping.length).toBeGreaterThan(0);
    expect(news(step(minutes(60)), ready)).toEqual([]);
  });
  test('of null never passes', () => {
    const never = after(serving(), { action: 'policy', tenant, policy: { progressDeadlineSeconds: null } });
    expect(news(step(minutes(9999)), stuck(never))).toEqual([]);
  });
});

describe('what follows a failure', () => {
  const failed = (onFailure: 'FREEZE' | 'GRADUAL' | 'FAST') => after(stuck(policed(onFailure)), step(minutes(10)));

  test('by itself it is rolled back to the last known good, where that was chosen', () => {
    const history = failed('GRADUAL');
    expect(history.at(-1)).toMatchObject({ type: 'RolloutFailed', data: { answer: 'GRADUAL' } });
    expect(news(rollback({ automatic: true }), history)).toMatchObject([
      { type: 'RolloutSuperseded', data: ids },
      { type: 'RolloutStarted', data: { kind: 'ROLLBACK', releaseNumber: 1, automatic: true, pace: 'GRADUAL' } },
    ]);
  });
  test('frozen, nothing follows by itself', () => {
    expect(news(rollback({ automatic: true }), failed('FREEZE'))).toEqual([]);
  });
  test('nobody rolls back by itself what somebody has resumed meanwhile', () => {
    expect(news(rollback({ automatic: true }), after(failed('FAST'), resume()))).toEqual([]);
  });
  test('the first release has nothing to go back to: it freezes, and says so', () => {
    const first = seen(
      after(after([], create()), { action: 'policy', tenant, policy: { onFailure: 'FAST' } }),
      'rel_1',
      waiting,
    );
    const counted = after(first, step());
    expect(after(counted, step(minutes(10))).at(-1)).toMatchObject({
      ...{ type: 'RolloutFailed' },
      data: { answer: 'FREEZE', message: expect.stringContaining('There is no earlier release known to be good.') },
    });
  });
  test('what can not be rolled back stays frozen, with the reason', () => {
    const rejection = { code: 'QUOTA_EXCEEDED', message: 'too much' } as const;
    const refuse: DeploymentCommand = { action: 'refuse', tenant, rolloutId: 'rol_2', rejection };
    const history = after(failed('FAST'), refuse);
    expect(history.at(-1)).toEqual({ type: 'RollbackRefused', data: { ...ids, ...rejection } });
    expect(news(refuse, history), 'told once').toEqual([]);
    expect(news(rollback({ automatic: true }), history)).toEqual([]);
  });
  test('fast, the bad one stops at once; gradually, only where enough others are ready', () => {
    const half = (onFailure: 'GRADUAL' | 'FAST') => {
      // Both of the old ones are lost, and one of the bad ones serves.
      const history = seen(failed(onFailure), 'rel_2', there);
      const old = instancesOf(fold(history)).filter(({ releaseId }) => releaseId === 'rel_1');
      const lost = [
        ...history,
        ...old.map(({ id: instanceId, nodeId }) => ({
          type: 'InstanceLost' as const,
          data: { ...lostData, instanceId, nodeId, reason: 'NODE_LOST' as const },
        })),
      ];
      return after(after(lost, rollback({ automatic: true, pace: onFailure })), step(minutes(10)));
    };
    const stops = (history: History) => types(history).filter((type) => type === 'InstanceStopRequested').length;
    expect(stops(half('GRADUAL'))).toBe(0);
    expect(stops(half('FAST'))).toBe(1);
  });
  test('in more of a hurry, a rollback under way is begun again; in less, it stays', () => {
    const back = after(failed('GRADUAL'), rollback());
    expect(news(rollback({ rolloutId: 'rol_b', pace: 'FAST' }), back)).toMatchObject([
      { type: 'RolloutSuperseded' },
      { type: 'RolloutStarted', data: { releaseNumber: 1, pace: 'FAST' } },
    ]);
    expect(news(rollback({ rolloutId: 'rol_b' }), back)).toEqual([]);
  });
});
const lostData = { deploymentId: 'dep_a', namespaceId: 'ns_a' } as const;

describe('suspended', () => {
  test('it keeps what was left until its deadline', () => {
    const history = after(stuck(), suspend(minutes(4)));
    expect(history.at(-1)).toEqual({
      type: 'RolloutSuspended',
      data: { ...ids, targets: 1, extra: 1, remainingMs: 6 * 60_000 },
    });
    expect(news(step(minutes(100)), history)).toEqual([]);
    expect(news(resume(minutes(100)), history)).toEqual([
      { type: 'RolloutResumed', data: { ...ids, deadlineAt: time(minutes(106)) } },
    ]);
  });
  test('nothing is replaced, though the new ones are ready; resumed, it goes on', () => {
    const history = seen(after(stuck(), suspend()), 'rel_2', there);
    expect(news(step(), history)).toEqual([]);
    expect(types(after(after(history, resume()), step())).slice(history.length)).toContain('InstanceStopRequested');
  });
  test('what is lost comes back as what it was', () => {
    const history = after(stuck(), suspend());
    for (const release of ['rel_1', 'rel_2']) {
      const [one] = instancesOf(fold(history)).filter(({ releaseId }) => releaseId === release);
      if (one === undefined) throw new Error(`nothing of ${release}`);
      const data = { ...lostData, instanceId: one.id, nodeId: one.nodeId, reason: 'NODE_LOST' } as const;
      const lost: History = [...history, { type: 'InstanceLost', data }];
      expect(news(step(), lost)).toMatchObject([{ type: 'InstancePlaced', data: { releaseId: release } }]);
    }
  });
  test('a new release takes over and waits as well; a rollback goes at once', () => {
    const history = after(stuck(), suspend());
    expect(news(upgrade(3), history)).toMatchObject([
      { type: 'ReleaseCreated' },
      { type: 'RolloutSuperseded', data: ids },
      { type: 'RolloutStarted', data: { releaseId: 'rel_3' } },
      { type: 'RolloutSuspended', data: { releaseId: 'rel_3', targets: 0 } },
    ]);
    const back = after(history, rollback());
    expect(types(back).slice(history.length)).toEqual(['RolloutSuperseded', 'RolloutStarted']);
    expect(fold(back)).toMatchObject({ rollout: { status: 'RUNNING' } });
  });
  test('again, it changes nothing; with nothing under way it is refused', () => {
    expect(news(suspend(), after(stuck(), suspend()))).toEqual([]);
    expect(news(resume(), stuck())).toEqual([]);
    expect(news(suspend(), serving())).toBe('NO_ROLLOUT_UNDER_WAY');
    expect(news(resume(), serving())).toBe('NO_ROLLOUT_UNDER_WAY');
  });
  test('scaled up it gets more of the good release; scaled down what is not ready goes first', () => {
    const history = after(stuck(), suspend());
    const scale = (replicas: number): DeploymentCommand => ({
      action: 'scale',
      tenant,
      granted,
      replicas,
      world: world(),
    });
    expect(news(scale(3), history)).toMatchObject([
      { type: 'DeploymentScaled' },
      { type: 'InstancePlaced', data: { releaseId: 'rel_1' } },
    ]);
    const [, stopped] = news(scale(1), history) as History;
    const bad = instancesOf(fold(history)).find(({ releaseId }) => releaseId === 'rel_2');
    expect(stopped).toMatchObject({
      type: 'InstanceStopRequested',
      data: { instanceId: bad?.id, reason: 'SCALED_DOWN' },
    });
  });
});
