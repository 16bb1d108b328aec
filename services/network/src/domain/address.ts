/** Addresses and ranges of both families as numbers, so that one piece of code serves both. */
import ipaddr from 'ipaddr.js';

export const families = [4, 6] as const;
export type Family = (typeof families)[number];
const bits = { 4: 32, 6: 128 } as const;

/** A CIDR: its first address has no bits behind the prefix. */
export interface Range {
  readonly family: Family;
  readonly first: bigint;
  readonly prefix: number;
}

const toNumber = (bytes: readonly number[]) => bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);

export function addressText(family: Family, value: bigint): string {
  const length = bits[family] / 8;
  const bytes = Array.from({ length }, (_, index) => Number((value >> BigInt(8 * (length - 1 - index))) & 0xffn));
  return ipaddr.fromByteArray(bytes).toString();
}

/** Of an address that is known to be well formed. IPv6 in any spelling. */
export const addressValue = (text: string): bigint => toNumber(ipaddr.parse(text).toByteArray());

/** Of a CIDR that is known to be well formed; bits behind the prefix are dropped. */
export function parseRange(text: string): Range {
  const [address, prefix] = ipaddr.parseCIDR(text);
  const family = address.kind() === 'ipv4' ? 4 : 6;
  return rangeAt(family, toNumber(address.toByteArray()), prefix);
}

/** The range of that size which holds the address. */
export function rangeAt(family: Family, address: bigint, prefix: number): Range {
  const behind = BigInt(bits[family] - prefix);
  return { family, first: (address >> behind) << behind, prefix };
}

export const rangeText = ({ family, first, prefix }: Range) => `${addressText(family, first)}/${prefix}`;
/** How many addresses a range of that prefix has. */
export const sizeOf = (family: Family, prefix: number) => 1n << BigInt(bits[family] - prefix);
export const lastOf = ({ family, first, prefix }: Range) => first + sizeOf(family, prefix) - 1n;

export const contains = (outer: Range, inner: Range) =>
  outer.family === inner.family && outer.first <= inner.first && lastOf(inner) <= lastOf(outer);
export const overlaps = (a: Range, b: Range) => a.family === b.family && a.first <= lastOf(b) && b.first <= lastOf(a);
