/** Writes the new version of a projection: effects and position in one transaction, never under anybody's eyes. */

import type { Context } from '@atoll/schema/contexts';
import type { EventRecord } from '@atoll/schema/envelope';
import type { EventRegistry } from '@atoll/schema/registry';
import type { Logger } from '@atoll/service/log';
import type { Pool, PoolClient } from 'pg';
import type { Cursor } from '../consume/feed.ts';
import { quoteSchema } from '../database/sql.ts';
import { transaction } from '../database/transaction.ts';
import { describeError } from '../describe-error.ts';
import { UnreadableEvent } from '../errors.ts';
import { isOutage } from '../outage.ts';
import { type OpenEvents, withOpened } from '../personal/opened.ts';
import { upcast } from '../upcast.ts';
import { cursorAt } from './pages.ts';
import { nextConsumer } from './rows.ts';
import { applyRange, type SqlProjection } from './sql-projection.ts';
import { nextSearchPath } from './tables.ts';

/** It was cancelled, or another one was asked for. */
export class RebuildOver extends Error {
  override readonly name = 'RebuildOver';
}

/** So many events fail that the new version isn't worth going on with. */
export class TooManyFailures extends Error {
  override readonly name = 'TooManyFailures';
}

const MAX_PARKED = 1000;

/** The events of one consumer of the projection. */
export interface WriterSource {
  readonly consumer: string;
  readonly context: Context;
  readonly registry: EventRegistry;
  readonly open: OpenEvents | undefined;
}

interface Progress {
  readonly cursor: Cursor;
  readonly parkedStreams: ReadonlySet<string>;
}

export interface Writer {
  position(consumer: string): Promise<Cursor>;
  /** The events right after the cursor. What fails is parked with the later ones of its stream. */
  write(source: WriterSource, from: Cursor, events: readonly EventRecord[], signal: AbortSignal): Promise<Cursor>;
  /** As `write`, in a transaction that is the caller's, and without parking. */
  writeIn(tx: PoolClient, source: WriterSource, from: Cursor, events: readonly EventRecord[]): Promise<Cursor>;
  /** The events of the own store up to a position, where they are; null where they have to be read and written instead. */
  writeRange(source: WriterSource, from: Cursor, upTo: number, projection: SqlProjection): Promise<Cursor | null>;
}

