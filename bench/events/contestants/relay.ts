/** This engine's relay: events of the database to JetStream. */
import { toCloudEvent } from '@atoll/events/cloudevents';
import { type Relay, startRelay } from '@atoll/events/relay';
import { createEventStore } from '@atoll/events/store';
import { createStream } from '@atoll/events/stream/jetstream';
import { bankEvents } from '@atoll/events/testing/bank';
import { eventStream, eventSubject } from '@atoll/schema/subjects';
import { createLogger } from '@atoll/service/log';
import { connectNats } from '@atoll/service/nats';
import { createPool } from '@atoll/service/postgres';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { given, serve } from '../contestant.ts';

const log = createLogger('bench');
const pool = createPool({ url: given('DATABASE_URL'), name: 'bench', max: 5, log });
const nc = await connectNats({ url: given('NATS_URL'), name: 'relay', log });
const store = createEventStore({ pool, context: 'deploy', registry: bankEvents, log });
const maxBytes = 8 * 1024 ** 3;

/** A stream that holds the first event, so that the relay goes on behind it rather than with the newest. */
async function newStream(): Promise<void> {
  const jsm = await jetstreamManager(nc);
  await jsm.streams.delete(eventStream('deploy')).catch(() => {});
  await createStream(jsm, 'deploy', maxBytes);
  const [first] = await store.readStored(0, 1);
  if (!first) throw new Error('There is no event.');
  await jetstream(nc).publish(eventSubject(first), JSON.stringify(toCloudEvent(first)));
}

let serving: Relay | null = null;

const tasks = {
  /** Stays, as consumers ask the owner whether the stream is of its log. */
  async serve(): Promise<void> {
    serving = await startRelay({ store, nc, log, maxBytes });
  },

  /** Publishes all events; how many a second. */
  async publish(): Promise<number> {
    await newStream();
    const last = await store.lastPosition();
    const began = performance.now();
    const relay = await startRelay({ store, nc, log, maxBytes });
    try {
      while (relay.published() < last) {
        if (performance.now() - began > 300_000) throw new Error(`The relay is at ${relay.published()} of ${last}.`);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      return (last * 1000) / (performance.now() - began);
    } finally {
      await relay.stop();
    }
  },
};
export type RelayTasks = typeof tasks;

serve(tasks, async () => {
  await serving?.stop();
  await store.close();
  await nc.close();
  await pool.end();
});
