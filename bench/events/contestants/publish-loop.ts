/** The relay's peer: a loop of awaited `js.publish`, 512 in flight, with message ids as the relay's. */
import { toCloudEvent } from '@atoll/events/cloudevents';
import { createEventStore } from '@atoll/events/store';
import { createStream } from '@atoll/events/stream/jetstream';
import { bankEvents } from '@atoll/events/testing/bank';
import { eventStream, eventSubject } from '@atoll/schema/subjects';
import { createLogger } from '@atoll/service/log';
import { connectNats } from '@atoll/service/nats';
import { createPool } from '@atoll/service/postgres';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { given, serve } from '../contestant.ts';

const IN_FLIGHT = 512;
const PAGE = 500;

const log = createLogger('bench');
const pool = createPool({ url: given('DATABASE_URL'), name: 'bench', max: 5, log });
const nc = await connectNats({ url: given('NATS_URL'), name: 'publish-loop', log });
const store = createEventStore({ pool, context: 'deploy', registry: bankEvents, log });
const js = jetstream(nc);

interface Message {
  readonly subject: string;
  readonly body: string;
  readonly id: string;
}

/** A stream of another context, with the same settings. */
async function newStream(): Promise<void> {
  const jsm = await jetstreamManager(nc);
  await jsm.streams.delete(eventStream('network')).catch(() => {});
  await createStream(jsm, 'network', 8 * 1024 ** 3);
}

async function* messages(): AsyncGenerator<readonly Message[]> {
  for (let position = 0; ; ) {
    const events = await store.readStored(position, PAGE);
    const last = events.at(-1);
    if (!last) return;
    position = last.position;
    yield events.map((event) => ({
      subject: eventSubject({ ...event, context: 'network' }),
      body: JSON.stringify(toCloudEvent(event)),
      id: `network:${event.position}`,
    }));
  }
}

/** As many loops as there may be in flight, each with one message at a time. */
async function publishAll(pages: AsyncIterator<readonly Message[]>): Promise<number> {
  await newStream();
  let page: readonly Message[] = [];
  let at = 0;
  let turning: Promise<boolean> | null = null;
  let count = 0;
  async function turn(): Promise<boolean> {
    const next = await pages.next();
    turning = null;
    if (next.done) return false;
    page = next.value;
    at = 0;
    return true;
  }
  async function loop(): Promise<void> {
    for (;;) {
      const message = page[at];
      if (message === undefined) {
        turning ??= turn();
        if (!(await turning)) return;
        continue;
      }
      at += 1;
      await js.publish(message.subject, message.body, { msgID: message.id });
      count += 1;
    }
  }
  const began = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, loop));
  return (count * 1000) / (performance.now() - began);
}

async function* ready(pages: readonly (readonly Message[])[]): AsyncGenerator<readonly Message[]> {
  yield* pages;
}

const tasks = {
  /** With what the relay does, too: events read from the database, in pages, and made messages of. */
  publishStored: (): Promise<number> => publishAll(messages()),

  /** Nothing but publishing: the messages were made before. */
  async publishReady(): Promise<number> {
    const pages: (readonly Message[])[] = [];
    for await (const page of messages()) pages.push(page);
    return await publishAll(ready(pages));
  },
};
export type PublishLoop = typeof tasks;

serve(tasks, async () => {
  await store.close();
  await nc.close();
  await pool.end();
});
