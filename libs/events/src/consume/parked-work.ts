/**
 * Parked events: those that failed a moment ago are tried again by themselves, the others when somebody asks. In order,
 * one transaction each, until one of the stream fails. All other streams flow on meanwhile.
 */
import type { EventRecord } from '@atoll/schema/envelope';
import { failpoint } from '@atoll/service/failpoint';
import type { Logger } from '@atoll/service/log';
import type { Pool, PoolClient } from 'pg';
import { quoteSchema } from '../database/sql.ts';
import { transaction } from '../database/transaction.ts';
import { describeError } from '../describe-error.ts';
import { UnreadableEvent } from '../errors.ts';
import { liveSearchPath } from '../rebuild/tables.ts';
import { backoff } from '../waiting.ts';
import type { ParkFailure } from './checkpoint.ts';

/** Before an event waits for a person. */
const TRIES = 5;
const FIRST_PAUSE_MS = 50;
/** So many streams are tried again at the same time; with more, the cause is hardly the events, and the consumer waits. */
const MAX_TRYING = 16;

/** What is to be written of an event that has failed for the `attempts`th time. */
export const failureOf = (error: unknown, attempts: number): ParkFailure => ({
  error: describeError(error),
  attempts,
  // No number of tries teaches this process a newer shape.
  retryInMs: attempts >= TRIES || error instanceof UnreadableEvent ? null : backoff(attempts, FIRST_PAUSE_MS, 1000),
});

export interface ParkedWork {
  /** Tries what is due, or asked for. */
  retry(signal: AbortSignal): Promise<void>;
  /** When the next retry comes by itself, by `performance.now()`; Infinity where there is none. */
  dueAt(): number;
  /** Too much fails at the same time: no more is to be begun before what is tried has come to an end. */
  isFull(): boolean;
  /** An event was parked. */
  added(failure: ParkFailure): void;
}

export function createParkedWork(options: {
  name: string;
  pool: Pool;
  schema: string;
  handle: (tx: PoolClient, event: EventRecord) => Promise<void>;
  afterCommit: (event: EventRecord) => void;
  isOutage: (error: unknown) => boolean;
  log: Logger;
}): ParkedWork {
  const { name, pool, handle, afterCommit, isOutage, log } = options;
  const q = quoteSchema(options.schema);
  let dueAt = 0;
  let trying = 0;

  /** False where it is done with the stream. */
  async function retryFirst(stream: string): Promise<boolean> {
    let tried: { readonly event: EventRecord; readonly attempts: number } | null = null;
    try {
      const event = await transaction(
        pool,
        async (tx) => {
          // The consumer's row keeps another process from working on the same.
          await tx.query(`select 1 from ${q}.consumer where name = $1 for update`, [name]);
          const { rows } = await tx.query<{ event: EventRecord; attempts: number }>(
            `select event, attempts from ${q}.parked_event where consumer = $1 and stream = $2 order by position limit 1`,
            [name, stream],
          );
          const first = rows[0];
          if (!first) return null;
          tried = first;
          await handle(tx, first.event);
          await tx.query(`delete from ${q}.parked_event where consumer = $1 and position = $2`, [
            name,
            first.event.position,
          ]);
          failpoint('retry.before-commit');
          return first.event;
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
      await failedAgain(stream, tried, error);
      return false;
    }
  }

  async function failedAgain(
    stream: string,
    { event, attempts }: { readonly event: EventRecord; readonly attempts: number },
    error: unknown,
  ): Promise<void> {
    const failure = failureOf(error, attempts + 1);
    const told = { err: error, event: event.id, stream, position: event.position, tries: failure.attempts };
    if (failure.retryInMs === null)
      log.error(told, 'an event keeps failing, and is parked with the later ones of its stream');
    else log.warn(told, 'an event failed again; trying again');
    await transaction(pool, async (tx) => {
      await tx.query(
        `update ${q}.parked_event set error = $3, attempts = $4, retry_at = now() + $5 * interval '1 ms'
         where consumer = $1 and position = $2`,
        [name, event.position, failure.error, failure.attempts, failure.retryInMs],
      );
      await tx.query(
        `update ${q}.parked_event set retry_requested = false where consumer = $1 and stream = $2 and retry_requested`,
        [name, stream],
      );
    });
  }

  return {
    dueAt: () => dueAt,
    isFull: () => trying >= MAX_TRYING,
    added(failure) {
      if (failure.retryInMs === null) return;
      trying += 1;
      dueAt = Math.min(dueAt, performance.now() + failure.retryInMs);
    },
    async retry(signal) {
      const { rows } = await pool.query<{ stream: string }>(
        `select distinct stream from ${q}.parked_event
         where consumer = $1 and (retry_requested or retry_at <= now()) order by stream`,
        [name],
      );
      for (const { stream } of rows) {
        while (!signal.aborted && (await retryFirst(stream)));
      }
      const { rows: left } = await pool.query<{ trying: number; wait: number | null }>(
        `select count(*)::int as trying, extract(epoch from min(retry_at) - now())::float8 * 1000 as wait
         from ${q}.parked_event where consumer = $1 and retry_at is not null`,
        [name],
      );
      trying = left[0]?.trying ?? 0;
      const wait = left[0]?.wait ?? null;
      dueAt = wait === null ? Number.POSITIVE_INFINITY : performance.now() + Math.max(1, wait);
    },
  };
}
