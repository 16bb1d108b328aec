/**
 * The deletion of a tenant or of an environment, as one process. Stream `deletion:<id>`. It is retained until its time has
 * come (a tenant's for days, an environment's not at all), then purged, and completed when nothing is left.
 */
import { accept, type Claim, type Decider, type Decision, refuse } from '@atoll/events/decider';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { Count } from '@atoll/schema/remains';
import type { DeletionStep, Proof } from '@atoll/schema/tenancy/deletion';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import {
  type ClaimSet,
  environmentKey,
  purgeKey,
  releaseUnique,
  requireClaim,
  requireUnheld,
  takeUnique,
} from './claims.ts';

export type DeletionEvent = Extract<TenancyEvent, { type: `Deletion${string}`; data: { deletionId: Id<'deletion'> } }>;

export type Target =
  | { readonly target: 'TENANT'; readonly targetId: Id<'tenant'> }
  | { readonly target: 'ENVIRONMENT'; readonly targetId: Id<'environment'> };

interface Known {
  readonly deletionId: Id<'deletion'>;
  readonly of: Target;
  readonly name: string;
  /** Not before this time is anything destroyed: RFC 3339, UTC. */
  readonly purgeAt: string;
  readonly steps: readonly DeletionStep[];
}
export type DeletionState =
  | { readonly status: 'absent' }
  | (Known & { readonly status: 'retained' })
  | (Known & { readonly status: 'purging'; readonly namespaceIds: readonly Id<'namespace'>[] })
  | (Known & { readonly status: 'cancelled' })
  | (Known & { readonly status: 'completed' });

export type DeletionCommand =
  | {
      readonly kind: 'start';
      readonly tenant: Id<'tenant'>;
      readonly deletionId: Id<'deletion'>;
      readonly of: Target;
      readonly name: string;
      readonly plan: string;
      readonly counts: readonly Count[];
      readonly purgeAt: string;
      readonly steps: readonly DeletionStep[];
    }
  /** `reopened`: its mark is taken again; not that of a tenant that is suspended besides. */
  | { readonly kind: 'cancel'; readonly tenant: Id<'tenant'>; readonly reopened: boolean }
  /** `now`: by the clock of whoever asks. */
  | {
      readonly kind: 'purge';
      readonly tenant: Id<'tenant'>;
      readonly now: string;
      readonly namespaceIds: readonly Id<'namespace'>[];
      readonly steps: readonly DeletionStep[];
    }
  | { readonly kind: 'progress'; readonly steps: readonly DeletionStep[] }
  /** `subjects`: whose keys of personal data are there; `releases`: what is held of its claims. */
  | { readonly kind: 'removeAccess'; readonly subjects: readonly string[]; readonly releases: readonly Claim[] }
  | {
      readonly kind: 'complete';
      readonly proof: readonly Proof[];
      readonly countedAt: string;
      readonly steps: readonly DeletionStep[];
    };
export type DeletionAction = DeletionCommand['kind'];

export const deletionStream = (id: string) => `deletion:${id}`;

export const deletionNotFound = reject('NOT_FOUND', 'There is no such deletion.', 'deletionId');
const tooLate = reject(
  'ILLEGAL_STATE',
  'The deletion has begun to destroy things: it can only go on. Create what you need anew once it is completed.',
  'deletionId',
);
const over = reject('ILLEGAL_STATE', 'The deletion is over already: there is nothing left to cancel.', 'deletionId');
const exists = reject('ILLEGAL_STATE', 'The deletion exists already.');
const notPurging = reject('ILLEGAL_STATE', 'The deletion destroys nothing in this state.');

type Answer = 'do' | 'done' | Rejection;

/** What each action does in each status; `done` changes nothing. */
export const deletionActions: Record<DeletionAction, Record<DeletionState['status'], Answer>> = {
  start: { absent: 'do', retained: exists, purging: exists, cancelled: exists, completed: exists },
  cancel: { absent: deletionNotFound, retained: 'do', purging: tooLate, cancelled: 'done', completed: over },
  purge: { absent: deletionNotFound, retained: 'do', purging: 'done', cancelled: 'done', completed: 'done' },
  progress: { absent: deletionNotFound, retained: 'do', purging: 'do', cancelled: 'done', completed: 'done' },
  removeAccess: {
    absent: deletionNotFound,
    retained: notPurging,
    purging: 'do',
    cancelled: notPurging,
    completed: 'done',
  },
  complete: { absent: deletionNotFound, retained: notPurging, purging: 'do', cancelled: notPurging, completed: 'done' },
};

const nothing = accept<DeletionEvent>([]);

/** The mark that everything needs which is created underneath. */
const markOf = (tenant: Id<'tenant'>, of: Target): readonly [set: ClaimSet, key: string, owner: string] =>
  of.target === 'TENANT'
    ? ['tenant', of.targetId, of.targetId]
    : ['environment', environmentKey(tenant, of.targetId), of.targetId];