export function createWriter(options: {
  pool: Pool;
  schema: string;
  projection: string;
  attempt: number;
  apply: (tx: PoolClient, events: readonly EventRecord[]) => Promise<void>;
  log: Logger;
}): Writer {
  const { pool, schema, projection, attempt, apply, log } = options;
  const q = quoteSchema(schema);
  // A batch that a crash takes back is taken back with its position: nobody need wait for the disk. Its statements have
  // the time that all have: what takes longer is cancelled by the server, and done in smaller batches. With more time the
  // connection would be given up first, which counts as an outage, and the same batch begun again without end.
  const settings =
    `set local search_path to ${nextSearchPath(schema)}; set local synchronous_commit = off; ` +
    `set local lock_timeout = '25s'`;

  /** Keeps a cancellation waiting until the batch is through. Throws `RebuildOver` where it came before. */
  async function lock(tx: PoolClient, consumer: string, expected: Cursor): Promise<Progress> {
    const { rows } = await tx.query<{ position: number | string; event_id: string | null; parked: readonly string[] }>(
      `select s.position, s.event_id,
         array(select distinct stream from ${q}.parked_event where consumer = $4) as parked
       from ${q}.rebuild_source s join ${q}.rebuild r using (projection)
       where s.projection = $1 and s.consumer = $2 and r.attempt = $3 and r.phase = 'building'
       for update of s, r`,
      [projection, consumer, attempt, nextConsumer(consumer)],
    );
    const row = rows[0];
    if (!row) throw new RebuildOver(`The rebuild ${attempt} of ${projection} is over.`);
    if (Number(row.position) !== expected.position) {
      throw new RebuildOver(
        `Another process has brought ${consumer} to ${row.position}; it was at ${expected.position}.`,
      );
    }
    return { cursor: { position: Number(row.position), eventId: row.event_id }, parkedStreams: new Set(row.parked) };
  }

  async function move(tx: PoolClient, consumer: string, to: Cursor): Promise<void> {
    await tx.query(
      `update ${q}.rebuild_source set position = $3, event_id = $4, target = greatest(target, $3)
       where projection = $1 and consumer = $2`,
      [projection, consumer, to.position, to.eventId],
    );
  }

  async function park(
    tx: PoolClient,
    consumer: string,
    events: readonly EventRecord[],
    failure: { error: string; attempts: number } | null,
  ): Promise<void> {
    if (events.length === 0) return;
    const { rows } = await tx.query<{ n: number }>(
      `with parked as (
         insert into ${q}.parked_event (consumer, position, stream, event, error, attempts)
         select $1, (e ->> 'position')::bigint, e ->> 'stream', e, $3, $4 from jsonb_array_elements($2::jsonb) e
       ) select count(*)::int as n from ${q}.parked_event where consumer = $1`,
      [nextConsumer(consumer), JSON.stringify(events), failure?.error ?? null, failure?.attempts ?? 0],
    );
    if ((rows[0]?.n ?? 0) > MAX_PARKED) {
      throw new TooManyFailures(`More than ${MAX_PARKED} events fail: ${failure?.error ?? 'they wait behind others'}.`);
    }
  }

  async function writeIn(tx: PoolClient, source: WriterSource, from: Cursor, events: readonly EventRecord[]) {
    const last = events.at(-1);
    if (!last) return from;
    const { parkedStreams } = await lock(tx, source.consumer, from);
    const behind = events.filter((event) => parkedStreams.has(event.stream));
    const due = events.filter((event) => !parkedStreams.has(event.stream));
    await park(tx, source.consumer, behind, null);
    if (due.length > 0) {
      await withOpened(source.open, due, (opened) =>
        apply(
          tx,
          opened.map((event) => upcast(source.registry, event)),
        ),
      );
    }
    await move(tx, source.consumer, cursorAt(last));
    return cursorAt(last);
  }

  /** Halves what fails until the one event is found that does. */
  async function write(
    source: WriterSource,
    from: Cursor,
    events: readonly EventRecord[],
    signal: AbortSignal,
  ): Promise<Cursor> {
    try {
      return await transaction(pool, (tx) => writeIn(tx, source, from, events), settings);
    } catch (error) {
      if (signal.aborted || isOutage(error) || error instanceof RebuildOver || error instanceof TooManyFailures)
        throw error;
      const [event] = events;
      if (event === undefined) throw error;
      if (events.length > 1) {
        if (!(error instanceof UnreadableEvent)) {
          log.warn(
            { err: error, projection, from: from.position, events: events.length },
            'a batch failed; halving it',
          );
        }
        const middle = Math.floor(events.length / 2);
        const at = await write(source, from, events.slice(0, middle), signal);
        return write(source, at, events.slice(middle), signal);
      }
      log.error(
        { err: error, projection, event: event.id, position: event.position },
        'an event is parked by the rebuild',
      );
      await transaction(
        pool,
        async (tx) => {
          await lock(tx, source.consumer, from);
          await park(tx, source.consumer, [event], { error: describeError(error), attempts: 1 });
          await move(tx, source.consumer, cursorAt(event));
        },
        settings,
      );
      return cursorAt(event);
    }
  }

  return {
    write,
    writeIn,
    async position(consumer) {
      const { rows } = await pool.query<{ position: number | string; event_id: string | null }>(
        `select position, event_id from ${q}.rebuild_source where projection = $1 and consumer = $2`,
        [projection, consumer],
      );
      const row = rows[0];
      if (!row) throw new RebuildOver(`The rebuild of ${projection} has no position of ${consumer}.`);
      return { position: Number(row.position), eventId: row.event_id };
    },
    async writeRange(source, from, upTo, sql) {
      const inPlace = async (tx: PoolClient) => {
        const { parkedStreams } = await lock(tx, source.consumer, from);
        if (parkedStreams.size > 0) return null;
        const { rows } = await tx.query<{ id: string }>(`select id from ${q}.event where position = $1`, [upTo]);
        const id = rows[0]?.id;
        if (id === undefined) return null;
        const range = { projection: sql, registry: source.registry, schema, after: from.position, upTo };
        if (!(await applyRange(tx, range))) return null;
        const to = { position: upTo, eventId: id };
        await move(tx, source.consumer, to);
        return to;
      };
      try {
        return await transaction(pool, inPlace, settings);
      } catch (error) {
        if (isOutage(error) || error instanceof RebuildOver) throw error;
        log.warn({ err: error, projection, from: from.position, upTo }, 'a range failed; page by page');
        return null;
      }
    },
  };
}
