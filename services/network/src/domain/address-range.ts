/**
 * A range of the platform's addresses. Stream `addressRange:<id>`. None overlaps another, unless it is cut out of one that
 * instances' subnets are taken from: then no subnet overlaps it.
 */
import { accept, type Claim, type Decider, refuse } from '@atoll/events/decider';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { RangePurpose } from '@atoll/schema/network/addresses';
import type { NetworkEvent } from '@atoll/schema/network/events';
import { type Family, parseRange, type Range, rangeText } from './address.ts';
import { releaseRange, releaseUnique, requireClaim, takeRange, takeUnique } from './claims.ts';
import { reservedWithin } from './reserved.ts';

export type AddressRangeEvent = Extract<
  NetworkEvent,
  { type: 'AddressRangeAdded' | 'AddressRangeWithdrawn' | 'PublicAddressRested' }
>;

export interface AddressRange {
  readonly rangeId: Id<'addressRange'>;
  readonly purpose: RangePurpose;
  readonly cidr: string;
  /** The range of INSTANCES that it is cut out of; null where it stands alone. */
  readonly within: Id<'addressRange'> | null;
}

export type AddressRangeState =
  | { readonly status: 'absent' }
  | { readonly status: 'there'; readonly range: AddressRange }
  | { readonly status: 'withdrawn' };

export type AddressRangeCommand =
  | ({ readonly kind: 'add' } & AddressRange)
  | { readonly kind: 'withdraw' }
  | { readonly kind: 'rested'; readonly publicAddressId: Id<'publicAddress'>; readonly address: string };

export const addressRangeStream = (id: string) => `addressRange:${id}`;
export const noRange = reject('NOT_FOUND', 'There is no such range of addresses.', 'addressRangeId');

/** Of ranges that are cut into subnets, and of those whose addresses are given one by one. */
const longestPrefix: Readonly<Record<RangePurpose, Readonly<Record<Family, number>>>> = {
  INSTANCES: { 4: 24, 6: 64 },
  SERVICES: { 4: 28, 6: 120 },
  PUBLIC: { 4: 32, 6: 128 },
  RESERVED: { 4: 32, 6: 128 },
};
const shortestPrefix: Readonly<Record<Family, number>> = { 4: 8, 6: 16 };

const familySet = { 4: 'ipv4', 6: 'ipv6' } as const;
/** The set in which what is taken out of the range is claimed. */
const inside = (purpose: RangePurpose, { family }: Range) => (purpose === 'PUBLIC' ? 'public' : familySet[family]);

/** Why no range can be like that, whatever else there is. */
export function rangeFault(purpose: RangePurpose, range: Range): Rejection | null {
  const typed = rangeText(range);
  const reserved = reservedWithin(range);
  if (reserved !== null) {
    const [known, what] = reserved;
    return reject('CIDR_NOT_ALLOWED', `${typed} overlaps ${rangeText(known)}, which ${what}.`, 'cidr');
  }
  const longest = longestPrefix[purpose][range.family];
  const shortest = shortestPrefix[range.family];
  if (range.prefix <= longest && range.prefix >= shortest) return null;
  return reject(
    'CIDR_NOT_ALLOWED',
    `A range for ${purpose} is a /${shortest} at the largest and a /${longest} at the smallest; ${typed} is neither nor between.`,
    'cidr',
  );
}

/** What no other range, or no subnet, may overlap. */
const place = ({ rangeId, cidr, within }: AddressRange) =>
  ({ set: within === null ? 'pool' : familySet[parseRange(cidr).family], cidr, rangeId }) as const;

export const addressRange: Decider<AddressRangeState, AddressRangeCommand, AddressRangeEvent> = {
  initial: { status: 'absent' },

  decide(state, command) {
    switch (command.kind) {
      case 'add': {
        if (state.status !== 'absent') return refuse(reject('ILLEGAL_STATE', 'The range is there already.'));
        const { kind: _, ...range } = command;
        const fault = rangeFault(range.purpose, parseRange(range.cidr));
        if (fault) return refuse(fault);
        const { set, cidr, rangeId } = place(range);
        const claims: Claim[] = [takeRange(set, cidr, rangeId), takeUnique('range-open', rangeId, rangeId)];
        if (range.within !== null) claims.unshift(requireClaim('range-open', range.within));
        return accept<AddressRangeEvent>([{ type: 'AddressRangeAdded', data: range }], claims);
      }
      case 'withdraw': {
        if (state.status === 'absent') return refuse(noRange);
        if (state.status === 'withdrawn') return accept<AddressRangeEvent>([]);
        const { range } = state;
        if (range.purpose === 'SERVICES') {
          return refuse(
            reject(
              'ILLEGAL_STATE',
              'Virtual addresses of services come out of this range: it stays.',
              'addressRangeId',
            ),
          );
        }
        const { set, cidr, rangeId } = place(range);
        const within = inside(range.purpose, parseRange(cidr));
        // Nobody has anything in it, or this take is refused; and without its mark nobody takes anything of it later.
        const empty =
          range.purpose === 'RESERVED' ? [] : [takeRange(within, cidr, rangeId), releaseRange(within, cidr, rangeId)];
        return accept<AddressRangeEvent>(
          [{ type: 'AddressRangeWithdrawn', data: range }],
          [...empty, releaseUnique('range-open', rangeId, rangeId), releaseRange(set, cidr, rangeId)],
        );
      }
      case 'rested': {
        if (state.status !== 'there') return accept<AddressRangeEvent>([]);
        const { publicAddressId, address } = command;
        return accept<AddressRangeEvent>(
          [{ type: 'PublicAddressRested', data: { rangeId: state.range.rangeId, publicAddressId, address } }],
          [releaseRange('public', addressAlone(address), publicAddressId)],
        );
      }
      default:
        return command satisfies never;
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'AddressRangeAdded':
        return { status: 'there', range: event.data };
      case 'AddressRangeWithdrawn':
        return { status: 'withdrawn' };
      case 'PublicAddressRested':
        return state;
      default:
        return event satisfies never;
    }
  },
};

/** The range of one address. */
export const addressAlone = (address: string) => `${address}/${address.includes(':') ? 128 : 32}`;