function start(command: Extract<DeletionCommand, { kind: 'start' }>): Decision<DeletionEvent> {
  const { kind: _, tenant, of, ...data } = command;
  const { deletionId } = data;
  const mark = markOf(tenant, of);
  return accept<DeletionEvent>(
    [{ type: 'DeletionStarted', data: { ...data, ...of, counts: [...data.counts], steps: [...data.steps] } }],
    [
      takeUnique('deletion', of.targetId, deletionId),
      // A tenant that is suspended, or is being deleted itself, changes nothing.
      ...(of.target === 'ENVIRONMENT' ? [requireClaim('tenant', tenant), requireClaim(mark[0], mark[1])] : []),
      ...requireUnheld('legal-hold', tenant, deletionId),
      ...requireUnheld('deletion-protection', of.targetId, deletionId),
      // From this commit on nothing can be created underneath.
      releaseUnique(...mark),
    ],
  );
}

function complete(
  state: Extract<DeletionState, { status: 'purging' }>,
  { proof, countedAt, steps }: Extract<DeletionCommand, { kind: 'complete' }>,
): Decision<DeletionEvent> {
  const left = proof.flatMap(({ service, counts }) =>
    counts.flatMap(({ kind, count }) => (count > 0 ? [`${count} ${kind} in ${service}`] : [])),
  );
  if (left.length > 0) return refuse(reject('ILLEGAL_STATE', `There is something left: ${left.join(', ')}.`));
  const { deletionId, of } = state;
  return accept<DeletionEvent>(
    [{ type: 'DeletionCompleted', data: { deletionId, ...of, proof: [...proof], countedAt, steps: [...steps] } }],
    [releaseUnique('deletion', of.targetId, deletionId), releaseUnique('deletion', purgeKey(of.targetId), deletionId)],
  );
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

export const deletion: Decider<DeletionState, DeletionCommand, DeletionEvent> = {
  initial: { status: 'absent' },

  decide(state, command) {
    const answer = deletionActions[command.kind][state.status];
    if (answer === 'done') return nothing;
    if (answer !== 'do') return refuse(answer);
    if (command.kind === 'start') return start(command);
    if (state.status === 'absent') return nothing;
    const { deletionId, of } = state;
    switch (command.kind) {
      case 'cancel': {
        const { tenant, reopened } = command;
        return accept<DeletionEvent>(
          [{ type: 'DeletionCancelled', data: { deletionId, ...of, reopened } }],
          [
            releaseUnique('deletion', of.targetId, deletionId),
            ...(reopened ? [takeUnique(...markOf(tenant, of))] : []),
          ],
        );
      }
      case 'purge': {
        const { tenant, now, namespaceIds, steps } = command;
        if (now < state.purgeAt) return nothing;
        return accept<DeletionEvent>(
          [
            {
              type: 'DeletionPurgeStarted',
              data: { deletionId, ...of, namespaceIds: [...namespaceIds], steps: [...steps] },
            },
          ],
          [
            ...requireUnheld('legal-hold', tenant, deletionId),
            takeUnique('deletion', purgeKey(of.targetId), deletionId),
          ],
        );
      }
      case 'progress':
        return same(command.steps, state.steps)
          ? nothing
          : accept<DeletionEvent>([{ type: 'DeletionProgressed', data: { deletionId, steps: [...command.steps] } }]);
      case 'removeAccess': {
        const { subjects, releases } = command;
        if (subjects.length === 0 && releases.length === 0) return nothing;
        const data = { deletionId, dataKeys: subjects.length, claims: releases.length };
        return { ...accept<DeletionEvent>([{ type: 'DeletionAccessRemoved', data }], releases), erases: subjects };
      }
      case 'complete':
        return state.status === 'purging' ? complete(state, command) : nothing;
      default:
        return command satisfies never;
    }
  },

  evolve(state, event) {
    if (event.type === 'DeletionStarted') {
      const { deletionId, target, targetId, name, purgeAt, steps } = event.data;
      return { status: 'retained', deletionId, of: { target, targetId } as Target, name, purgeAt, steps };
    }
    if (state.status === 'absent') return state;
    switch (event.type) {
      case 'DeletionCancelled':
        return { ...state, status: 'cancelled' };
      case 'DeletionPurgeStarted': {
        const { namespaceIds, steps } = event.data;
        return { ...state, status: 'purging', namespaceIds, steps };
      }
      case 'DeletionProgressed':
        return { ...state, steps: event.data.steps };
      case 'DeletionAccessRemoved':
        return state;
      case 'DeletionCompleted':
        return { ...state, status: 'completed', steps: event.data.steps };
      default:
        return event satisfies never;
    }
  },
};
