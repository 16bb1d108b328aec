/** What people, and failures, do to rollouts: the events, or why not. `rollout-table.ts` says what may be done when. */

import type { RolloutPace, RolloutPolicy } from '@atoll/schema/deploy/rollouts';
import type { ReleaseSpec, Resources } from '@atoll/schema/deploy/spec';
import type { RolloutStrategy } from '@atoll/schema/deploy/strategies';
import { equal as sameValue } from '@atoll/schema/equal';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import { type Active, type DeploymentEvent, isOpen, type Release, type RolloutKind } from './deployment.ts';
import { deadlineFrom, heldNow } from './progress.ts';
import { rollbackTarget } from './rollback.ts';
import { type RolloutState, rolloutTable, type Stimulus } from './rollout-table.ts';
import { promotedBy } from './steps.ts';
import { strategyFor } from './strategy.ts';
import { refusedChange } from './template.ts';

type Outcome = readonly DeploymentEvent[] | Rejection;

/** What an upgrade changes; what is left out stays. */
export type SpecChange = Partial<Omit<ReleaseSpec, 'resources'>> & { readonly resources?: Partial<Resources> };

interface Upgrade {
  readonly change: SpecChange;
  readonly releaseId: Id<'release'>;
  readonly rolloutId: Id<'rollout'>;
  /** Unix time in ms. */
  readonly now: number;
}
interface Rollback {
  readonly toRelease: number | null;
  readonly pace: RolloutPace;
  /** Nobody asked for it: only where one has failed, and its policy says so. */
  readonly automatic: boolean;
  /** Only out of a rollout that is under way. */
  readonly abort: boolean;
  readonly rolloutId: Id<'rollout'>;
  readonly now: number;
}

/** Of the newest rollout of a deployment that is there. */
export function stateOf({ rollout }: Active): RolloutState {
  return rollout === null || rollout.status === 'SUPERSEDED' ? 'COMPLETED' : rollout.status;
}

/** What the table says where nothing is to be done: nothing, or why. Null where it goes on. */
function barred(state: Active, stimulus: Stimulus): Outcome | null {
  const cell = rolloutTable[stateOf(state)][stimulus];
  if (cell.kind === 'nothing') return [];
  if (cell.kind !== 'refused') return null;
  const message = `The deployment's newest rollout is ${stateOf(state)}: ${cell.text}. Read its rollouts for what there is to do.`;
  return reject(cell.code, message, 'deploymentId');
}

export function upgraded(state: Active, command: Upgrade): Outcome {
  const { deploymentId, namespaceId, target, releases, rollout } = state;
  if (target === null) return [];
  const number = Math.max(...releases.map((release) => release.number)) + 1;
  const release = { id: command.releaseId, number };
  const resources = { ...target.spec.resources, ...command.change.resources };
  const spec = { ...target.spec, ...command.change, resources };
  const refusal = refusedChange(target.spec, spec);
  if (refusal !== null) return refusal;
  const { rolloutId, now } = command;
  const started = rolloutTo(state, release, { kind: 'UPGRADE', rolloutId, pace: 'GRADUAL', automatic: false, now });
  const still: readonly DeploymentEvent[] =
    rollout?.status === 'SUSPENDED'
      ? [standing(state, { id: rolloutId, releaseId: release.id, remainingMs: wholeMs(state.policy), upgrade: true })]
      : [];
  return [
    { type: 'ReleaseCreated', data: { deploymentId, namespaceId, releaseId: release.id, number, spec } },
    ...started,
    ...still,
  ];
}

/** Going back to where it already is, or is already on the way, changes nothing: a repeated rollback stays. */
export function rolledBack(state: Active, command: Rollback): Outcome {
  const { rollout } = state;
  const stop = command.abort ? barred(state, 'abort') : null;
  if (stop !== null) return stop;
  if (command.automatic && (rollout?.status !== 'FAILED' || rollout.answer === 'FREEZE')) return [];
  const release = rollbackTarget(state, command.toRelease);
  if ('code' in release) return release;
  const start = () => rolloutTo(state, release, { ...command, kind: 'ROLLBACK' });
  if (release.id !== state.target?.id) return start();
  // In more of a hurry than before.
  if (isOpen(rollout) && rollout.kind === 'ROLLBACK' && rollout.pace === 'GRADUAL' && command.pace === 'FAST')
    return start();
  return rollout?.status === 'SUSPENDED' || rollout?.status === 'FAILED' ? resumed(state, command) : [];
}

interface Start {
  readonly kind: RolloutKind;
  readonly rolloutId: Id<'rollout'>;
  readonly pace: RolloutPace;
  readonly automatic: boolean;
  readonly now: number;
}

