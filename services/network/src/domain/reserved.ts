/** Ranges that mean the same on every network, so that no pool can have any of them. */
import { overlaps, parseRange, type Range } from './address.ts';

const known: readonly (readonly [range: Range, what: string])[] = (
  [
    ['0.0.0.0/8', 'stands for "this network"'],
    ['127.0.0.0/8', 'is loopback'],
    ['169.254.0.0/16', 'is link-local'],
    ['224.0.0.0/4', 'is multicast'],
    ['240.0.0.0/4', 'is reserved, and has the broadcast address'],
    ['::/8', 'has loopback and the IPv4-mapped addresses'],
    ['fe80::/10', 'is link-local'],
    ['ff00::/8', 'is multicast'],
  ] as const
).map(([text, what]) => [parseRange(text), what]);

/** The first one that the range overlaps, and what it is. */
export const reservedWithin = (range: Range) => known.find(([one]) => overlaps(one, range)) ?? null;
