/** A pair of ranges, IPv4 and IPv6, of one namespace. Stream `subnet:<id>`. */
import { accept, type Decider, refuse } from '@atoll/events/decider';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { NetworkEvent } from '@atoll/schema/network/events';
import { releaseRange, requireOpen, takeRange, useBefore } from './claims.ts';

export type SubnetEvent = Extract<NetworkEvent, { type: 'SubnetAllocated' | 'SubnetReleased' }>;

export interface SubnetRanges {
  readonly subnetId: Id<'subnet'>;
  readonly namespaceId: Id<'namespace'>;
  readonly ipv4: string;
  readonly ipv6: string;
}
export type SubnetState =
  | { readonly status: 'absent' }
  | { readonly status: 'allocated'; readonly ranges: SubnetRanges }
  | { readonly status: 'released' };

export type SubnetCommand =
  /** Before the reservation of quota for it ends. */
  ({ readonly kind: 'allocate'; readonly useBefore: string } & SubnetRanges) | { readonly kind: 'release' };

export const subnetStream = (id: string) => `subnet:${id}`;

export const subnet: Decider<SubnetState, SubnetCommand, SubnetEvent> = {
  initial: { status: 'absent' },

  decide(state, command) {
    switch (command.kind) {
      case 'allocate': {
        if (state.status !== 'absent') return refuse(reject('ILLEGAL_STATE', 'The subnet exists already.'));
        const { subnetId, namespaceId, ipv4, ipv6 } = command;
        return accept<SubnetEvent>(
          [{ type: 'SubnetAllocated', data: { subnetId, namespaceId, ipv4, ipv6 } }],
          [
            requireOpen(namespaceId),
            useBefore(command.useBefore),
            takeRange('ipv4', ipv4, subnetId),
            takeRange('ipv6', ipv6, subnetId),
          ],
        );
      }
      case 'release': {
        if (state.status === 'absent') return refuse(reject('NOT_FOUND', 'There is no such subnet.'));
        if (state.status === 'released') return accept<SubnetEvent>([]);
        const { subnetId, ipv4, ipv6 } = state.ranges;
        return accept<SubnetEvent>(
          [{ type: 'SubnetReleased', data: state.ranges }],
          [releaseRange('ipv4', ipv4, subnetId), releaseRange('ipv6', ipv6, subnetId)],
        );
      }
      default:
        return command satisfies never;
    }
  },

  evolve(_state, event) {
    switch (event.type) {
      case 'SubnetAllocated':
        return { status: 'allocated', ranges: event.data };
      case 'SubnetReleased':
        return { status: 'released' };
      default:
        return event satisfies never;
    }
  },
};
