/**
 * An instance's place on the network: its addresses and whether its rules are in force. Stream `endpoint:<instance id>`.
 * Every instance that is placed ends in EndpointReleased, also one that never got an address: from then on none can be
 * given to it, whoever still thinks it is wanted.
 */
import { accept, type Decider, refuse } from '@atoll/events/decider';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { NetworkEvent } from '@atoll/schema/network/events';
import type { Labels } from '@atoll/schema/text';
import { releaseUnique, requireClaim, requireOpen, takeUnique } from './claims.ts';

export type EndpointEvent = Extract<
  NetworkEvent,
  {
    type:
      | 'EndpointAllocated'
      | 'EndpointRefused'
      | 'EndpointSecured'
      | 'EndpointServing'
      | 'EndpointWithdrawn'
      | 'EndpointDrained'
      | 'EndpointReleased';
  }
>;

export interface Place {
  readonly instanceId: Id<'instance'>;
  readonly namespaceId: Id<'namespace'>;
  readonly nodeId: Id<'node'>;
}
export interface Addresses {
  readonly subnetId: Id<'subnet'>;
  readonly ipv4: string;
  readonly ipv6: string;
}

interface Addressed {
  readonly place: Place;
  readonly addresses: Addresses;
  readonly serving: Serving;
}

/** Whether services send it connections: not yet, yes, no longer, and no node does so any more. */
export type Serving = 'never' | 'serving' | 'withdrawn' | 'drained';

export type EndpointState =
  | { readonly status: 'absent' }
  | { readonly status: 'refused'; readonly message: string }
  | (Addressed & { readonly status: 'allocated' | 'secured' })
  | { readonly status: 'released' };

export type EndpointCommand =
  | (Place &
      Addresses & { readonly kind: 'allocate'; readonly deploymentId: Id<'deployment'>; readonly labels: Labels })
  | (Place & { readonly kind: 'refuse'; readonly deploymentId: Id<'deployment'>; readonly message: string })
  | { readonly kind: 'secure'; readonly generation: number; readonly hash: string; readonly enforcedAt: string }
  | { readonly kind: 'serve' | 'withdraw' | 'drain' }
  | (Place & { readonly kind: 'release' });

type Action = EndpointCommand['kind'];
type Outcome = 'do' | 'done' | 'refuse';

/** What each action does in each status; `done` changes nothing. */
const outcomes: Record<Action, Record<EndpointState['status'], Outcome>> = {
  allocate: { absent: 'do', refused: 'do', allocated: 'done', secured: 'done', released: 'done' },
  refuse: { absent: 'do', refused: 'do', allocated: 'done', secured: 'done', released: 'done' },
  secure: { absent: 'refuse', refused: 'refuse', allocated: 'do', secured: 'done', released: 'done' },
  serve: { absent: 'done', refused: 'done', allocated: 'do', secured: 'do', released: 'done' },
  withdraw: { absent: 'done', refused: 'done', allocated: 'do', secured: 'do', released: 'done' },
  drain: { absent: 'done', refused: 'done', allocated: 'do', secured: 'do', released: 'done' },
  release: { absent: 'do', refused: 'do', allocated: 'do', secured: 'do', released: 'done' },
};

const nothing = accept<EndpointEvent>([]);

/** From where each of these leads on; anywhere else it changes nothing. */
const turns = {
  serve: { from: ['never', 'withdrawn', 'drained'], type: 'EndpointServing' },
  withdraw: { from: ['serving'], type: 'EndpointWithdrawn' },
  drain: { from: ['withdrawn'], type: 'EndpointDrained' },
} as const satisfies Record<string, { from: readonly Serving[]; type: EndpointEvent['type'] }>;

const turned = (state: EndpointState, serving: Serving): EndpointState =>
  state.status === 'allocated' || state.status === 'secured' ? { ...state, serving } : state;

export const endpointStream = (id: string) => `endpoint:${id}`;

export const endpoint: Decider<EndpointState, EndpointCommand, EndpointEvent> = {
  initial: { status: 'absent' },

  decide(state, command) {
    const outcome = outcomes[command.kind][state.status];
    if (outcome === 'done') return nothing;
    if (outcome === 'refuse') {
      return refuse(reject('ILLEGAL_STATE', `An endpoint that is ${state.status} can't do: ${command.kind}.`));
    }
    switch (command.kind) {
      case 'allocate': {
        const { kind: _, ...allocated } = command;
        const { namespaceId, instanceId, subnetId, ipv4, ipv6 } = command;
        return accept<EndpointEvent>(
          [{ type: 'EndpointAllocated', data: allocated }],
          [
            requireOpen(namespaceId),
            requireClaim('subnet-open', subnetId),
            takeUnique('address', ipv4, instanceId),
            takeUnique('address', ipv6, instanceId),
          ],
        );
      }
      case 'refuse': {
        const { kind: _, ...refused } = command;
        if (state.status === 'refused' && state.message === command.message) return nothing;
        return accept<EndpointEvent>([{ type: 'EndpointRefused', data: refused }]);
      }
      case 'secure': {
        if (state.status !== 'allocated') return nothing;
        const { generation, hash, enforcedAt } = command;
        return accept<EndpointEvent>([
          { type: 'EndpointSecured', data: { ...state.place, generation, hash, enforcedAt } },
        ]);
      }
      case 'serve':
      case 'withdraw':
      case 'drain': {
        if (state.status !== 'allocated' && state.status !== 'secured') return nothing;
        const { from, type } = turns[command.kind];
        return (from as readonly Serving[]).includes(state.serving)
          ? accept<EndpointEvent>([{ type, data: state.place }])
          : nothing;
      }
      case 'release': {
        const { instanceId, namespaceId, nodeId } = command;
        if (state.status !== 'allocated' && state.status !== 'secured') {
          return accept<EndpointEvent>([
            { type: 'EndpointReleased', data: { instanceId, namespaceId, nodeId, subnetId: null } },
          ]);
        }
        const { subnetId, ipv4, ipv6 } = state.addresses;
        return accept<EndpointEvent>(
          [{ type: 'EndpointReleased', data: { ...state.place, subnetId } }],
          [releaseUnique('address', ipv4, instanceId), releaseUnique('address', ipv6, instanceId)],
        );
      }
      default:
        return command satisfies never;
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'EndpointAllocated': {
        const { instanceId, namespaceId, nodeId, subnetId, ipv4, ipv6 } = event.data;
        return {
          status: 'allocated',
          place: { instanceId, namespaceId, nodeId },
          addresses: { subnetId, ipv4, ipv6 },
          serving: 'never',
        };
      }
      case 'EndpointRefused':
        return { status: 'refused', message: event.data.message };
      case 'EndpointSecured':
        return state.status === 'allocated' ? { ...state, status: 'secured' } : state;
      case 'EndpointServing':
        return turned(state, 'serving');
      case 'EndpointWithdrawn':
        return turned(state, 'withdrawn');
      case 'EndpointDrained':
        return turned(state, 'drained');
      case 'EndpointReleased':
        return { status: 'released' };
      default:
        return event satisfies never;
    }
  },
};
