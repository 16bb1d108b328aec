/**
 * Which virtual addresses a service may get. Both families are given together: the same place in the ranges of either, counted
 * through them in the order in which they were added. A range of services never goes, so a place stays what it is. Pure.
 */
import { addressText, addressValue, lastOf, type Range } from './address.ts';

export interface ServiceRanges {
  readonly ipv4: readonly Range[];
  readonly ipv6: readonly Range[];
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
const usable = (range: Range): bigint => lastOf(range) - range.first - 1n;

/** `place` from 1. Null beyond the last range. */
function addressAt(ranges: readonly Range[], place: number): string | null {
  let left = BigInt(place);
  for (const range of ranges) {
    if (left <= usable(range)) return addressText(range.family, range.first + left);
    left -= usable(range);
  }
  return null;
}

/** Null where the ranges of a family have no such place. */
export function pairAt(ranges: ServiceRanges, place: number): AddressPair | null {
  const [ipv4, ipv6] = [addressAt(ranges.ipv4, place), addressAt(ranges.ipv6, place)];
  return ipv4 === null || ipv6 === null ? null : { ipv4, ipv6 };
}

/** The place of an address in the ranges of its family; null where it is in none of them. */
export function placeOf(ranges: readonly Range[], address: string): number | null {
  let before = 0n;
  for (const range of ranges) {
    const place = addressValue(address) - range.first;
    if (place > 0n && place <= usable(range)) return Number(before + place);
    before += usable(range);
  }
  return null;
}
