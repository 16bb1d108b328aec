/** The rows behind a consumer: its checkpoint, and which streams are parked. */
import type { Context } from '@atoll/schema/contexts';
import type { EventRecord } from '@atoll/schema/envelope';
import { escapeLiteral, type Pool, type PoolClient } from 'pg';
import { quoteSchema } from '../database/sql.ts';
import type { Cursor } from './feed.ts';

/** Another process has moved the checkpoint: this one no longer has the say. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
}

export interface Progress {
  readonly cursor: Cursor;
  readonly parkedStreams: ReadonlySet<string>;
}

interface CursorRow {
  readonly position: number | string;
  readonly event_id: string | null;
}
interface ProgressRow extends CursorRow {
  readonly parked: readonly string[];
}

export interface Checkpoints {
  /** Makes the checkpoint where there is none, and writes down whose events it counts. */
  create(context: Context): Promise<void>;
  load(): Promise<Progress>;
  /** As `load`, and keeps others from moving it until the transaction ends. Throws `Fenced` where it isn't at `expected`. */
  lock(tx: PoolClient, expected: Cursor): Promise<Progress>;
  /**
   * Moves it as the first thing of a transaction, together with what begins that: SQL without parameters, one round trip.
   * Its rows go to `moved`. Nobody else moves it until the transaction ends, and if it fails it was never moved.
   */
  moving(from: Cursor, to: Cursor): string;
  /** The streams that are parked. Throws `Fenced` where the checkpoint wasn't where `moving` took it from. */
  moved(rows: readonly unknown[], from: Cursor): ReadonlySet<string>;
  /** Throws `Fenced` where it isn't at `from`. */
  move(db: Pool | PoolClient, from: Cursor, to: Cursor): Promise<void>;
  /** Puts events aside: `failure` for the one that failed, null for those that wait behind it. */
  park(tx: Pool | PoolClient, events: readonly EventRecord[], failure: ParkFailure | null): Promise<void>;
}
export interface ParkFailure {
  readonly error: string;
  readonly attempts: number;
  /** When it is tried again by itself, from now; null where it isn't. */
  readonly retryInMs: number | null;
}

export function createCheckpoints(pool: Pool, schema: string, name: string): Checkpoints {
  const q = quoteSchema(schema);
  const statement = (label: string, text: string) => ({ name: `${schema}_consumer_${label}`, text });
  const parked = `array(select distinct stream from ${q}.parked_event where consumer = $1) as parked`;
  const select = statement('load', `select position, event_id, ${parked} from ${q}.consumer where name = $1`);
  const selectLocked = statement('lock', `select position, event_id from ${q}.consumer where name = $1 for update`);
  const selectParked = statement('parked', `select ${parked}`);
  const update = statement(
    'move',
    `update ${q}.consumer set position = $3, event_id = $4, updated_at = now() where name = $1 and position = $2`,
  );
  const literal = (value: string | null) => (value === null ? 'null' : escapeLiteral(value));
  const insertParked = statement(
    'park',
    // One that is there already was parked by a process that was killed before its checkpoint had moved past it.
    `insert into ${q}.parked_event (consumer, position, stream, event, error, attempts, retry_at)
      select $1, (e ->> 'position')::bigint, e ->> 'stream', e, $3, $4, now() + $5 * interval '1 ms'
      from jsonb_array_elements($2::jsonb) e
      on conflict do nothing`,
  );

  const toProgress = (row: ProgressRow): Progress => ({
    cursor: { position: Number(row.position), eventId: row.event_id },
    parkedStreams: new Set(row.parked),
  });

  return {
    async create(context) {
      await pool.query(
        `insert into ${q}.consumer as c (name, position, context) values ($1, 0, $2)
         on conflict (name) do update set context = $2 where c.context is distinct from $2`,
        [name, context],
      );
    },
    async load() {
      const { rows } = await pool.query<ProgressRow>({ ...select, values: [name] });
      if (!rows[0]) throw new Error(`The consumer ${name} has no checkpoint.`);
      return toProgress(rows[0]);
    },
    async lock(tx, expected) {
      const { rows } = await tx.query<CursorRow>({ ...selectLocked, values: [name] });
      const [row] = rows;
      if (row === undefined || Number(row.position) !== expected.position) {
        throw new Fenced(`The checkpoint of ${name} is at ${row?.position}, not at ${expected.position}.`);
      }
      // A statement of its own: one that has waited for the row still sees what was parked before the wait, and a skip
      // or the switch of a rebuild may have been what it waited for.
      const { rows: streams } = await tx.query<Pick<ProgressRow, 'parked'>>({ ...selectParked, values: [name] });
      return toProgress({ ...row, parked: streams[0]?.parked ?? [] });
    },
    moving(from, to) {
      const me = literal(name);
      // Locked by a statement of its own: one that has waited for the row still sees what was parked before the wait.
      return `select from ${q}.consumer where name = ${me} for update; update ${q}.consumer
        set position = ${Number(to.position)}, event_id = ${literal(to.eventId)}, updated_at = now()
        where name = ${me} and position = ${Number(from.position)}
        returning array(select distinct stream from ${q}.parked_event where consumer = ${me}) as parked`;
    },
    moved(rows, from) {
      const [row] = rows as readonly Pick<ProgressRow, 'parked'>[];
      if (!row) throw new Fenced(`The checkpoint of ${name} isn't at ${from.position} any more.`);
      return new Set(row.parked);
    },
    async move(db, from, to) {
      const { rowCount } = await db.query({ ...update, values: [name, from.position, to.position, to.eventId] });
      if (rowCount !== 1) throw new Fenced(`The checkpoint of ${name} isn't at ${from.position} any more.`);
    },
    async park(tx, events, failure) {
      if (events.length === 0) return;
      const { error = null, attempts = 0, retryInMs = null } = failure ?? {};
      const values = [name, JSON.stringify(events), error, attempts, retryInMs];
      await tx.query({ ...insertParked, values });
    },
  };
}
