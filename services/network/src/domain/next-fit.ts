/**
 * Which range is taken next. Next-fit: the search goes on behind the last one taken and wraps at the end of the pool, so
 * that a range that was given back rests as long as the pool allows. It only suggests: the claim in the commit decides.
 */

export interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

const alignUp = (value: bigint, size: bigint) => ((value + size - 1n) / size) * size;

/**
 * The first aligned block of `size` addresses that begins at or behind `from`, ends at or before `until`, and overlaps
 * nothing of `taken`; null where there is none. `taken` is sorted, free of overlaps, and has all that ends at or behind
 * `from`.
 */
export function firstGap(size: bigint, from: bigint, until: bigint, taken: readonly Span[]): bigint | null {
  let at = alignUp(from, size);
  for (const span of taken) {
    if (at + size - 1n < span.first) break;
    if (span.last >= at) at = alignUp(span.last + 1n, size);
  }
  return at + size - 1n <= until ? at : null;
}