function rolloutTo(
  state: Active,
  release: Pick<Release, 'id' | 'number'>,
  { kind, rolloutId, pace, automatic, now }: Start,
): readonly DeploymentEvent[] {
  const { deploymentId, rollout, target } = state;
  const superseded: readonly DeploymentEvent[] =
    isOpen(rollout) && target !== null
      ? [{ type: 'RolloutSuperseded', data: { deploymentId, rolloutId: rollout.id, releaseId: target.id } }]
      : [];
  const data = { deploymentId, rolloutId, kind, releaseId: release.id, releaseNumber: release.number };
  const strategy = strategyFor(state, kind);
  const from = { fromReleaseId: target?.id ?? null, pace, automatic, deadlineAt: deadlineFrom(state, now), strategy };
  return [...superseded, { type: 'RolloutStarted', data: { ...data, ...from } }, ...traffic(state, strategy)];
}

/** In blue-green, what is there now goes on serving alone until the switch; else all that is ready serves. */
function traffic(state: Active, { kind }: RolloutStrategy): readonly DeploymentEvent[] {
  const { deploymentId, namespaceId, active, stableId } = state;
  const there = state.instances.list().map(({ releaseId }) => releaseId);
  const now = active ?? [...new Set([...(stableId === null ? [] : [stableId]), ...there])];
  const releaseIds = kind === 'BLUE_GREEN' ? [...now] : null;
  if (sameValue(releaseIds, active)) return [];
  return [{ type: 'TrafficSwitched', data: { deploymentId, namespaceId, releaseIds } }];
}

const wholeMs = ({ progressDeadlineSeconds }: RolloutPolicy) =>
  progressDeadlineSeconds === null ? null : progressDeadlineSeconds * 1000;

export function suspended(state: Active, { now }: { readonly now: number }): Outcome {
  const stop = barred(state, 'suspend');
  if (stop !== null) return stop;
  const { rollout, target } = state;
  if (target === null || (rollout?.status !== 'RUNNING' && rollout?.status !== 'PAUSED')) return [];
  // While it waits at a step it has no deadline.
  const deadlineAt = rollout.status === 'RUNNING' ? rollout.deadlineAt : null;
  const remainingMs = deadlineAt === null ? wholeMs(state.policy) : Math.max(0, Date.parse(deadlineAt) - now);
  return [standing(state, { id: rollout.id, releaseId: target.id, remainingMs, upgrade: false })];
}

function standing(
  state: Active,
  {
    id,
    releaseId,
    remainingMs,
    upgrade,
  }: {
    readonly id: Id<'rollout'>;
    readonly releaseId: Id<'release'>;
    readonly remainingMs: number | null;
    readonly upgrade: boolean;
  },
): DeploymentEvent {
  const held = heldNow(state);
  // Of a release that has just been written down there is nothing yet.
  const targets = upgrade ? 0 : held.targets;
  const { deploymentId } = state;
  return {
    type: 'RolloutSuspended',
    data: { deploymentId, rolloutId: id, releaseId, targets, extra: held.extra, remainingMs },
  };
}

export function resumed(state: Active, { now }: { readonly now: number }): Outcome {
  const stop = barred(state, 'resume');
  if (stop !== null) return stop;
  const { deploymentId, rollout, target, policy } = state;
  if (target === null || (rollout?.status !== 'SUSPENDED' && rollout?.status !== 'FAILED')) return [];
  const whole = wholeMs(policy);
  const left = rollout.status === 'SUSPENDED' ? (rollout.remainingMs ?? whole) : whole;
  const deadlineAt = whole === null || left === null ? null : new Date(now + Math.min(left, whole)).toISOString();
  return [{ type: 'RolloutResumed', data: { deploymentId, rolloutId: rollout.id, releaseId: target.id, deadlineAt } }];
}

/** On from the step at which it waits; `full`: past all that are left. */
export function promotedOn(state: Active, command: { readonly now: number; readonly full: boolean }): Outcome {
  return barred(state, 'promote') ?? promotedBy(state, command);
}

/** What is under way goes on as it began. */
export function strategySet(state: Active, strategy: RolloutStrategy): readonly DeploymentEvent[] {
  const { deploymentId, plan } = state;
  return sameValue(strategy, plan) ? [] : [{ type: 'RolloutStrategySet', data: { deploymentId, strategy } }];
}

export function policySet(state: Active, change: Partial<RolloutPolicy>): readonly DeploymentEvent[] {
  const { deploymentId, policy } = state;
  const { progressDeadlineSeconds = policy.progressDeadlineSeconds, onFailure = policy.onFailure } = change;
  if (progressDeadlineSeconds === policy.progressDeadlineSeconds && onFailure === policy.onFailure) return [];
  return [{ type: 'RolloutPolicySet', data: { deploymentId, progressDeadlineSeconds, onFailure } }];
}

/** The rollback that was to follow by itself can't be made, and nobody has decided anything meanwhile. */
export function rollbackRefused(
  state: Active,
  { rolloutId, rejection }: { readonly rolloutId: Id<'rollout'>; readonly rejection: Rejection },
): readonly DeploymentEvent[] {
  const { deploymentId, rollout, target } = state;
  if (rollout?.status !== 'FAILED' || rollout.id !== rolloutId || rollout.answer === 'FREEZE' || target === null)
    return [];
  const { code } = rejection;
  const message = rejection.message.slice(0, 1000);
  return [{ type: 'RollbackRefused', data: { deploymentId, rolloutId, releaseId: target.id, code, message } }];
}
