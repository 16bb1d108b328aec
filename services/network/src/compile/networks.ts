/** CIDRs with exceptions, as the fewest CIDRs without: exact, canonical, sorted; the whole of a family as its two halves. */
import type { PolicyPeer } from '@atoll/schema/network/spec';
import { type Family, families, lastOf, parseRange, type Range, rangeText } from '../domain/address.ts';
import { byText } from './order.ts';

type CidrPeer = Extract<PolicyPeer, { kind: 'CIDR' }>;

/** Both ends included. */
interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

const bitsOf = { 4: 32, 6: 128 } as const satisfies Record<Family, number>;
const spanOf = (range: Range): Span => ({ first: range.first, last: lastOf(range) });

function without(span: Span, hole: Span): Span[] {
  if (hole.last < span.first || span.last < hole.first) return [span];
  const parts: Span[] = [];
  if (span.first < hole.first) parts.push({ first: span.first, last: hole.first - 1n });
  if (hole.last < span.last) parts.push({ first: hole.last + 1n, last: span.last });
  return parts;
}

function union(spans: readonly Span[]): Span[] {
  const merged: { first: bigint; last: bigint }[] = [];
  for (const { first, last } of [...spans].sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))) {
    const before = merged.at(-1);
    if (before === undefined || first > before.last + 1n) merged.push({ first, last });
    else if (last > before.last) before.last = last;
  }
  return merged;
}

/** The fewest ranges that are exactly the span; none longer than half of the family. */
function ranges(family: Family, { first, last }: Span): Range[] {
  const bits = bitsOf[family];
  const result: Range[] = [];
  for (let at = first; at <= last; ) {
    let size = 1;
    // As large as its place and the end allow; `size` counts bits behind the prefix, plus one.
    while (size < bits && at % (1n << BigInt(size)) === 0n && at + (1n << BigInt(size)) - 1n <= last) size += 1;
    result.push({ family, first: at, prefix: bits - size + 1 });
    at += 1n << BigInt(size - 1);
  }
  return result;
}

function ofFamily(family: Family, peers: readonly CidrPeer[]): string[] {
  const spans = peers.flatMap(({ cidr, except }) => {
    const range = parseRange(cidr);
    if (range.family !== family) return [];
    const holes = except.map(parseRange).filter((hole) => hole.family === family);
    return holes.reduce((left, hole) => left.flatMap((span) => without(span, spanOf(hole))), [spanOf(range)]);
  });
  return union(spans)
    .flatMap((span) => ranges(family, span))
    .map(rangeText)
    .sort(byText);
}

export interface Networks {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
}

export function networksOf(peers: readonly CidrPeer[]): Networks {
  const [ipv4 = [], ipv6 = []] = families.map((family) => ofFamily(family, peers));
  return { ipv4, ipv6 };
}
