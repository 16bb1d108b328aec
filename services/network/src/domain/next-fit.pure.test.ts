import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstGap, type Span } from './next-fit.ts';

/** Disjoint ranges inside of 0 … 255, sorted. */
const taken = fc
  .uniqueArray(fc.integer({ min: 0, max: 255 }), { maxLength: 40 })
  .map((points) => [...points].sort((a, b) => a - b))
  .map((points): Span[] => {
    const spans: Span[] = [];
    for (let n = 0; n + 1 < points.length; n += 2) {
      spans.push({ first: BigInt(points[n] ?? 0), last: BigInt(points[n + 1] ?? 0) });
    }
    return spans;
  });

const free = (spans: readonly Span[], at: bigint, size: bigint) =>
  spans.every((span) => span.last < at || at + size - 1n < span.first);

describe('the next free range', () => {
  it('is the first aligned one that overlaps nothing, from the place where the search begins', () => {
    const size = fc.constantFrom(1n, 2n, 4n, 8n, 16n);
    const from = fc.bigInt({ min: 0n, max: 255n });
    fc.assert(
      fc.property(taken, size, from, (spans, size, from) => {
        const relevant = spans.filter((span) => span.last >= from);
        let expected: bigint | null = null;
        for (let at = 0n; at + size - 1n <= 255n; at += size) {
          if (at >= from && expected === null && free(spans, at, size)) expected = at;
        }
        expect(firstGap(size, from, 255n, relevant)).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it('is none in a full pool', () => {
    expect(firstGap(4n, 0n, 255n, [{ first: 0n, last: 255n }])).toBeNull();
  });
});
