/** This context's gate of a namespace: what is created in it needs it open; and its isolation level. Stream `namespace:<id>`. */
import { accept, type Decider, refuse } from '@atoll/events/decider';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { NetworkEvent } from '@atoll/schema/network/events';
import type { IsolationLevel } from '@atoll/schema/network/spec';
import { releaseUnique, requireOpen, takeUnique } from './claims.ts';

export type NamespaceEvent = Extract<
  NetworkEvent,
  { type: 'NamespaceOpened' | 'NamespaceLocated' | 'NamespaceIsolationSet' | 'NamespaceClosed' | 'NamespaceDrained' }
>;

export type NamespaceState =
  | { readonly status: 'absent' }
  /** `environmentId` is null where it was opened before that was kept. */
  | { readonly status: 'open'; readonly environmentId: Id<'environment'> | null; readonly level: IsolationLevel }
  | { readonly status: 'closed' }
  | { readonly status: 'drained' };

/** `drain` only says that it is done: that nothing is left was seen by the one who says it, after it was closed. */
export type NamespaceCommand =
  | {
      readonly kind: 'open';
      readonly namespaceId: Id<'namespace'>;
      readonly environmentId: Id<'environment'>;
      readonly name: string;
    }
  /** For one that was opened before its environment was kept. */
  | {
      readonly kind: 'locate';
      readonly namespaceId: Id<'namespace'>;
      readonly environmentId: Id<'environment'>;
      readonly name: string;
    }
  | { readonly kind: 'setIsolation'; readonly namespaceId: Id<'namespace'>; readonly level: IsolationLevel }
  | { readonly kind: 'close' | 'drain'; readonly namespaceId: Id<'namespace'> };

export const namespaceStream = (id: string) => `namespace:${id}`;

const notFound = reject('NOT_FOUND', 'There is no such namespace.');
const beingDeleted = reject('BEING_DELETED', 'The namespace is being deleted: nothing new can be created in it.');

/** Why nothing can be created in a namespace of that status; an open one takes it. */
export const creationRefused: Record<Exclude<NamespaceState['status'], 'open'>, Rejection> = {
  absent: notFound,
  closed: beingDeleted,
  drained: notFound,
};

const nothing = accept<NamespaceEvent>([]);
type Action = NamespaceCommand['kind'];
type Outcome = 'do' | 'done' | 'refuse';

/** What each action does in each status. */
const outcomes: Record<Action, Record<NamespaceState['status'], Outcome>> = {
  open: { absent: 'do', open: 'done', closed: 'done', drained: 'done' },
  locate: { absent: 'done', open: 'do', closed: 'done', drained: 'done' },
  setIsolation: { absent: 'refuse', open: 'do', closed: 'refuse', drained: 'refuse' },
  close: { absent: 'refuse', open: 'do', closed: 'done', drained: 'done' },
  drain: { absent: 'refuse', open: 'refuse', closed: 'do', drained: 'done' },
};

export const namespace: Decider<NamespaceState, NamespaceCommand, NamespaceEvent> = {
  initial: { status: 'absent' },

  decide(state, command) {
    const { kind, namespaceId } = command;
    const outcome = outcomes[kind][state.status];
    if (outcome === 'done') return nothing;
    if (outcome === 'refuse') {
      if (kind === 'setIsolation' && state.status !== 'open') {
        return refuse({ ...creationRefused[state.status], field: 'namespaceId' });
      }
      return refuse(reject('ILLEGAL_STATE', `A namespace that is ${state.status} can't do: ${kind}.`));
    }
    switch (command.kind) {
      case 'open': {
        const { environmentId, name } = command;
        return accept<NamespaceEvent>(
          [{ type: 'NamespaceOpened', data: { namespaceId, environmentId, name } }],
          [takeUnique('namespace-open', namespaceId, namespaceId)],
        );
      }
      case 'locate': {
        const { environmentId, name } = command;
        const known = state.status === 'open' && state.environmentId !== null;
        const located = { type: 'NamespaceLocated', data: { namespaceId, environmentId, name } } as const;
        return known ? nothing : accept<NamespaceEvent>([located]);
      }
      case 'setIsolation': {
        const { level } = command;
        if (state.status === 'open' && state.level === level) return nothing;
        return accept<NamespaceEvent>(
          [{ type: 'NamespaceIsolationSet', data: { namespaceId, level } }],
          [requireOpen(namespaceId)],
        );
      }
      case 'close':
        return accept<NamespaceEvent>(
          [{ type: 'NamespaceClosed', data: { namespaceId } }],
          [releaseUnique('namespace-open', namespaceId, namespaceId)],
        );
      case 'drain':
        return accept<NamespaceEvent>([{ type: 'NamespaceDrained', data: { namespaceId } }]);
      default:
        return command satisfies never;
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'NamespaceOpened':
        return { status: 'open', environmentId: event.data.environmentId, level: 'RULE' };
      case 'NamespaceLocated':
        return state.status === 'open' ? { ...state, environmentId: event.data.environmentId } : state;
      case 'NamespaceIsolationSet':
        return state.status === 'open' ? { ...state, level: event.data.level } : state;
      case 'NamespaceClosed':
        return { status: 'closed' };
      case 'NamespaceDrained':
        return { status: 'drained' };
      default:
        return event satisfies never;
    }
  },
};
