/**
 * From step to step: a step is reached when all that it asks for is ready, waits as long as it says, and is left by time or by
 * somebody who promotes it. What falls over while it waits undoes it; what does so again and again has failed.
 */
import { stepsOf } from '@atoll/schema/deploy/strategies';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Active, DeploymentEvent } from './deployment.ts';
import { isReady, isTarget } from './deployment.ts';
import { countsOf, deadlineFrom, unstable } from './progress.ts';
import { type Stage, stageOf } from './strategy.ts';
import type { World } from './world.ts';

/** So often may a step be undone before its release is known to be bad. */
const MOST_UNDONE = 3;

/** What time and health do to the step that it is at. */
export function pacing(state: Active, { now }: Pick<World, 'now'>): readonly DeploymentEvent[] {
  const { rollout, target } = state;
  const stage = stageOf(state);
  if (stage === null || target === null) return [];
  const ids = { deploymentId: state.deploymentId, rolloutId: rollout?.id ?? 'rol_', releaseId: target.id };
  const { ready } = countsOf(state);
  if (rollout?.status === 'RUNNING') {
    if (!isReached(state, stage, ready)) return [];
    if (stage.pauseSeconds === 0) return promoted(state, { by: 'TIME', now, full: false });
    const until = stage.pauseSeconds === null ? null : new Date(now + stage.pauseSeconds * 1000).toISOString();
    return [{ type: 'RolloutStepReached', data: { ...ids, step: rollout.step + 1, targets: stage.targets, until } }];
  }
  if (rollout?.status !== 'PAUSED') return [];
  const over = rollout.until !== null && now >= Date.parse(rollout.until);
  if (ready >= stage.targets) return over ? promoted(state, { by: 'TIME', now, full: false }) : [];
  // One that only has to move is replaced without a word.
  if (!over && !fallen(state)) return [];
  if (rollout.undone + 1 >= MOST_UNDONE) return unstable(state, ids, ready, MOST_UNDONE);
  const { targets } = stage;
  const undone = { ...ids, step: rollout.step + 1, ready, targets, deadlineAt: deadlineFrom(state, now) };
  return [{ type: 'RolloutStepUndone', data: undone }];
}

function isReached(state: Active, { targets, keep }: Stage, ready: number): boolean {
  const others = state.instances.list().filter((one) => one.stopping === null && !isTarget(state, one));
  return ready >= targets && others.length <= keep;
}

const fallen = (state: Active): boolean =>
  state.instances
    .list()
    .some(
      (one) =>
        isTarget(state, one) &&
        one.stopping === null &&
        !isReady(one) &&
        (one.condition.phase === 'UNREADY' || one.condition.phase === 'WAITING'),
    );

interface Promotion {
  readonly by: 'TIME' | 'PERSON';
  readonly now: number;
  /** Past all steps that are left. */
  readonly full: boolean;
}

/** On to the next step. In blue-green, the first one is left by the switch. */
export function promoted(state: Active, { by, now, full }: Promotion): readonly DeploymentEvent[] {
  const { deploymentId, namespaceId, rollout, target } = state;
  if (target === null || (rollout?.status !== 'RUNNING' && rollout?.status !== 'PAUSED')) return [];
  const { strategy, step } = rollout;
  const next = full ? stepsOf(strategy) : step + 1;
  const ids = { deploymentId, rolloutId: rollout.id, releaseId: target.id };
  const switched: readonly DeploymentEvent[] =
    strategy.kind === 'BLUE_GREEN' && step === 0
      ? [{ type: 'TrafficSwitched', data: { deploymentId, namespaceId, releaseIds: [target.id] } }]
      : [];
  const data = { ...ids, step: next + 1, by, deadlineAt: deadlineFrom(state, now) };
  return [{ type: 'RolloutPromoted', data }, ...switched];
}

/** Asked for by somebody. The table has refused whatever doesn't wait. */
export function promotedBy(
  state: Active,
  { now, full }: Omit<Promotion, 'by'>,
): readonly DeploymentEvent[] | Rejection {
  const stage = stageOf(state);
  const { ready } = countsOf(state);
  if (stage !== null && ready < stage.targets) {
    const message = `${ready} of the ${stage.targets} instances that the step asks for are ready: wait until all are, or abort the rollout.`;
    return reject('NOTHING_TO_PROMOTE', message, 'deploymentId');
  }
  return promoted(state, { by: 'PERSON', now, full });
}
