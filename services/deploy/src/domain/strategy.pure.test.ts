/** What each strategy asks for: the arithmetic of its steps, and what a rollout of each kind comes to be. */
import { type RolloutStrategy, rolloutStrategy } from '@atoll/schema/deploy/strategies';
import { describe, expect, test } from 'vitest';
import { create, fold, granted, instancesOf, now, tenant, world } from '../../test/fixtures.ts';
import type { DeploymentCommand } from './commands.ts';
import { deploymentDecider, needOf } from './decide.ts';
import type { Active, Deployment, DeploymentEvent } from './deployment.ts';
import { evolve } from './evolve.ts';
import { stageOf } from './strategy.ts';

const percent = (weightPercent: number, pauseSeconds: number | null = null) => ({
  ...{ count: null, weightPercent, pauseSeconds },
});
const count = (of: number, pauseSeconds: number | null = null) => ({
  ...{ count: of, weightPercent: null, pauseSeconds },
});
const canary = (...steps: ReturnType<typeof percent | typeof count>[]): RolloutStrategy => ({ kind: 'CANARY', steps });
const blueGreen: RolloutStrategy = { kind: 'BLUE_GREEN', autoPromoteSeconds: null, scaleDownDelaySeconds: 30 };

function decide(state: Deployment, command: DeploymentCommand): readonly DeploymentEvent[] {
  const decision = deploymentDecider.decide(state, command);
  if (!decision.ok) throw new Error(`${decision.rejection.code}: ${decision.rejection.message}`);
  return decision.events;
}
const does = (state: Deployment, command: DeploymentCommand): Deployment =>
  decide(state, command).reduce<Deployment>(evolve, state);
const types = (events: readonly DeploymentEvent[]) => events.map(({ type }) => type);

/** Agents do as they are told, and the controller steps, until nothing changes. */
function settled(from: Deployment, at = now): Deployment {
  let state = from;
  for (let round = 0; round < 30; round++) {
    state = does(state, { action: 'advance', tenant, world: { ...world(), now: at } });
    for (const { id, nodeId, stopping } of instancesOf(state)) {
      const sight =
        stopping === null
          ? ({ seen: 'there', state: 'READY', reason: null, message: '' } as const)
          : ({ seen: 'absent', dismissed: true } as const);
      state = does(state, { action: 'observe', tenant, nodeId, observations: [{ instanceId: id, sight }] });
    }
  }
  return state;
}
const body = (state: Deployment): Active => {
  if (state.status !== 'ACTIVE') throw new Error(state.status);
  return state;
};
const running = (plan: RolloutStrategy, replicas: number, maxSurge = 1) =>
  settled(
    fold(
      decide({ status: 'NONE' }, create({ plan, replicas, strategy: { maxSurge, maxUnavailable: maxSurge ? 0 : 1 } })),
    ),
  );
const upgradeTo = (number: number): DeploymentCommand => ({
  ...{ action: 'upgrade', tenant, granted, change: { env: { N: String(number) } } },
  ...{ releaseId: `rel_${number}`, rolloutId: `rol_${number}`, now },
});
const promote = { action: 'promote', tenant, full: false, now } as const;
/** `<release>×<instances>`, sorted; stopping ones left out. */
const shown = (state: Deployment) => {
  const counts = new Map<string, number>();
  for (const { releaseId, stopping } of instancesOf(state))
    if (stopping === null) counts.set(releaseId, (counts.get(releaseId) ?? 0) + 1);
  return [...counts].sort().map(([release, of]) => `${release}×${of}`);
};

