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

/**
 * How an event is tried again. `project`: in the transaction that takes it out of what is parked. `react`: before that
 * one, which would otherwise stand open for as long as the reaction takes; it is repeatable by the event's id.
 */
export type ParkedHandler =
  | { readonly kind: 'project'; handle(tx: PoolClient, event: EventRecord): Promise<void> }
  | { readonly kind: 'react'; handle(event: EventRecord): Promise<void> };

/** The first event of a parked stream, as it was found. */
interface Found {
  readonly event: EventRecord;
  readonly attempts: number;
  /** Of the row: another one as soon as somebody has asked for a retry since. */
  readonly revision: string;
}

export function createParkedWork(options: {
  name: string;
  pool: Pool;
  schema: string;
  handler: ParkedHandler;
  afterCommit: (event: EventRecord) => void;
  isOutage: (error: unknown) => boolean;
  log: Logger;
}): ParkedWork {
  const { name, pool, handler, afterCommit, isOutage, log } = options;
  const q = quoteSchema(options.schema);
  let dueAt = 0;
  let trying = 0;

  /** Null where the stream has none, or another process has put it aside a moment ago: its time hasn't come. */
  async function findDue(db: Pool | PoolClient, stream: string): Promise<Found | null> {
    const { rows } = await db.query<Found & { due: boolean }>(
      `select event, attempts, xmin::text as revision, retry_requested or coalesce(retry_at <= now(), error is null) as due
       from ${q}.parked_event where consumer = $1 and stream = $2 order by position limit 1`,
      [name, stream],
    );
    return rows[0]?.due ? rows[0] : null;
  }

  /** False where somebody has given it up meanwhile. The next of its stream is due then, whoever comes to it. */
  async function takeOut(tx: PoolClient, { position, stream }: EventRecord): Promise<boolean> {
    const { rowCount } = await tx.query(`delete from ${q}.parked_event where consumer = $1 and position = $2`, [
      name,
      position,
    ]);
    await tx.query(
      `update ${q}.parked_event set retry_at = now() where consumer = $1 and error is null and position =
         (select min(position) from ${q}.parked_event where consumer = $1 and stream = $2)`,
      [name, stream],
    );
    failpoint('retry.before-commit');
    return rowCount === 1;
  }

  /** The consumer's row keeps others (another process, a skip, the switch of a rebuild) from working on the same. */
  const underLock = <T>(work: (tx: PoolClient) => Promise<T>): Promise<T> =>
    transaction(
      pool,
      async (tx) => {
        await tx.query(`select 1 from ${q}.consumer where name = $1 for update`, [name]);
        return work(tx);
      },
      `set local search_path to ${liveSearchPath(options.schema)}`,
    );

  /** False where it is done with the stream. */
  async function retryFirst(stream: string): Promise<boolean> {
    let tried: Found | null = null;
    let event: EventRecord | null;
    try {
      if (handler.kind === 'react') {
        tried = await findDue(pool, stream);
        if (tried === null) return false;
        event = tried.event;
        await handler.handle(event);
        const done = event;
        await underLock((tx) => takeOut(tx, done));
      } else {
        event = await underLock(async (tx) => {
          tried = await findDue(tx, stream);
          if (tried === null) return null;
          await handler.handle(tx, tried.event);
          await takeOut(tx, tried.event);
          return tried.event;
        });
      }
    } catch (error) {
      if (tried === null || isOutage(error)) throw error;
      await failedAgain(stream, tried, error);
      return false;
    }
    failpoint('retry.after-commit');
    if (event === null) return false;
    log.info({ event: event.id, stream, position: event.position }, 'a parked event is done');
    afterCommit(event);
    return true;
  }

  async function failedAgain(stream: string, { event, attempts, revision }: Found, error: unknown): Promise<void> {
    const failure = failureOf(error, attempts + 1);
    const told = { err: error, event: event.id, stream, position: event.position, tries: failure.attempts };
    if (failure.retryInMs === null)
      log.error(told, 'an event keeps failing, and is parked with the later ones of its stream');
    else log.warn(told, 'an event failed again; trying again');
    await transaction(pool, async (tx) => {
      const { rows } = await tx.query<{ revision: string }>(
        `select xmin::text as revision from ${q}.parked_event where consumer = $1 and position = $2 for update`,
        [name, event.position],
      );
      await tx.query(
        `update ${q}.parked_event set error = $3, attempts = $4, retry_at = now() + $5 * interval '1 ms'
         where consumer = $1 and position = $2`,
        [name, event.position, failure.error, failure.attempts, failure.retryInMs],
      );
      // Who has asked since it was begun knows something that this attempt didn't: it is tried once more.
      if (rows[0]?.revision !== revision) return;
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
