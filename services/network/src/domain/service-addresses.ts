/** Which virtual addresses a service may get. Both families are given together: the same place in either range. Pure. */
import { addressText, addressValue, lastOf, type Range } from './address.ts';

export interface ServiceRanges {
  readonly ipv4: Range;
  readonly ipv6: Range;
}
export interface AddressPair {
  readonly ipv4: string;
  readonly ipv6: string;
}

/** A range of services is the last one of this size of its pool. */
const prefixes = { 4: 16, 6: 112 } as const;
/** Of a pool that hasn't room for one of that size: an eighth. */
const share = 3;

export function serviceRange(pool: Range): Range {
  const prefix = Math.max(prefixes[pool.family], pool.prefix + share);
  const size = 1n << BigInt((pool.family === 4 ? 32 : 128) - prefix);
  return { family: pool.family, first: lastOf(pool) - size + 1n, prefix };
}

/** Without the first and the last of them. */
export function capacityOf({ ipv4, ipv6 }: ServiceRanges): number {
  return Math.min(...[ipv4, ipv6].map((range) => Number(lastOf(range) - range.first - 1n)));
}

/** `place` from 1 to the capacity. */
export const pairAt = ({ ipv4, ipv6 }: ServiceRanges, place: number): AddressPair => ({
  ipv4: addressText(4, ipv4.first + BigInt(place)),
  ipv6: addressText(6, ipv6.first + BigInt(place)),
});

/** The place of an address in the range; null where it isn't in it. */
export function placeOf({ ipv4 }: ServiceRanges, address: string): number | null {
  const place = addressValue(address) - ipv4.first;
  return place > 0n && place < lastOf(ipv4) - ipv4.first ? Number(place) : null;
}
