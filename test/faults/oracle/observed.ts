/** Everything that the oracle looks at, read straight from PostgreSQL, NATS and the subscriber's file. */
import { fromCloudEvent } from '@atoll/events/cloudevents';
import type { Context } from '@atoll/schema/contexts';
import type { EventRecord } from '@atoll/schema/envelope';
import { eventStream } from '@atoll/schema/subjects';
import type { NatsConnection } from '@atoll/service/nats';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { Pool } from 'pg';
import { ACCOUNTS, LEDGER, READ } from '../workload/role.ts';
import { type LogLine, readLog } from '../workload/subscriber.ts';

export interface StoredEvent {
  readonly position: number;
  readonly id: string;
  readonly type: string;
  readonly tenant: string;
  readonly stream: string;
  readonly version: number;
  readonly time: Date;
  readonly cause: string | null;
  readonly data: {
    readonly call: string;
    readonly amount?: number;
    readonly of?: string;
    readonly name?: string;
    readonly pool?: string;
  };
}
export interface Applied {
  readonly model: string;
  readonly position: number;
  readonly event_id: string;
}
export interface Sum {
  readonly model: string;
  readonly stream: string;
  readonly amount: number;
  readonly events: number;
}
export interface Answer {
  readonly tenant: string;
  readonly key: string;
  readonly position: number;
}

export interface Observed {
  readonly store: Readonly<Record<Context, readonly StoredEvent[]>>;
  readonly streams: Readonly<Record<Context, readonly EventRecord[]>>;
  readonly sums: readonly Sum[];
  readonly applied: readonly Applied[];
  readonly log: readonly LogLine[];
  readonly answers: readonly Answer[];
  readonly parked: readonly string[];
  readonly names: readonly { key: string; owner: string }[];
  readonly pools: readonly { key: string; held: number }[];
}

export async function readJetStream(nc: NatsConnection, context: Context): Promise<readonly EventRecord[]> {
  const { state } = await (await jetstreamManager(nc)).streams.info(eventStream(context));
  const events: EventRecord[] = [];
  if (state.messages === 0) return events;
  const consumer = await jetstream(nc).consumers.get(eventStream(context));
  const messages = await consumer.fetch({ max_messages: state.messages, expires: 10_000 });
  for await (const message of messages) {
    events.push(fromCloudEvent(message.json()));
    if (message.seq >= state.last_seq) break;
  }
  return events;
}

export const readStore = async (pool: Pool, schema: string): Promise<readonly StoredEvent[]> =>
  (
    await pool.query<StoredEvent>(
      `select position, id, type, tenant, stream, version, time, cause, data from ${schema}.event order by position`,
    )
  ).rows;

export const readAnswers = async (pool: Pool, schema: string): Promise<readonly Answer[]> =>
  (await pool.query<Answer>(`select tenant, key, position from ${schema}.idempotency`)).rows;

export const readParked = async (pool: Pool, schema: string): Promise<readonly string[]> =>
  (
    await pool.query<{ what: string }>(
      `select '${schema} ' || consumer || ' ' || position || ' ' || coalesce(error, '') as what from ${schema}.parked_event`,
    )
  ).rows.map(({ what }) => what);

export async function observe(from: { pool: Pool; nc: NatsConnection; logFile: string }): Promise<Observed> {
  const { pool, nc, logFile } = from;
  const rows = async <Row extends object>(sql: string) => (await pool.query<Row>(sql)).rows;
  const parked = await Promise.all([LEDGER, READ].map((schema) => readParked(pool, schema)));
  return {
    store: { tenancy: [], [ACCOUNTS]: await readStore(pool, ACCOUNTS), [LEDGER]: await readStore(pool, LEDGER) },
    streams: { tenancy: [], [ACCOUNTS]: await readJetStream(nc, ACCOUNTS), [LEDGER]: await readJetStream(nc, LEDGER) },
    sums: await rows<Sum>(`select model, stream, amount, events from ${READ}.sum`),
    applied: await rows<Applied>(`select model, position, event_id from ${READ}.applied order by position`),
    log: readLog(logFile).lines,
    answers: await readAnswers(pool, ACCOUNTS),
    parked: parked.flat(),
    names: await rows(`select key, owner from ${ACCOUNTS}.claim_unique where claim_set = 'name'`),
    pools: await rows(`select key, held from ${ACCOUNTS}.claim_total where claim_set = 'pool'`),
  };
}
