/** Fills the new version up to where the live one is: pages are read ahead of the one that is written. */
import type { EventRecord } from '@atoll/schema/envelope';
import { failpoint } from '@atoll/service/failpoint';
import type { Pool } from 'pg';
import { type Cursor, verifySame } from '../consume/feed.ts';
import { type EventSource, openOf } from '../consumer.ts';
import { quoteSchema } from '../database/sql.ts';
import { fetchEvents } from '../stream/fetch.ts';
import { type ReadPage, readPages } from './pages.ts';
import { contextOf, type RebuildableProjection, registryOf } from './rebuildable.ts';
import { ShapeChanged, type SwitchSource } from './switch.ts';
import type { Writer } from './writer.ts';

/** Pages on their way at once: enough that the owner is never waited for, few enough that its commands don't wait for us. */
const AHEAD = 3;
const PAGE = { store: 2000, stream: 500 } as const;
/** What is folded and written in one transaction: so many events, or so many pages where events are large. */
const BATCH_EVENTS = 4000;
const BATCH_PAGES = 8;
/** Of SQL inside PostgreSQL. */
const RANGE = 50_000;

const readerOf = (source: EventSource): ReadPage =>
  source.kind === 'store'
    ? (after, limit) => source.store.readStored(after, limit)
    : async (after, limit) => (await fetchEvents(source.nc, source.context, { after, limit })).events;

export interface Building {
  readonly sources: readonly SwitchSource[];
  /** One round: everything up to where the live consumers are now. Answers how much has come meanwhile. */
  once(): Promise<number>;
}

export function buildUp(options: {
  pool: Pool;
  schema: string;
  projection: RebuildableProjection;
  writer: Writer;
  signal: AbortSignal;
  onProgress: (progress: { position: number; total: number }) => Promise<void>;
}): Building {
  const { pool, schema, projection, writer, signal, onProgress } = options;
  const q = quoteSchema(schema);
  const { effect } = projection;
  const sources = projection.sources.map(({ consumer, source }) => ({
    consumer,
    source,
    kind: source.kind,
    context: contextOf(source),
    registry: registryOf(source),
    open: openOf(source),
    read: readerOf(source),
  }));
  type Source = (typeof sources)[number];
  const reached = new Map<string, number>();
  let targets = new Map<string, number>();

  const sum = (of: ReadonlyMap<string, number>) => [...of.values()].reduce((total, n) => total + n, 0);
  const tell = (consumer: string, at: Cursor) => {
    reached.set(consumer, at.position);
    return onProgress({ position: sum(reached), total: sum(targets) });
  };

  async function readTargets(): Promise<Map<string, number>> {
    const { rows } = await pool.query<{ consumer: string; position: number | string }>(
      `update ${q}.rebuild_source s set target = c.position from ${q}.consumer c
       where s.projection = $1 and c.name = s.consumer returning s.consumer, c.position`,
      [projection.name],
    );
    return new Map(rows.map(({ consumer, position }) => [consumer, Number(position)]));
  }

  /** What was written before an interruption must be of the log that is read now. */
  async function verify(source: Source, at: Cursor): Promise<void> {
    if (at.position === 0 || reached.has(source.consumer)) return;
    const [same] = await source.read(at.position - 1, 1);
    verifySame(at, same, same?.position ?? 0);
  }

  async function writePages(source: Source, from: Cursor, target: number): Promise<Cursor> {
    let at = from;
    let batch: EventRecord[] = [];
    let pages = 0;
    const flush = async () => {
      at = await writer.write(source, at, batch, signal);
      failpoint('rebuild.after-batch');
      batch = [];
      pages = 0;
      await tell(source.consumer, at);
    };
    for await (const page of readPages(source.read, {
      from: at.position,
      to: target,
      limit: PAGE[source.kind],
      ahead: AHEAD,
    })) {
      if (signal.aborted) return at;
      batch.push(...page);
      pages += 1;
      if (batch.length >= BATCH_EVENTS || pages >= BATCH_PAGES) await flush();
    }
    if (batch.length > 0 && !signal.aborted) await flush();
    return at;
  }

  async function writeRanges(source: Source, from: Cursor, target: number): Promise<Cursor> {
    // Personal data is opened by this process, not by PostgreSQL.
    const inPlace = effect.kind === 'sql' && source.kind === 'store' && source.open === undefined;
    if (!inPlace) return writePages(source, from, target);
    let at = from;
    while (at.position < target && !signal.aborted) {
      const upTo = Math.min(at.position + RANGE, target);
      // Where it can't be done in PostgreSQL, or fails there, events go by this process, one by one in the end.
      const done = await writer.writeRange(source, at, upTo, effect.projection);
      at = done ?? (await writePages(source, at, upTo));
      await tell(source.consumer, at);
    }
    return at;
  }

  return {
    sources,
    async once() {
      targets = await readTargets();
      for (const source of sources) {
        const from = await writer.position(source.consumer);
        const target = targets.get(source.consumer) ?? 0;
        if (target < from.position) {
          throw new ShapeChanged(`${source.consumer} went back from ${from.position} to ${target}.`);
        }
        await verify(source, from);
        await tell(source.consumer, from);
        if (target > from.position) await writeRanges(source, from, target);
        if (signal.aborted) return 0;
      }
      return sum(await readTargets()) - sum(reached);
    },
  };
}
