/**
 * Snapshots: folded states in PostgreSQL, written off the way of the commands and read where nothing is in memory.
 *
 * A snapshot is never trusted further than it can be checked: another version of its decider, a text that can't be
 * opened or doesn't parse, or a stream that doesn't have the event it ends with (a database that was restored), and it
 * counts as not there; the next one takes its place. What goes wrong here is logged and costs time, and nothing else.
 */
import type { Context } from '@atoll/schema/contexts';
import type { Tenant } from '@atoll/schema/ids';
import { failpoint } from '@atoll/service/failpoint';
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';
import { createGroupRead, type GroupRow } from '../database/group-read.ts';
import { patiently } from '../database/patience.ts';
import { quoteSchema } from '../database/sql.ts';
import type { SnapshotShape } from '../decider.ts';
import { snapshotsTotal } from '../measures.ts';
import type { PersonalData } from '../personal/personal-data.ts';
import type { Folded } from './state-cache.ts';

/** A snapshot is due when a stream has so many events more. */
export const DEFAULT_EVERY = 200;
const MAX_WAITING = 500;
/** As JSON. A larger one isn't written. */
const MAX_CHARS = 16 * 1024 * 1024;

/** Keeps the personal data in states unreadable for whoever has lost the keys. */
export type SnapshotSeal = Pick<PersonalData, 'sealSnapshot' | 'openSnapshot'>;

interface SnapshotRow extends GroupRow {
  readonly decider_version: number;
  readonly version: number;
  readonly event_id: string;
  readonly tenant: Tenant;
  readonly state: string;
}

export interface Snapshots {
  /** The newest that can be read, at `toVersion` or before. */
  read<S>(shape: SnapshotShape<S>, stream: string, toVersion: number | null): Promise<Folded<S> | null>;
  /** Writes it soon, if there is room. */
  offer<S>(shape: SnapshotShape<S>, stream: string, folded: Folded<S>): void;
  /** It is no copy of its stream. */
  discard(shape: SnapshotShape<unknown>, stream: string): void;
  /** Resolves once what is being written is written, and what waits is dropped. */
  close(): Promise<void>;
  /** Resolves once nothing waits to be written. For tests. */
  idle(): Promise<void>;
}

interface Waiting {
  readonly shape: SnapshotShape<unknown>;
  readonly stream: string;
  readonly folded: Folded<unknown>;
}

export function createSnapshots(options: {
  pool: Pool;
  context: Context;
  schema: string;
  seal: SnapshotSeal | null;
  log: Logger;
}): Snapshots {
  const { pool, context, schema, seal, log } = options;
  const q = quoteSchema(schema);
  const select = { name: `${schema}_read_snapshots`, text: `select * from ${q}.read_snapshots($1, $2)` };
  const upsert = {
    name: `${schema}_write_snapshot`,
    text: `insert into ${q}.snapshot as s (stream, decider, decider_version, version, event_id, tenant, state)
      values ($1, $2, $3, $4, $5, $6, $7)
      on conflict (stream, decider) do update set
        decider_version = excluded.decider_version, version = excluded.version, event_id = excluded.event_id,
        tenant = excluded.tenant, state = excluded.state, taken_at = now()`,
  };
  const waiting = new Map<string, Waiting>();
  let working: Promise<void> | null = null;

  const readRows = createGroupRead(async (asked: readonly { stream: string; decider: string }[]) => {
    const values = [asked.map(({ stream }) => stream), asked.map(({ decider }) => decider)];
    return (await patiently(() => pool.query<SnapshotRow>({ ...select, values }))).rows;
  });

  async function write({ shape, stream, folded }: Waiting): Promise<void> {
    const { version, eventId, tenant, keyIds, state } = folded;
    if (tenant === null || eventId === null) return;
    const sealed = seal ? await seal.sealSnapshot({ tenant, stream, version }, keyIds, state) : { stored: state };
    if (sealed === null) return;
    const text = JSON.stringify(sealed.stored);
    if (text.length > MAX_CHARS) throw new Error(`The state has ${text.length} characters; at most ${MAX_CHARS}.`);
    failpoint('snapshot.before-write');
    await pool.query({ ...upsert, values: [stream, shape.name, shape.version, version, eventId, tenant, text] });
    failpoint('snapshot.after-write');
    snapshotsTotal.inc({ context, outcome: 'written' });
  }

  async function work(): Promise<void> {
    for (const [key, next] of waiting) {
      waiting.delete(key);
      // Writing out a large state is work: whatever else waits for this process goes first.
      await new Promise((resolve) => setImmediate(resolve));
      try {
        await write(next);
      } catch (error) {
        snapshotsTotal.inc({ context, outcome: 'failed' });
        log.warn({ err: error, stream: next.stream, decider: next.shape.name }, 'a snapshot could not be written');
      }
    }
    working = null;
  }

  return {
    async read<S>(shape: SnapshotShape<S>, stream: string, toVersion: number | null) {
      try {
        const [row] = await readRows({ stream, decider: shape.name });
        if (row === undefined || row.decider_version !== shape.version) return null;
        const { version, tenant, event_id: eventId } = row;
        if (toVersion !== null && version > toVersion) return null;
        const stored: unknown = JSON.parse(row.state);
        const opened = seal
          ? await seal.openSnapshot({ tenant, stream, version }, stored)
          : { state: stored, keyIds: [] };
        return opened && { version, tenant, eventId, keyIds: opened.keyIds, state: shape.schema.parse(opened.state) };
      } catch (error) {
        snapshotsTotal.inc({ context, outcome: 'ignored' });
        log.warn({ err: error, stream, decider: shape.name }, 'a snapshot could not be read; folding the events');
        return null;
      }
    },
    offer(shape, stream, folded) {
      const key = `${shape.name} ${stream}`;
      if (waiting.size >= MAX_WAITING && !waiting.has(key)) {
        snapshotsTotal.inc({ context, outcome: 'dropped' });
        return;
      }
      waiting.set(key, { shape: shape as SnapshotShape<unknown>, stream, folded });
      working ??= work();
    },
    discard(shape, stream) {
      snapshotsTotal.inc({ context, outcome: 'ignored' });
      log.warn({ stream, decider: shape.name }, 'a snapshot is no copy of its stream; folding the events');
    },
    async close() {
      waiting.clear();
      await working;
    },
    async idle() {
      while (working) await working;
    },
  };
}
