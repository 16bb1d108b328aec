/**
 * An address that a tenant can be reached at from outside. Stream `publicAddress:<id>`. Given back it rests: until then its
 * claim stays, and only the same tenant can take it over.
 */
import { accept, type Decider, refuse } from '@atoll/events/decider';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { NetworkEvent } from '@atoll/schema/network/events';
import { addressAlone } from './address-range.ts';
import {
  noneOf,
  publicNameKey,
  releaseRange,
  releaseUnique,
  requireClaim,
  requireOpen,
  takeRange,
  takeUnique,
  useBefore,
} from './claims.ts';

export type PublicAddressEvent = Extract<
  NetworkEvent,
  { type: 'PublicAddressAllocated' | 'PublicAddressReleased' | 'PublicAddressAnnounced' }
>;

export interface PublicAddress {
  readonly publicAddressId: Id<'publicAddress'>;
  readonly namespaceId: Id<'namespace'>;
  readonly rangeId: Id<'addressRange'>;
  readonly name: string;
  readonly address: string;
}

export type PublicAddressState =
  | { readonly status: 'absent' }
  | { readonly status: 'held'; readonly held: PublicAddress; readonly by: Id<'node'> | null }
  | { readonly status: 'released' };

export type PublicAddressCommand =
  | ({
      readonly kind: 'allocate';
      /** Before the reservation of quota for it ends. */
      readonly useBefore: string;
      /** The tenant's own address that rests there, which this takes over; null for none. */
      readonly resting: Id<'publicAddress'> | null;
    } & PublicAddress)
  | { readonly kind: 'release'; readonly restsUntil: string }
  | { readonly kind: 'announce'; readonly nodeId: Id<'node'> };

export const publicAddressStream = (id: string) => `publicAddress:${id}`;
export const noPublicAddress = reject('NOT_FOUND', 'There is no such public address.', 'publicAddressId');

/** Bound of what leads somewhere from one address, of both protocols together. */
export const mappingsPerAddress = 1000;

export const publicAddress: Decider<PublicAddressState, PublicAddressCommand, PublicAddressEvent> = {
  initial: { status: 'absent' },

  decide(state, command) {
    switch (command.kind) {
      case 'allocate': {
        if (state.status !== 'absent') return refuse(reject('ILLEGAL_STATE', 'The address is allocated already.'));
        const { kind: _, useBefore: before, resting, ...data } = command;
        const { publicAddressId: owner, namespaceId, rangeId, name, address } = data;
        const alone = addressAlone(address);
        return accept<PublicAddressEvent>(
          [{ type: 'PublicAddressAllocated', data }],
          [
            requireOpen(namespaceId),
            useBefore(before),
            requireClaim('range-open', rangeId),
            takeUnique('public-name', publicNameKey(namespaceId, name), owner),
            ...(resting === null ? [] : [releaseRange('public', alone, resting)]),
            takeRange('public', alone, owner),
            takeUnique('public-address', owner, owner),
          ],
        );
      }
      case 'release': {
        if (state.status === 'absent') return refuse(noPublicAddress);
        if (state.status === 'released') return accept<PublicAddressEvent>([]);
        const { publicAddressId: owner, namespaceId, name } = state.held;
        return accept<PublicAddressEvent>(
          [{ type: 'PublicAddressReleased', data: { ...state.held, restsUntil: command.restsUntil } }],
          [
            ...noneOf('public-mappings', owner, mappingsPerAddress),
            releaseUnique('public-address', owner, owner),
            releaseUnique('public-name', publicNameKey(namespaceId, name), owner),
          ],
        );
      }
      case 'announce': {
        if (state.status !== 'held' || state.by === command.nodeId) return accept<PublicAddressEvent>([]);
        const { publicAddressId, namespaceId, address } = state.held;
        const { nodeId } = command;
        return accept<PublicAddressEvent>([
          { type: 'PublicAddressAnnounced', data: { publicAddressId, namespaceId, address, nodeId } },
        ]);
      }
      default:
        return command satisfies never;
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'PublicAddressAllocated':
        return { status: 'held', held: event.data, by: null };
      case 'PublicAddressAnnounced':
        return state.status === 'held' ? { ...state, by: event.data.nodeId } : state;
      case 'PublicAddressReleased':
        return { status: 'released' };
      default:
        return event satisfies never;
    }
  },
};
