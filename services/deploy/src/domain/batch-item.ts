/** What a batch's operation would do to a deployment, and what has become of it. Pure. */
import type { BatchOperation, BatchVerdict, ItemOutcome } from '@atoll/schema/deploy/batches';
import { imagesOf } from '@atoll/schema/deploy/processes';
import { equal } from '@atoll/schema/equal';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import { type Admission, refusedImage, refusedRepository } from './admission.ts';
import type { Open } from './batch.ts';
import type { Active, DeploymentEvent } from './deployment.ts';
import { resumed, rolledBack, type SpecChange, suspended, upgraded } from './redirect.ts';

/** Asked of a deployment that isn't told of it yet: null where it is as it is to be already; else what changes. */
export function effectOf(state: Active, operation: BatchOperation): Effect | Rejection | null {
  switch (operation.kind) {
    case 'UPGRADE':
    case 'RESTART': {
      const change = operation.kind === 'UPGRADE' ? changeOf(operation) : {};
      const events = upgraded(state, { change, releaseId: 'rel_', rolloutId: NEVER_KEPT, now: 0 });
      if ('code' in events) return events;
      const release = events.flatMap((event) => (event.type === 'ReleaseCreated' ? event.data : []))[0];
      if (release === undefined) return null;
      if (operation.kind === 'UPGRADE' && equal(release.spec, state.target?.spec)) return null;
      return { toRelease: release.number, images: imagesOf(release.spec), back: false };
    }
    case 'ROLLBACK': {
      const how = { toRelease: null, pace: operation.pace, automatic: false, abort: false };
      const events = rolledBack(state, { ...how, rolloutId: NEVER_KEPT, now: 0 });
      if ('code' in events) return events;
      const to = releaseOf(state, events);
      return events.length === 0
        ? null
        : { toRelease: to?.number ?? null, images: to ? imagesOf(to.spec) : [], back: true };
    }
    case 'SCALE':
      return operation.replicas === state.replicas ? null : { toReplicas: operation.replicas };
    case 'SUSPEND':
    case 'RESUME': {
      const events = operation.kind === 'SUSPEND' ? suspended(state, { now: 0 }) : resumed(state, { now: 0 });
      return 'code' in events || events.length === 0 ? null : {};
    }
    default:
      return operation satisfies never;
  }
}

interface Effect {
  readonly toRelease?: number | null;
  readonly toReplicas?: number;
  /** That it comes to run. */
  readonly images?: readonly string[];
  /** To a release that was taken there before. */
  readonly back?: boolean;
}

/** Events that are looked at and never written have one. */
const NEVER_KEPT: Id<'rollout'> = 'rol_';

function changeOf({ change }: Extract<BatchOperation, { kind: 'UPGRADE' }>): SpecChange {
  const { cpuMillis, memoryMiB } = change.resources ?? {};
  const resources = {
    ...(cpuMillis === undefined ? {} : { cpuMillis }),
    ...(memoryMiB === undefined ? {} : { memoryMiB }),
  };
  return { ...(change.image === undefined ? {} : { image: change.image }), resources };
}

function releaseOf(state: Active, events: readonly DeploymentEvent[]) {
  const id = events.flatMap((event) => (event.type === 'RolloutStarted' ? event.data.releaseId : []))[0];
  return state.releases.find((release) => release.id === (id ?? state.target?.id));
}

/** What the preview says of it. Quotas, room and registries are asked when its turn comes. */
export function verdictOf(state: Active, operation: BatchOperation, admission: Admission | null): BatchVerdict {
  const { deploymentId, name, namespaceId, target, replicas } = state;
  const found = effectOf(state, operation);
  const effect = found === null || 'code' in found ? null : found;
  const refusal = found !== null && 'code' in found ? found : notAdmitted(effect, admission);
  const shown = refusal === null ? effect : null;
  return {
    ...{ deploymentId, name, namespaceId, fromRelease: target?.number ?? null, fromReplicas: replicas },
    verdict: refusal !== null ? 'REFUSED' : effect === null ? 'UNCHANGED' : 'CHANGED',
    toRelease: shown?.toRelease ?? null,
    toReplicas: shown?.toReplicas ?? replicas,
    code: refusal?.code ?? null,
    message: refusal?.message.slice(0, 1000) ?? null,
  };
}

function notAdmitted(effect: Effect | null, admission: Admission | null): Rejection | null {
  if (admission === null) return null;
  const refused = (image: string) =>
    effect?.back ? refusedRepository(image, admission.environment) : refusedImage(image, admission);
  return effect?.images?.map(refused).find((one) => one !== null) ?? null;
}

/** What is seen of a deployment that is under way for a batch. */
export interface Sight {
  /** It isn't gone. */
  readonly there: boolean;
  /** Of the rollout that it is on for the batch. */
  readonly rollout: { readonly status: string; readonly message: string | null } | null;
  readonly instances: number;
  readonly ready: number;
}
export interface Ended {
  readonly outcome: ItemOutcome;
  readonly reason: Pick<Rejection, 'code' | 'message'> | null;
}

const ended = (outcome: ItemOutcome, reason: Rejection | null = null): Ended => ({ outcome, reason });
export const isGone: Ended = ended('SKIPPED', reject('NOT_FOUND', 'The deployment was deleted.'));

/** Null while it isn't over. `now`: Unix time in ms. */
export function outcomeOf(operation: BatchOperation, item: Open, sight: Sight, now: number): Ended | null {
  if (!sight.there) return isGone;
  if (item.status === 'BEGUN') return null;
  if (item.rolloutId !== null) return ofRollout(sight.rollout);
  if (operation.kind !== 'SCALE') return ended('SUCCEEDED');
  if (sight.instances === operation.replicas && sight.ready === operation.replicas) return ended('SUCCEEDED');
  if (item.deadlineAt === null || now < Date.parse(item.deadlineAt)) return null;
  const message = `It has ${sight.ready} ready instances of ${operation.replicas} when its time is over.`;
  return ended('FAILED', reject('DEADLINE_EXCEEDED', message));
}

function ofRollout(rollout: Sight['rollout']): Ended | null {
  switch (rollout?.status) {
    case 'COMPLETED':
      return ended('SUCCEEDED');
    case 'FAILED':
      return ended('FAILED', reject('ILLEGAL_STATE', rollout.message ?? 'Its rollout has failed.'));
    case 'SUPERSEDED': {
      const message = rollout.message ?? 'Another rollout took over before it was done.';
      return ended('FAILED', reject('ILLEGAL_STATE', message));
    }
    default:
      return null;
  }
}
