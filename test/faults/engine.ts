/**
 * One process of a context, as the fault tests have it: the event store of the small bank, its relay, and three consumers
 * whose effects can be counted. Several of them on one database are what a service with several processes is.
 */
import { type ConsumerHandler, startConsumer } from '@atoll/events/consumer';
import { startRelay } from '@atoll/events/relay';
import { createEventStore, type EventStore, handleCommand } from '@atoll/events/store';
import { bank, bankEvents } from '@atoll/events/testing/bank';
import { PLATFORM } from '@atoll/schema/ids';
import type { Logger } from '@atoll/service/log';
import { connectNats } from '@atoll/service/nats';
import { createPool } from '@atoll/service/postgres';

export const CONTEXT = 'deploy';

/** `own` reads its store, `far` and `react` the stream; `react` answers each opening with a move. */
export const consumerNames = ['own', 'far', 'react'] as const;
type ConsumerName = (typeof consumerNames)[number];

export interface Engine {
  readonly store: EventStore;
  stop(): Promise<void>;
}

/** What a reaction moves: less than any call does. */
export const REACTION = 1;

/** Shorter than what is usual, to be waited for in a test. */
const SILENCE_MS = 5000;

/** What consumers leave behind: a row for each event that they applied, in the order of applying; twice where it was twice. */
export const effectTable = `create table ${CONTEXT}.effect (n bigserial, consumer text, position bigint, event_id text)`;

const writing = (consumer: ConsumerName): ConsumerHandler => ({
  kind: 'project',
  async apply(tx, events) {
    await tx.query(
      `insert into ${CONTEXT}.effect (consumer, position, event_id) select $1, p, e from unnest($2::bigint[], $3::text[]) x(p, e)`,
      [consumer, events.map(({ position }) => position), events.map(({ id }) => id)],
    );
  },
});

const reacting = (store: EventStore): ConsumerHandler => ({
  kind: 'react',
  async react(event) {
    if (event.type !== 'Opened') return;
    const outcome = await handleCommand(store, {
      decider: bank,
      stream: event.stream,
      command: { kind: 'move', amount: REACTION },
      origin: {
        tenant: PLATFORM,
        actor: 'service:bank',
        cause: event.id,
        correlation: event.correlation,
        traceparent: null,
      },
      idempotency: { key: `event:${event.id}`, request: event.id },
    });
    if (!outcome.ok) throw new Error(outcome.rejection.message);
  },
});

export async function startEngine(options: {
  name: string;
  databaseUrl: string;
  natsUrl: string;
  maxBytes?: number;
  log: Logger;
}): Promise<Engine> {
  const { name, log } = options;
  const pool = createPool({ url: options.databaseUrl, name, max: 10, log, silenceMs: SILENCE_MS });
  const nc = await connectNats({ url: options.natsUrl, name, log });
  const store = createEventStore({ pool, context: CONTEXT, registry: bankEvents, log });
  const relay = await startRelay({
    store,
    nc,
    log,
    ...(options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes }),
  });
  const stream = { kind: 'stream', nc, context: CONTEXT, registry: bankEvents } as const;
  const consume = (consumer: ConsumerName) =>
    startConsumer({
      name: consumer,
      source: consumer === 'own' ? { kind: 'store', store } : stream,
      pool,
      schema: CONTEXT,
      handler: consumer === 'react' ? reacting(store) : writing(consumer),
      log,
    });
  const consumers = await Promise.all(consumerNames.map(consume));
  return {
    store,
    async stop() {
      for (const consumer of consumers) await consumer.stop();
      await relay.stop();
      await store.close();
      await nc.close();
      await pool.end();
    },
  };
}
