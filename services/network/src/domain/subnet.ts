/** A pair of ranges, IPv4 and IPv6, of one namespace. Stream `subnet:<id>`. */
import { accept, type Decider, refuse } from '@atoll/events/decider';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { NetworkEvent } from '@atoll/schema/network/events';
import { releaseRange, releaseUnique, requireClaim, requireOpen, takeRange, takeUnique, useBefore } from './claims.ts';

export type SubnetEvent = Extract<NetworkEvent, { type: 'SubnetAllocated' | 'SubnetClosed' | 'SubnetReleased' }>;

export interface SubnetRanges {
  readonly subnetId: Id<'subnet'>;
  readonly namespaceId: Id<'namespace'>;
  readonly ipv4: string;
  readonly ipv6: string;
}
export type SubnetState =
  | { readonly status: 'absent' }
  | { readonly status: 'allocated'; readonly ranges: SubnetRanges }
  /** Being deleted: its addresses are given to nobody. */
  | { readonly status: 'closed'; readonly ranges: SubnetRanges }
  | { readonly status: 'released' };

export type SubnetCommand =
  | ({
      readonly kind: 'allocate';
      /** Before the reservation of quota for it ends. */
      readonly useBefore: string;
      /** The platform's ranges that it is taken out of. */
      readonly outOf: readonly Id<'addressRange'>[];
    } & SubnetRanges)
  /** `other`: one of the namespace that stays open; null where none is known. */
  | { readonly kind: 'close'; readonly other: Id<'subnet'> | null }
  | { readonly kind: 'release' };

export const subnetStream = (id: string) => `subnet:${id}`;
export const noSubnet = reject('NOT_FOUND', 'There is no such subnet.', 'subnetId');
export const lastSubnet = reject(
  'ILLEGAL_STATE',
  'It is the only subnet of its namespace: create another one first.',
  'subnetId',
);

const nothing = accept<SubnetEvent>([]);

export const subnet: Decider<SubnetState, SubnetCommand, SubnetEvent> = {
  initial: { status: 'absent' },

  decide(state, command) {
    switch (command.kind) {
      case 'allocate': {
        if (state.status !== 'absent') return refuse(reject('ILLEGAL_STATE', 'The subnet exists already.'));
        const { subnetId, namespaceId, ipv4, ipv6, outOf } = command;
        return accept<SubnetEvent>(
          [{ type: 'SubnetAllocated', data: { subnetId, namespaceId, ipv4, ipv6 } }],
          [
            requireOpen(namespaceId),
            useBefore(command.useBefore),
            ...outOf.map((rangeId) => requireClaim('range-open', rangeId)),
            takeRange('ipv4', ipv4, subnetId),
            takeRange('ipv6', ipv6, subnetId),
            takeUnique('subnet-open', subnetId, subnetId),
          ],
        );
      }
      case 'close': {
        if (state.status === 'absent') return refuse(noSubnet);
        if (state.status !== 'allocated') return nothing;
        if (command.other === null) return refuse(lastSubnet);
        const { subnetId, namespaceId } = state.ranges;
        return accept<SubnetEvent>(
          [{ type: 'SubnetClosed', data: { subnetId, namespaceId } }],
          // Two at once that each count on the other: the second one finds it closed.
          [requireClaim('subnet-open', command.other), releaseUnique('subnet-open', subnetId, subnetId)],
        );
      }
      case 'release': {
        if (state.status === 'absent') return refuse(noSubnet);
        if (state.status === 'released') return nothing;
        const { subnetId, ipv4, ipv6 } = state.ranges;
        return accept<SubnetEvent>(
          [{ type: 'SubnetReleased', data: state.ranges }],
          [
            releaseRange('ipv4', ipv4, subnetId),
            releaseRange('ipv6', ipv6, subnetId),
            releaseUnique('subnet-open', subnetId, subnetId),
          ],
        );
      }
      default:
        return command satisfies never;
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'SubnetAllocated':
        return { status: 'allocated', ranges: event.data };
      case 'SubnetClosed':
        return state.status === 'allocated' ? { status: 'closed', ranges: state.ranges } : state;
      case 'SubnetReleased':
        return { status: 'released' };
      default:
        return event satisfies never;
    }
  },
};
