/**
 * Golden streams: what each release wrote, as it is on the wire, one event per line. Frozen once the release ships; every
 * later version of the code must read them. See docs/decisions/0017-event-shapes-are-locked.md.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { Context } from '@atoll/schema/contexts';
import type { EventRecord } from '@atoll/schema/envelope';
import type { EventRegistry } from '@atoll/schema/registry';
import type { Pool } from 'pg';
import { fromCloudEvent } from '../cloudevents.ts';
import { quoteSchema } from '../database/sql.ts';
import { upcast } from '../upcast.ts';

const folder = new URL('../../../../schema/golden/', import.meta.url);

export const goldenFile = (release: string, context: Context) => new URL(`${release}/${context}.jsonl`, folder);

/** Releases that have golden streams. */
export const goldenReleases = (): readonly string[] =>
  readdirSync(folder)
    .filter((name) => /^\d+\.\d+\.\d+$/.test(name))
    .sort();

/** A context's events as that release wrote them, in the order of positions. */
export const readGolden = (release: string, context: Context): readonly EventRecord[] =>
  readFileSync(goldenFile(release, context), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => fromCloudEvent(JSON.parse(line)));

/** In today's shape. Throws, naming the event, where it can't be read or isn't what its schema says. */
export function readToday(registry: EventRegistry, event: EventRecord): EventRecord {
  const newest = upcast(registry, event);
  const parsed = registry[event.type]?.data.safeParse(newest.data);
  if (parsed?.success !== true) {
    throw new Error(
      `${event.context}:${event.position} (${event.type}, written as version ${event.schemaVersion}) isn't what its ` +
        `schema says today:\n${parsed?.error.message ?? 'there is no such type'}`,
    );
  }
  return { ...newest, data: parsed.data };
}

/** By stream, in the order of their first events. */
export function byStream(events: readonly EventRecord[]): ReadonlyMap<string, readonly EventRecord[]> {
  const streams = new Map<string, EventRecord[]>();
  for (const event of events) {
    const stream = streams.get(event.stream) ?? [];
    streams.set(event.stream, stream);
    stream.push(event);
  }
  return streams;
}

/** Puts events into a store's table as they are, as if an older version had written them there. */
export async function insertStored(pool: Pool, schema: string, events: readonly EventRecord[]): Promise<void> {
  const rows = events.map(({ schemaVersion: schema_version, context: _, ...event }) => ({ ...event, schema_version }));
  const columns =
    'position, id, type, schema_version, tenant, stream, version, time, actor, cause, correlation, traceparent, data';
  await pool.query(
    `insert into ${quoteSchema(schema)}.event (${columns})
     select ${columns} from jsonb_to_recordset($1::jsonb) as e (position bigint, id text, type text,
       schema_version integer, tenant text, stream text, version integer, "time" timestamptz, actor text, cause text,
       correlation text, traceparent text, data jsonb)`,
    [JSON.stringify(rows)],
  );
}
