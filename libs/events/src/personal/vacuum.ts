/**
 * Takes the dead versions of rows out of a table's pages soon after an erasure: until then they stand in its files, and
 * autovacuum may leave them there for long where a table is small. The write-ahead log keeps them until it is recycled.
 *
 * A plain vacuum makes room in the pages, and of several dead versions one may still stand in that room: a table that is small
 * is written anew instead, which holds up who reads it for milliseconds. Either leaves what a transaction from before may still
 * look at, such as that of a backup: so it is repeated for an hour.
 */
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';

const AGAIN_MS = [2000, 10_000, 60_000, 600_000, 3_600_000];
/** Up to here a table is written anew: some hundred thousand members, in about a second. */
const REWRITTEN_BYTES = 64 * 1024 * 1024;
/** Who reads the table waits behind the rewriting, which therefore doesn't wait for long itself. */
const LOCK_MS = 1000;

async function vacuum(pool: Pool, table: string): Promise<void> {
  const { rows } = await pool.query<{ small: boolean }>('select pg_total_relation_size($1::regclass) <= $2 as small', [
    table,
    REWRITTEN_BYTES,
  ]);
  if (!rows[0]?.small) {
    await pool.query(`vacuum (truncate off) ${table}`);
    return;
  }
  const client = await pool.connect();
  try {
    await client.query(`set lock_timeout = ${LOCK_MS}`);
    await client.query(`vacuum (full) ${table}`);
  } finally {
    // Not given back with a setting that isn't the pool's.
    client.release(true);
  }
}

export interface Vacuum {
  /** Soon, and once for all that ask meanwhile; and again later. What goes wrong is logged, and left to autovacuum. */
  ask(): void;
  /** Resolves once none is under way. */
  idle(): Promise<void>;
}

/** `table` as it stands in SQL; its owner is the role of the pool. */
export function createVacuum({ pool, table, log }: { pool: Pool; table: string; log: Logger }): Vacuum {
  let asked = false;
  let running: Promise<void> | null = null;
  let later: readonly NodeJS.Timeout[] = [];
  async function run(): Promise<void> {
    while (asked && !pool.ended) {
      asked = false;
      try {
        await vacuum(pool, table);
      } catch (error) {
        log.warn({ err: error, table }, 'what was erased could not be taken out of the files at once');
      }
    }
    running = null;
  }
  function start(): void {
    asked = true;
    running ??= run();
  }
  return {
    ask() {
      start();
      for (const timer of later) clearTimeout(timer);
      later = AGAIN_MS.map((ms) => setTimeout(start, ms).unref());
    },
    async idle() {
      while (running) await running;
    },
  };
}
