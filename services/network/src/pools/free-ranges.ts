/**
 * Where the next free range of a pool is looked for. Only a suggestion, from the local table and a cursor of this
 * process: the claim decides, and who loses asks again.
 */
import type { Pool } from 'pg';
import { lastOf, type Range, rangeText, sizeOf } from '../domain/address.ts';
import { firstGap, type Span } from '../domain/next-fit.ts';

const pageSize = 256;

export interface FreeRanges {
  /** The next free range of that size behind the last one suggested in the pool; null where the pool has none. */
  next(pool: Range, prefix: number): Promise<Range | null>;
}

async function readPage(db: Pool, family: number, from: bigint): Promise<Span[]> {
  const { rows } = await db.query<{ first: string; last: string }>(
    `select first::text, last::text from network.held_range
     where family = $1 and last >= $2 order by last limit ${pageSize}`,
    [family, from.toString()],
  );
  return rows.map(({ first, last }) => ({ first: BigInt(first), last: BigInt(last) }));
}

async function search(db: Pool, family: number, size: bigint, from: bigint, until: bigint): Promise<bigint | null> {
  for (let at = from; ; ) {
    const page = await readPage(db, family, at);
    const gap = firstGap(size, at, until, page);
    const last = page.at(-1)?.last;
    // Behind a full page there may be more that is held.
    const unsure = page.length === pageSize && last !== undefined && (gap === null || gap > last);
    if (!unsure) return gap;
    at = last + 1n;
    if (at > until) return null;
  }
}

/** Behind the newest range that was taken: where the last process left off. */
async function firstCursor(db: Pool, { family, first }: Range, end: bigint): Promise<bigint | null> {
  const { rows } = await db.query<{ last: string }>(
    `select last::text from network.held_range where family = $1 and first >= $2 and last <= $3
     order by position desc limit 1`,
    [family, first.toString(), end.toString()],
  );
  return rows[0] ? BigInt(rows[0].last) + 1n : null;
}

export function createFreeRanges(db: Pool): FreeRanges {
  /** By pool; a pool that was withdrawn leaves a number behind, and no more. */
  const cursors = new Map<string, bigint>();
  let last: Promise<Range | null> = Promise.resolve(null);

  async function find(pool: Range, prefix: number): Promise<Range | null> {
    if (prefix < pool.prefix) return null;
    const { family, first } = pool;
    const end = lastOf(pool);
    const size = sizeOf(family, prefix);
    const name = rangeText(pool);
    const cursor = cursors.get(name) ?? (await firstCursor(db, pool, end)) ?? first;
    const found = (await search(db, family, size, cursor, end)) ?? (await search(db, family, size, first, end));
    if (found === null) return null;
    cursors.set(name, found + size);
    return { family, first: found, prefix };
  }

  return {
    /** One after the other, so that no two callers of this process are told the same. */
    next(pool, prefix) {
      const one = () => find(pool, prefix);
      last = last.then(one, one);
      return last;
    },
  };
}