describe('a canary', () => {
  test.each([
    // replicas, step, surge: new ones, and others. New ones are rounded up, others are the rest, and one at least with a surge.
    [10, percent(10), 1, 1, 9],
    [10, percent(11), 1, 2, 8],
    [4, percent(1), 1, 1, 3],
    [4, percent(99), 1, 4, 1],
    [4, percent(99), 0, 4, 0],
    [1, percent(10), 1, 1, 1],
    [1, percent(10), 0, 1, 0],
    [3, count(2), 1, 2, 1],
    [3, count(9), 1, 3, 1],
  ])(
    'of %i replicas at step %j with a surge of %i has %i new ones beside %i others',
    (replicas, step, surge, targets, others) => {
      const state = body(does(running(canary(step), replicas, surge), upgradeTo(2)));
      expect(stageOf(state)).toEqual({ targets, fill: others, keep: others, pauseSeconds: null });
    },
  );

  test('goes on step by step as it is promoted, and with full past all steps that are left', () => {
    let state = does(running(canary(percent(20), percent(50), percent(80)), 5), upgradeTo(2));
    state = settled(state);
    expect([shown(state), body(state).rollout?.status]).toEqual([['rel_1×4', 'rel_2×1'], 'PAUSED']);
    state = settled(does(state, promote));
    expect([shown(state), body(state).rollout?.step]).toEqual([['rel_1×2', 'rel_2×3'], 1]);
    state = settled(does(state, { ...promote, full: true }));
    expect([shown(state), body(state).rollout?.status]).toEqual([['rel_2×5'], 'COMPLETED']);
  });

  test('waits as long as its step says, and not longer; a step without a pause is left at once', () => {
    const state = settled(does(running(canary(percent(20, 0), percent(40, 60), percent(60)), 5), upgradeTo(2)));
    expect([shown(state), body(state).rollout?.step]).toEqual([['rel_1×3', 'rel_2×2'], 1]);
    expect(body(settled(state, now + 59_999)).rollout?.step).toBe(1);
    const later = settled(state, now + 60_000);
    expect([shown(later), body(later).rollout?.status]).toEqual([['rel_1×2', 'rel_2×3'], 'PAUSED']);
  });

  test('is no canary where there is nothing good to compare with: a first rollout, and the way back', () => {
    const first = fold(decide({ status: 'NONE' }, create({ plan: canary(percent(20)), replicas: 2 })));
    expect(body(first).rollout?.strategy).toEqual({ kind: 'ROLLING' });
    // The first one never got ready.
    expect(body(does(first, upgradeTo(2))).rollout?.strategy).toEqual({ kind: 'ROLLING' });
    const tried = settled(does(settled(first), upgradeTo(2)));
    expect(body(tried).rollout?.strategy.kind).toBe('CANARY');
    const abort = { action: 'rollback', tenant, granted, toRelease: null, pace: 'GRADUAL' } as const;
    const back = does(tried, { ...abort, automatic: false, abort: true, rolloutId: 'rol_3', now });
    expect(body(back).rollout).toMatchObject({ kind: 'ROLLBACK', strategy: { kind: 'ROLLING' } });
    expect(shown(settled(back))).toEqual(['rel_1×2']);
  });

  test('that falls over at its step has to reach it again, and the third time has failed', () => {
    let state = settled(does(running(canary(percent(20)), 5), upgradeTo(2)));
    const told: string[] = [];
    for (let time = 0; time < 3; time++) {
      const one = instancesOf(state).find(({ releaseId }) => releaseId === 'rel_2');
      if (one === undefined) throw new Error('there is no canary');
      const sight = { seen: 'there', state: 'UNREADY', reason: 'EXITED', message: 'exit code 1' } as const;
      state = does(state, {
        ...{ action: 'observe', tenant, nodeId: one.nodeId, observations: [{ instanceId: one.id, sight }] },
      });
      const step = decide(state, { action: 'advance', tenant, world: world() });
      told.push(...types(step));
      state = step.reduce<Deployment>(evolve, state);
      if (time < 2) state = settled(state);
    }
    expect(told).toEqual(['RolloutStepUndone', 'RolloutStepUndone', 'RolloutFailed']);
    expect(body(state).releases.map(({ abandoned }) => abandoned)).toEqual([false, true]);
  });
});

