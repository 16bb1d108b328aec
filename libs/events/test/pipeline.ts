/** What the tests of relay and consumers share: a context's store, NATS, and consumers that write what they saw. */
import { startTestNats, type TestNats } from '@atoll/infra/testing/nats';
import type { EventRecord } from '@atoll/schema/envelope';
import { connectNats, type NatsConnection } from '@atoll/service/nats';
import { createPool } from '@atoll/service/postgres';
import type { Pool, PoolClient } from 'pg';
import { type Consumer, type ConsumerHandler, type EventSource, startConsumer } from '../src/consumer.ts';
import { type Relay, startRelay } from '../src/relay.ts';
import type { EventStore } from '../src/store.ts';
import { bankEvents } from '../src/testing/bank.ts';
import { openTestStores, type TestStores, testLog } from '../src/testing/open-store.ts';
import { appended, opening } from '../src/testing/requests.ts';

export interface Pipeline {
  readonly stores: TestStores;
  readonly nats: TestNats;
  readonly store: EventStore;
  readonly pool: Pool;
  connect(): Promise<NatsConnection>;
  relay(options?: { store?: EventStore; nc?: NatsConnection; maxBytes?: number }): Promise<Relay>;
  /** A consumer, stopped at the end. Without a handler it writes positions to the table `effect`. */
  consume(options: { name: string; source: EventSource; handler?: ConsumerHandler; pool?: Pool }): Promise<Consumer>;
  stream(nc: NatsConnection): EventSource;
  /** Appends `count` events on streams of their own; resolves to the last position. */
  append(count: number, store?: EventStore): Promise<number>;
  /** Positions that the consumer wrote, in the order of writing. */
  effects(name: string): Promise<number[]>;
  close(): Promise<void>;
}

export async function openPipeline(): Promise<Pipeline> {
  const [stores, nats] = await Promise.all([openTestStores(), startTestNats()]);
  const { store, pool } = stores.open();
  await pool.query('create table deploy.effect (n serial, consumer text, position bigint)');
  const closing: (() => Promise<void>)[] = [];
  const pipeline: Pipeline = {
    stores,
    nats,
    store,
    pool,
    async connect() {
      const nc = await connectNats({ url: nats.url, name: 'test', log: testLog });
      closing.push(() => nc.close());
      return nc;
    },
    async relay(options = {}) {
      const relay = await startRelay({ store, nc: await pipeline.connect(), log: testLog, ...options });
      closing.push(() => relay.stop());
      return relay;
    },
    async consume(options) {
      const handler = options.handler ?? writing(options.name);
      const consumer = await startConsumer({ pool, schema: 'deploy', log: testLog, ...options, handler });
      closing.push(() => consumer.stop());
      return consumer;
    },
    stream: (nc) => ({ kind: 'stream', nc, context: 'deploy', registry: bankEvents }),
    async append(count, to = store) {
      const outcomes = await Promise.all(Array.from({ length: count }, () => to.append(opening())));
      return Math.max(...outcomes.map((outcome) => appended(outcome).position));
    },
    async effects(name) {
      const { rows } = await pool.query<{ position: number }>(
        'select position from deploy.effect where consumer = $1 order by n',
        [name],
      );
      return rows.map(({ position }) => position);
    },
    async close() {
      for (const close of closing.toReversed()) await close();
      await nats.stop();
      await stores.close();
    },
  };
  return pipeline;
}

export const writeEffect = async (tx: PoolClient, consumer: string, events: readonly EventRecord[]): Promise<void> => {
  await tx.query('insert into deploy.effect (consumer, position) select $1, unnest($2::bigint[])', [
    consumer,
    events.map(({ position }) => position),
  ]);
};

export const writing = (name: string): ConsumerHandler => ({
  kind: 'project',
  apply: (tx, events) => writeEffect(tx, name, events),
});

export const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

/** Resolves once the condition holds; fails at the deadline, saying what it was. */
export async function eventually(
  what: string,
  holds: () => Promise<boolean> | boolean,
  timeoutMs = 15_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

export const within = (ms: number): number => Date.now() + ms;

/** Ends every session of the database but the one that says so. */
export async function killSessions(url: string): Promise<void> {
  const pool = createPool({ url, name: 'killer', max: 1, log: testLog });
  await pool.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  await pool.end();
}
