/** This context's gate for what is created in a namespace. The namespace itself is tenancy's. Stream `namespace:<id>`. */
import { accept, type Claim, type Decider, type Decision } from '@atoll/events/decider';
import type { DeployEvent } from '@atoll/schema/deploy/events';
import type { Id } from '@atoll/schema/ids';
import { NAMESPACE_OPEN } from './holdings.ts';

export type NamespaceEvent = Extract<DeployEvent, { type: `Namespace${string}` }>;

export type NamespaceState =
  | { readonly status: 'NONE' }
  | { readonly status: 'OPEN' | 'CLOSED' | 'DRAINED'; readonly environmentId: Id<'environment'> };

export type NamespaceCommand = { readonly namespaceId: Id<'namespace'> } & (
  | { readonly action: 'open'; readonly environmentId: Id<'environment'>; readonly name: string }
  | { readonly action: 'close' }
  /** No deployment is left in it. */
  | { readonly action: 'drain' }
);

export const namespaceDecider: Decider<NamespaceState, NamespaceCommand, NamespaceEvent> = {
  initial: { status: 'NONE' },
  decide,
  evolve,
};

/** Each action has one status that it moves on from; in any other there is nothing to do. */
function decide(state: NamespaceState, command: NamespaceCommand): Decision<NamespaceEvent> {
  const { namespaceId } = command;
  const mark = { kind: 'unique', set: NAMESPACE_OPEN, key: namespaceId, owner: namespaceId } as const;
  switch (command.action) {
    case 'open': {
      const { environmentId, name } = command;
      return step(state, 'NONE', { type: 'NamespaceOpened', data: { namespaceId, environmentId, name } }, [
        { op: 'take', ...mark },
      ]);
    }
    case 'close':
      return step(state, 'OPEN', { type: 'NamespaceClosed', data: { namespaceId } }, [{ op: 'release', ...mark }]);
    case 'drain':
      return step(state, 'CLOSED', { type: 'NamespaceDrained', data: { namespaceId } }, []);
    default:
      return command satisfies never;
  }
}

const step = (
  state: NamespaceState,
  from: NamespaceState['status'],
  event: NamespaceEvent,
  claims: readonly Claim[],
): Decision<NamespaceEvent> => (state.status === from ? accept([event], claims) : accept<NamespaceEvent>([]));

const after = {
  NamespaceClosed: 'CLOSED',
  NamespaceDrained: 'DRAINED',
} as const satisfies Record<Exclude<NamespaceEvent['type'], 'NamespaceOpened'>, NamespaceState['status']>;

function evolve(state: NamespaceState, event: NamespaceEvent): NamespaceState {
  if (event.type === 'NamespaceOpened') return { status: 'OPEN', environmentId: event.data.environmentId };
  return state.status === 'NONE' ? state : { ...state, status: after[event.type] };
}