describe('blue-green', () => {
  test('lets all new ones get ready beside the others, which go on serving alone; then it switches, and later they stop', () => {
    const before = running(blueGreen, 3);
    let state = settled(does(before, upgradeTo(2)));
    expect([shown(state), body(state).active]).toEqual([['rel_1×3', 'rel_2×3'], ['rel_1']]);
    const promoted = decide(state, promote);
    expect(types(promoted)).toEqual(['RolloutPromoted', 'TrafficSwitched']);
    state = settled(promoted.reduce<Deployment>(evolve, state));
    expect([shown(state), body(state).active, body(state).rollout?.status]).toEqual([
      ...[['rel_1×3', 'rel_2×3'], ['rel_2'], 'PAUSED'],
    ]);
    expect(shown(settled(state, now + 29_999))).toEqual(['rel_1×3', 'rel_2×3']);
    state = settled(state, now + 30_000);
    expect([shown(state), body(state).active, body(state).rollout?.status]).toEqual([['rel_2×3'], null, 'COMPLETED']);
  });

  test('is undone at once, before the switch and while the others are still there', () => {
    const waiting = settled(does(running(blueGreen, 2), upgradeTo(2)));
    for (const from of [waiting, settled(does(waiting, promote))]) {
      const abort = { action: 'rollback', tenant, granted, toRelease: null, pace: 'GRADUAL' } as const;
      const back = does(from, { ...abort, automatic: false, abort: true, rolloutId: 'rol_3', now });
      const step = decide(back, { action: 'advance', tenant, world: world() });
      const switched = step.reduce<Deployment>(evolve, back);
      expect(body(switched).active, 'nothing had to be started for it').toEqual(['rel_1']);
      expect(types(step)).not.toContain('InstancePlaced');
      expect(shown(settled(switched))).toEqual(['rel_1×2']);
    }
  });

  test('reserves both before it begins', () => {
    const state = running(blueGreen, 3);
    const need = needOf(state, upgradeTo(2) as Extract<DeploymentCommand, { action: 'upgrade' }>);
    expect(need).toEqual({ instances: 7, cpuMillis: 700, memoryMiB: 448 });
    const recreating = running({ kind: 'RECREATE' }, 3);
    expect(needOf(recreating, upgradeTo(2) as Extract<DeploymentCommand, { action: 'upgrade' }>)).toBeNull();
  });
});

test('recreating, nothing new is placed before the last of the others is gone', () => {
  let state = does(running({ kind: 'RECREATE' }, 3), upgradeTo(2));
  const stops = decide(state, { action: 'advance', tenant, world: world() });
  expect(types(stops)).toEqual(Array(3).fill('InstanceStopRequested'));
  state = stops.reduce<Deployment>(evolve, state);
  // However long they take: that isn't the fault of what waits for them.
  const late = { ...world(), now: now + 86_400_000 };
  expect(types(decide(state, { action: 'advance', tenant, world: late }))).not.toContain('RolloutFailed');
  const [first, ...others] = instancesOf(state);
  for (const one of others) {
    const gone = [{ instanceId: one.id, sight: { seen: 'absent', dismissed: true } as const }];
    state = does(state, { action: 'observe', tenant, nodeId: one.nodeId, observations: gone });
    expect(types(decide(state, { action: 'advance', tenant, world: world() }))).not.toContain('InstancePlaced');
  }
  expect(instancesOf(state)).toEqual([first]);
  expect(shown(settled(state))).toEqual(['rel_2×3']);
});

test('what nobody can carry out is refused, each with the way out', () => {
  const said = (strategy: unknown) =>
    rolloutStrategy.safeParse(strategy).error?.issues.map(({ message, path }) => `${path.join('.')}: ${message}`);
  const of = (...steps: unknown[]) => said({ kind: 'CANARY', steps });
  expect(of(percent(10), percent(50))).toBeUndefined();
  expect(of()).toEqual(['steps: a canary needs at least one step: {weightPercent: 10}, for one']);
  expect(of(percent(50), percent(50))).toEqual([
    'steps.1.weightPercent: steps must rise: 50 comes after 50; leave it out, or give it more',
  ]);
  expect(of(count(1), percent(50))).toEqual([
    expect.stringMatching(/^steps\.1\.weightPercent: all steps say count, or/),
  ]);
  expect(of({ count: 1, weightPercent: 5, pauseSeconds: null })).toEqual([expect.stringMatching(/give one of both$/)]);
  expect(of(percent(100))).toEqual([expect.stringMatching(/^steps\.0\.weightPercent: .*99/)]);
  expect(of(percent(0))).toEqual([expect.stringMatching(/^steps\.0\.weightPercent: .*1/)]);
  expect(said({ kind: 'RECREATE', steps: [percent(5)] })).toEqual([expect.stringMatching(/steps/)]);
});
