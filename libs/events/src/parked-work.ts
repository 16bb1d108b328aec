/** Parked events that somebody asked to retry: in order, one transaction each, until one fails again. */
import type { EventRecord } from '@atoll/schema/envelope';
import { failpoint } from '@atoll/service/failpoint';
import type { Logger } from '@atoll/service/log';
import type { Pool, PoolClient } from 'pg';
import { describeError } from './describe-error.ts';
import { liveSearchPath } from './rebuild-tables.ts';
import { quoteSchema } from './sql.ts';
import { transaction } from './transaction.ts';

export function createParkedWork(options: {
  name: string;
  pool: Pool;
  schema: string;
  handle: (tx: PoolClient, event: EventRecord) => Promise<void>;
  afterCommit: (event: EventRecord) => void;
  isOutage: (error: unknown) => boolean;
  log: Logger;
}): (signal: AbortSignal) => Promise<void> {
  const { name, pool, handle, afterCommit, isOutage, log } = options;
  const q = quoteSchema(options.schema);

  /** False where it is done with the stream. */
  async function retryFirst(stream: string): Promise<boolean> {
    let tried: EventRecord | null = null;
    try {
      const event = await transaction(
        pool,
        async (tx) => {
          // The consumer's row keeps another process from working on the same.
          await tx.query(`select 1 from ${q}.consumer where name = $1 for update`, [name]);
          const { rows } = await tx.query<{ event: EventRecord }>(
            `select event from ${q}.parked_event where consumer = $1 and stream = $2 order by position limit 1`,
            [name, stream],
          );
          tried = rows[0]?.event ?? null;
          if (tried === null) return null;
          await handle(tx, tried);
          await tx.query(`delete from ${q}.parked_event where consumer = $1 and position = $2`, [name, tried.position]);
          failpoint('retry.before-commit');
          return tried;
        },
        `set local search_path to ${liveSearchPath(options.schema)}`,
      );
      failpoint('retry.after-commit');
      if (event === null) return false;
      log.info({ event: event.id, stream, position: event.position }, 'a parked event is done');
      afterCommit(event);
      return true;
    } catch (error) {
      if (tried === null || isOutage(error)) throw error;
      const { position, id } = tried as EventRecord;
      log.error({ err: error, event: id, stream, position }, 'a parked event failed again');
      await transaction(pool, async (tx) => {
        await tx.query(
          `update ${q}.parked_event set error = $3, attempts = attempts + 1 where consumer = $1 and position = $2`,
          [name, position, describeError(error)],
        );
        await tx.query(
          `update ${q}.parked_event set retry_requested = false where consumer = $1 and stream = $2 and retry_requested`,
          [name, stream],
        );
      });
      return false;
    }
  }

  return async (signal) => {
    const { rows } = await pool.query<{ stream: string }>(
      `select distinct stream from ${q}.parked_event where consumer = $1 and retry_requested order by stream`,
      [name],
    );
    for (const { stream } of rows) {
      while (!signal.aborted && (await retryFirst(stream)));
    }
  };
}
