/**
 * Takes the dead versions of rows out of a table's pages soon after an erasure: until then they stand in its files, and
 * autovacuum may leave them there for long where a table is small. The write-ahead log keeps them until it is recycled.
 */
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';

export interface Vacuum {
  /** Soon, and once for all that ask meanwhile. What goes wrong is logged, and left to autovacuum. */
  ask(): void;
  /** Resolves once none is under way. */
  idle(): Promise<void>;
}

/** `table` as it stands in SQL; its owner is the role of the pool. */
export function createVacuum({ pool, table, log }: { pool: Pool; table: string; log: Logger }): Vacuum {
  let asked = false;
  let running: Promise<void> | null = null;
  async function run(): Promise<void> {
    while (asked) {
      asked = false;
      try {
        await pool.query(`vacuum (truncate off) ${table}`);
      } catch (error) {
        log.warn({ err: error, table }, 'what was erased could not be taken out of the files at once');
      }
    }
    running = null;
  }
  return {
    ask() {
      asked = true;
      running ??= run();
    },
    async idle() {
      while (running) await running;
    },
  };
}
