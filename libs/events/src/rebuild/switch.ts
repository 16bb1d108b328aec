/** The moment at which a new version takes the live one's place: one short transaction, or nothing. */
import type { EventRecord } from '@atoll/schema/envelope';
import { failpoint } from '@atoll/service/failpoint';
import type { Pool, PoolClient } from 'pg';
import { type Cursor, HistoryReplaced } from '../consume/feed.ts';
import { quoteSchema } from '../database/sql.ts';
import { transaction } from '../database/transaction.ts';
import { nextConsumer } from './rows.ts';
import { nextSearchPath, shapeOf, swapTables } from './tables.ts';
import { RebuildOver, type Writer, type WriterSource } from './writer.ts';

/** More than this isn't written while the live consumers wait: the rebuild follows them for another round. */
const MAX_REST = 2000;

/** The live tables were changed (a migration) since the new ones were made after them: begin anew. */
export class ShapeChanged extends Error {
  override readonly name = 'ShapeChanged';
}

export interface SwitchSource extends WriterSource {
  /** The events after a position, in order; must give up soon, because others wait meanwhile. */
  readonly read: (after: number, limit: number) => Promise<readonly EventRecord[]>;
}

/**
 * Brings the new version to where the live one is, to the event, with the live consumers held at their checkpoints, and
 * moves it into its place. Their checkpoints stay as they are and are now those of the new tables; what the rebuild has
 * parked takes the place of what they had parked. False where there is too much left to do: nothing is changed then.
 */
export async function switchOver(options: {
  pool: Pool;
  schema: string;
  projection: string;
  attempt: number;
  tables: readonly string[];
  sources: readonly SwitchSource[];
  writer: Writer;
  /** How long it may wait for a lock, and keep others waiting behind it. */
  lockTimeoutMs: number;
}): Promise<boolean> {
  const { pool, schema, projection, attempt, tables, sources, writer, lockTimeoutMs } = options;
  const q = quoteSchema(schema);

  async function bringUp(tx: PoolClient, source: SwitchSource, live: Cursor): Promise<boolean> {
    let at = await writer.position(source.consumer);
    if (live.position - at.position > MAX_REST) return false;
    while (at.position < live.position) {
      const events = await source.read(at.position, live.position - at.position);
      if (events[0]?.position !== at.position + 1) return false;
      at = await writer.writeIn(tx, source, at, events);
    }
    if (
      at.position !== live.position ||
      (live.eventId !== null && at.eventId !== null && at.eventId !== live.eventId)
    ) {
      throw new HistoryReplaced(
        `${source.consumer} is at ${live.position} (${live.eventId}), and the new version at ${at.position} (${at.eventId}).`,
      );
    }
    return true;
  }

  const settings =
    `set local search_path to ${nextSearchPath(schema)}; set local lock_timeout = ${Math.round(lockTimeoutMs)}; ` +
    `set local statement_timeout = '30s'`;
  return transaction(
    pool,
    async (tx) => {
      const { rows: own } = await tx.query<{ shape: string | null }>(
        `select shape from ${q}.rebuild where projection = $1 and attempt = $2 and phase = 'building' for update`,
        [projection, attempt],
      );
      if (!own[0]) throw new RebuildOver(`The rebuild ${attempt} of ${projection} is over.`);
      // In one order everywhere. Their batches in flight are waited for; the next ones wait for us.
      const { rows } = await tx.query<{ name: string; position: number | string; event_id: string | null }>(
        `select name, position, event_id from ${q}.consumer where name = any($1) order by name for update`,
        [sources.map(({ consumer }) => consumer)],
      );
      const live = new Map(rows.map((row) => [row.name, { position: Number(row.position), eventId: row.event_id }]));
      for (const source of sources) {
        const at = live.get(source.consumer);
        if (!at || !(await bringUp(tx, source, at))) return false;
      }
      if ((await shapeOf(tx, schema, tables)) !== own[0].shape) {
        throw new ShapeChanged('The live tables were changed while the new version was built after them.');
      }
      await swapTables(tx, schema, tables);
      const consumers = sources.map(({ consumer }) => consumer);
      await tx.query(`delete from ${q}.parked_event where consumer = any($1)`, [consumers]);
      for (const consumer of consumers) {
        await tx.query(`update ${q}.parked_event set consumer = $1 where consumer = $2`, [
          consumer,
          nextConsumer(consumer),
        ]);
      }
      await tx.query(
        `update ${q}.rebuild set phase = 'switched', note = null, updated_at = now() where projection = $1`,
        [projection],
      );
      failpoint('rebuild.before-switch');
      return true;
    },
    settings,
  );
}
