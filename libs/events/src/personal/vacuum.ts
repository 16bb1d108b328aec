/**
 * Takes the dead versions of rows out of a table's pages soon after an erasure: until then they stand in its files, and
 * autovacuum may leave them there for long where a table is small. The write-ahead log keeps them until it is recycled.
 *
 * A vacuum leaves what a transaction from before may still look at, such as that of a backup: so it is repeated for an hour.
 */
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';

const AGAIN_MS = [60_000, 600_000, 3_600_000];

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
        await pool.query(`vacuum (truncate off) ${table}`);
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
