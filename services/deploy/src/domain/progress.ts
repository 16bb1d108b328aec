/**
 * Whether a rollout gets on. What counts is how far it has come at its furthest: an instance that gets ready and fails
 * again, over and over, is no progress. While it is blocked for want of room, or suspended, its clock stands still.
 */
import type { Active, Body, DeploymentEvent, Held } from './deployment.ts';
import { baseOf, ceiling, isReady, isTarget, modeOf } from './deployment.ts';
import { goodReleases } from './rollback.ts';
import { stageOf } from './strategy.ts';
import type { World } from './world.ts';

/** How far: rises with every instance of the release that gets ready, and with every other that goes. */
export function markOf(body: Body): number {
  const { ready, others } = countsOf(body);
  return ready - others;
}

export function countsOf(body: Body): { readonly ready: number; readonly others: number } {
  let [ready, others] = [0, 0];
  for (const instance of body.instances.list()) {
    if (!isTarget(body, instance)) others += 1;
    else if (isReady(instance)) ready += 1;
  }
  return { ready, others };
}

/** What stays where nothing is to move. Lost ones come back where there is a good release that they can be of. */
export function heldNow(body: Body): Held {
  const running = body.instances.list().filter((instance) => instance.stopping === null);
  const extra = Math.min(ceiling(body) - body.replicas, running.length - body.replicas);
  return {
    targets: running.filter((instance) => isTarget(body, instance)).length,
    extra: baseOf(body) === null ? extra : Math.max(0, extra),
  };
}

const at = (ms: number) => new Date(ms).toISOString();

/** The deadline of a rollout that begins now. */
export const deadlineFrom = (body: Pick<Body, 'policy'>, now: number): string | null => {
  const { progressDeadlineSeconds } = body.policy;
  return progressDeadlineSeconds === null ? null : at(now + progressDeadlineSeconds * 1000);
};

/** The deadline moved on, or passed; nothing in between. */
export function clock(state: Active, { now, judging }: World): readonly DeploymentEvent[] {
  const { rollout, policy, deploymentId, target } = state;
  const seconds = policy.progressDeadlineSeconds;
  if (rollout?.status !== 'RUNNING' || target === null || seconds === null || state.blocked !== null) return [];
  const counts = countsOf(state);
  const ids = { deploymentId, rolloutId: rollout.id, releaseId: target.id };
  const further = counts.ready - counts.others > rollout.mark;
  if (rollout.deadlineAt === null || further) {
    const deadlineAt = at(now + seconds * 1000);
    return [{ type: 'RolloutProgressed', data: { ...ids, ...counts, deadlineAt } }];
  }
  // Its release has shown all that it can: how long others take to stop isn't its fault.
  const shown = counts.ready >= (stageOf(state)?.targets ?? state.replicas);
  // Nor is it what it has to wait for before it may show anything.
  const waits = modeOf(state) === 'RECREATE' && counts.others > 0;
  if (!judging || shown || waits || now < Date.parse(rollout.deadlineAt)) return [];
  return failed(
    state,
    ids,
    'PROGRESS_DEADLINE_EXCEEDED',
    `No progress for ${seconds} s: ${readyOf(state, counts.ready)}`,
  );
}

type Ids = Pick<
  Extract<DeploymentEvent, { type: 'RolloutFailed' }>['data'],
  'deploymentId' | 'rolloutId' | 'releaseId'
>;

/** It was reached and undone so often that it isn't worth another try. */
export const unstable = (state: Active, ids: Ids, ready: number, times: number): readonly DeploymentEvent[] =>
  failed(state, ids, 'UNSTABLE', `What was ready fell over ${times} times at its step: ${readyOf(state, ready)}`);

const readyOf = ({ replicas, target }: Active, ready: number) =>
  `${ready} of ${replicas} replicas of release ${target?.number ?? 0} are ready.`;

function failed(
  state: Active,
  ids: Ids,
  reason: Extract<DeploymentEvent, { type: 'RolloutFailed' }>['data']['reason'],
  said: string,
): readonly DeploymentEvent[] {
  const { onFailure } = state.policy;
  const answer = goodReleases(state).length > 0 ? onFailure : 'FREEZE';
  const then = {
    FREEZE: 'It stays as it is: resume it to try once more, roll back, or upgrade.',
    GRADUAL: 'It is rolled back.',
    FAST: 'It is rolled back at once.',
  }[answer];
  const none = answer === onFailure ? '' : ' There is no earlier release known to be good.';
  const message = `${said}${worst(state)}${none} ${then}`;
  return [{ type: 'RolloutFailed', data: { ...ids, reason, message, ...heldNow(state), answer } }];
}

/** What most of its instances say that aren't ready. */
function worst(state: Body): string {
  const said = new Map<string, number>();
  for (const instance of state.instances.list()) {
    if (!isTarget(state, instance) || isReady(instance)) continue;
    const { condition } = instance;
    const text =
      'reason' in condition ? `${condition.reason}: ${condition.message.slice(0, 500)}` : `they are ${condition.phase}`;
    said.set(text, (said.get(text) ?? 0) + 1);
  }
  const [most] = [...said].sort((a, b) => b[1] - a[1]);
  return most === undefined ? '' : ` ${most[1]} × ${most[0]}.`;
}
