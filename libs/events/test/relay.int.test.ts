import { eventFetchSubject, eventStream, eventWakeSubject } from '@atoll/schema/subjects';
import type { NatsConnection } from '@atoll/service/nats';
import { requestJson } from '@atoll/service/nats';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fromCloudEvent, toCloudEvent } from '../src/cloudevents.ts';
import type { EventStore } from '../src/store.ts';
import { fetchEvents, serveFetch } from '../src/stream/fetch.ts';
import { createPublisher } from '../src/stream/publisher.ts';
import { openTestStores, testLog } from '../src/testing/open-store.ts';
import { appended, opening, originOf } from '../src/testing/requests.ts';
import { eventually, killSessions, median, openPipeline, type Pipeline, upTo } from './pipeline.ts';

const name = eventStream('deploy');
let pipeline: Pipeline;
beforeEach(async () => {
  pipeline = await openPipeline();
});
afterEach(() => pipeline.close());

/** Every message of the stream, first to last. */
async function messages(nc: NatsConnection) {
  const jsm = await jetstreamManager(nc);
  const { state } = await jsm.streams.info(name);
  const found = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const message = await jsm.streams.getMessage(name, { seq });
    if (message)
      found.push({ subject: message.subject, event: fromCloudEvent(message.json()), header: message.header });
  }
  return found;
}
const positions = async (nc: NatsConnection) => (await messages(nc)).map(({ event }) => event.position);
const publishedUpTo = (relays: readonly { published(): number }[], position: number) =>
  eventually(`position ${position} is published`, () => relays.some((relay) => relay.published() >= position));

describe('the relay', () => {
  test('reads large events in pages of few, so that its memory stays flat', async () => {
    const asked: number[] = [];
    const store: EventStore = {
      ...pipeline.store,
      readStored(position, limit) {
        asked.push(limit);
        return pipeline.store.readStored(position, limit);
      },
    };
    let last = 0;
    for (let index = 0; index < 110; index++) {
      const large = opening({ events: [{ type: 'Opened', data: { owner: 'x'.repeat(200_000) } }] });
      last = appended(await pipeline.store.append(large)).position;
    }
    const relay = await pipeline.relay({ store });
    await publishedUpTo([relay], last);
    expect(Math.max(...asked)).toBeLessThanOrEqual(100);
    expect(asked.filter((limit) => limit > 1).at(-1)).toBe(41);
  });

  test('publishes every event once, in order, on its subject, as it was written', async () => {
    const nc = await pipeline.connect();
    const early = await pipeline.append(30);
    const relay = await pipeline.relay();
    await pipeline.store.append(opening({ stream: 'account:acc_1', origin: { ...originOf(), cause: 'evt_1' } }));
    const last = await pipeline.append(700);
    expect(last).toBe(early + 701);
    await publishedUpTo([relay], last);
    const found = await messages(nc);
    expect(found.map(({ event }) => event)).toEqual(await pipeline.store.readStored(0, 5000));
    expect(found[30]?.subject).toBe('evt.deploy.platform.account.acc_1.Opened');
    expect(relay.problem()).toBeNull();
  });

  test('goes on behind the last message where another one stopped', async () => {
    const nc = await pipeline.connect();
    const first = await pipeline.relay();
    const half = await pipeline.append(50);
    await publishedUpTo([first], half);
    await first.stop();
    await pipeline.append(20);
    const second = await pipeline.relay();
    const last = await pipeline.append(30);
    await publishedUpTo([second], last);
    expect(await positions(nc)).toEqual(upTo(last));
  });

  test('stands by while another publishes, takes over when that one loses its session, and nothing is doubled', async () => {
    const nc = await pipeline.connect();
    const other = pipeline.stores.open();
    const relays = [await pipeline.relay(), await pipeline.relay({ store: other.store })];
    await publishedUpTo(relays, await pipeline.append(40));
    expect(relays.filter((relay) => relay.published() > 0)).toHaveLength(1);
    for (let round = 0; round < 3; round++) {
      const appending = pipeline.append(200, round % 2 ? pipeline.store : other.store);
      await killSessions(pipeline.stores.url);
      await publishedUpTo(relays, await appending);
    }
    expect(await positions(nc)).toEqual(upTo(await pipeline.store.lastPosition()));
  });

  test('hears at once of what a process appends whose relay stands by', async () => {
    const other = pipeline.stores.open();
    const active = await pipeline.relay();
    await publishedUpTo([active], await pipeline.append(1));
    await pipeline.relay({ store: other.store });
    const nc = await pipeline.connect();
    let wakes = 0;
    nc.subscribe(eventWakeSubject('deploy'), { callback: () => void wakes++ });
    await nc.flush();
    const took = { own: [] as number[], other: [] as number[] };
    for (let round = 0; round < 9; round++) {
      for (const [whose, store] of [['own', pipeline.store] as const, ['other', other.store] as const]) {
        const position = await pipeline.append(1, store);
        const began = performance.now();
        await publishedUpTo([active], position);
        took[whose].push(performance.now() - began);
      }
    }
    await eventually('the standby woke the other one each time', () => wakes >= 9);
    // About as soon as of its own, however busy the machine is; by polling four times a second it would be later than this.
    expect(median(took.other) - median(took.own)).toBeLessThan(100);
  });

  test('cannot interleave with a second publisher', async () => {
    const nc = await pipeline.connect();
    const relay = await pipeline.relay();
    await publishedUpTo([relay], await pipeline.append(10));
    await relay.stop();
    await pipeline.append(300);
    const events = await pipeline.store.readStored(10, 500);
    const failed = new Set<number>();
    await Promise.all(
      [nc, await pipeline.connect()].map(async (connection, index) => {
        let acknowledged = 10;
        const publisher = createPublisher({
          nc: connection,
          sequence: 10,
          onAcknowledged: (position) => {
            acknowledged = position;
          },
          onFailure: () => failed.add(index),
        });
        for (const event of events) {
          try {
            publisher.publish(event);
          } catch {
            break;
          }
          // The other one has its turn.
          await publisher.sent();
        }
        await eventually('it has its answers', () => acknowledged === 310 || failed.has(index));
        publisher.close();
      }),
    );
    expect(failed.size).toBeGreaterThan(0);
    const kept = await positions(nc);
    expect(kept).toEqual(upTo(kept.length));
    await publishedUpTo([await pipeline.relay()], 310);
    expect(await positions(nc)).toEqual(upTo(310));
  });
});

test('what a publisher sends that was away while another took over is refused, also when its ids are forgotten', async () => {
  const nc = await pipeline.connect();
  const relay = await pipeline.relay();
  await publishedUpTo([relay], await pipeline.append(50));
  await (await jetstreamManager(nc)).streams.update(name, { duplicate_window: 100_000_000 });
  const [stale] = await pipeline.store.readStored(10, 1);
  if (!stale) throw new Error('There is no position 11.');
  let refusal = '';
  await eventually('the stream refuses it for its sequence alone', async () => {
    const failed = Promise.withResolvers<void>();
    const publisher = createPublisher({ nc, sequence: 10, onAcknowledged: failed.reject, onFailure: failed.resolve });
    publisher.publish(stale);
    await failed.promise;
    try {
      publisher.check();
    } catch (error) {
      refusal = String(error);
    }
    publisher.close();
    return refusal.includes('wrong last sequence');
  });
  expect(await positions(nc)).toEqual(upTo(50));
});

describe('the relay heals', () => {
  test('a stream that was deleted', async () => {
    const nc = await pipeline.connect();
    const relay = await pipeline.relay();
    await publishedUpTo([relay], await pipeline.append(60));
    await (await jetstreamManager(nc)).streams.delete(name);
    const last = await pipeline.append(5);
    await eventually('the stream is whole again', async () => (await positions(nc).catch(() => [])).length === last);
    expect(await positions(nc)).toEqual(upTo(last));
    await publishedUpTo([relay], last);
  });

  test('a stream that was deleted while nothing happens', async () => {
    const nc = await pipeline.connect();
    const relay = await pipeline.relay();
    const last = await pipeline.append(20);
    await publishedUpTo([relay], last);
    await (await jetstreamManager(nc)).streams.delete(name);
    await eventually('the stream is whole again', async () => (await positions(nc).catch(() => [])).length === last);
  });

  test('a stream that was purged: from here on nothing is missing', async () => {
    const nc = await pipeline.connect();
    const relay = await pipeline.relay();
    const before = await pipeline.append(60);
    await publishedUpTo([relay], before);
    await (await jetstreamManager(nc)).streams.purge(name);
    const last = await pipeline.append(5);
    await publishedUpTo([relay], last);
    expect((await positions(nc)).slice(-5)).toEqual(upTo(last).slice(-5));
    // A relay that begins after a purge finds no end to go on from, and fills the stream anew.
    await (await jetstreamManager(nc)).streams.purge(name);
    await relay.stop();
    await publishedUpTo([await pipeline.relay()], last);
    expect(await positions(nc)).toEqual(upTo(last));
  });

  test('a stream that fell behind', async () => {
    const nc = await pipeline.connect();
    const relay = await pipeline.relay();
    await publishedUpTo([relay], await pipeline.append(50));
    await relay.stop();
    // As after a crash of NATS without its last writes: rebuilt with 30 of the 50.
    const jsm = await jetstreamManager(nc);
    const { config } = await jsm.streams.info(name);
    await jsm.streams.delete(name);
    await jsm.streams.add(config);
    for (const event of await pipeline.store.readStored(0, 30)) {
      await jetstream(nc).publish(`evt.deploy.x`, JSON.stringify(toCloudEvent(event)));
    }
    const last = await pipeline.append(5);
    await publishedUpTo([await pipeline.relay()], last);
    expect(await positions(nc)).toEqual(upTo(last));
  });

  test('a stream that is ahead of the database, or of another one', async () => {
    const nc = await pipeline.connect();
    const relay = await pipeline.relay();
    await publishedUpTo([relay], await pipeline.append(50));
    await relay.stop();
    const restored = await openTestStores();
    const { store } = restored.open();
    for (const count of [10, 60]) {
      const last = await pipeline.append(count, store);
      const second = await pipeline.relay({ store });
      await publishedUpTo([second], last);
      expect((await messages(nc)).map(({ event }) => event)).toEqual(await store.readStored(0, 100));
      await second.stop();
      // The next round finds the first database's stream again.
      const third = await pipeline.relay();
      await publishedUpTo([third], 50);
      await third.stop();
    }
    await restored.close();
  });

  test('after NATS was killed under load and came back', async () => {
    const nc = await pipeline.connect();
    const relay = await pipeline.relay();
    await publishedUpTo([relay], await pipeline.append(20));
    const appending = pipeline.append(2000);
    await pipeline.nats.kill();
    await appending;
    const last = await pipeline.append(20);
    await pipeline.nats.restart();
    await publishedUpTo([relay], last);
    expect(await positions(nc)).toEqual(upTo(last));
  });

  test('a stream whose room shrinks: the oldest go, and it goes on', async () => {
    const nc = await pipeline.connect();
    await (await pipeline.relay()).stop();
    const relay = await pipeline.relay({ maxBytes: 64 * 1024 });
    const last = await pipeline.append(600);
    await publishedUpTo([relay], last);
    const kept = await positions(nc);
    expect(kept.length).toBeLessThan(200);
    expect(kept).toEqual(upTo(last).slice(-kept.length));
  });
});

describe('fetching from the owner', () => {
  test('gives what comes after a position, in pages that fit into a message', async () => {
    const nc = await pipeline.connect();
    await pipeline.relay();
    await pipeline.append(20);
    for (let index = 0; index < 8; index++) {
      await pipeline.store.append(opening({ events: [{ type: 'Opened', data: { owner: 'x'.repeat(200_000) } }] }));
    }
    const fetch = async (after: number, limit: number) => {
      const body = await requestJson(nc, eventFetchSubject('deploy'), { after, limit }, { timeoutMs: 10_000 });
      const { events, last } = body as { events: unknown[]; last: number };
      return { positions: events.map((event) => fromCloudEvent(event).position), last };
    };
    expect(await fetch(0, 5)).toEqual({ positions: [1, 2, 3, 4, 5], last: 28 });
    expect(await fetch(18, 100)).toEqual({ positions: [19, 20, 21, 22, 23], last: 28 });
    expect(await fetch(28, 100)).toEqual({ positions: [], last: 28 });
  });

  test('reads no more than about what it gives, whatever is asked for', async () => {
    const nc = await pipeline.connect();
    const read: number[] = [];
    const store: EventStore = {
      ...pipeline.store,
      async readStored(position, limit) {
        const events = await pipeline.store.readStored(position, limit);
        if (limit < 500) read.push(events.length);
        return events;
      },
    };
    const small = await pipeline.append(120);
    for (let index = 0; index < 60; index++) {
      await pipeline.store.append(opening({ events: [{ type: 'Opened', data: { owner: 'x'.repeat(100_000) } }] }));
    }
    const serving = serveFetch({ store, nc, log: testLog });
    const fetched = await fetchEvents(nc, 'deploy', { after: 0, limit: 110 });
    expect(fetched.events.map(({ position }) => position)).toEqual(upTo(110));
    expect(read).toEqual([50, 60]);
    const { events } = await fetchEvents(nc, 'deploy', { after: small, limit: 400 });
    expect(events.map(({ position }) => position - small)).toEqual(upTo(6));
    expect(read.slice(2)).toEqual([50]);
    await serving.stop();
  });

  test('refuses what is no request', async () => {
    const nc = await pipeline.connect();
    await pipeline.relay();
    const body = await requestJson(nc, eventFetchSubject('deploy'), { after: -1, limit: 1e9 }, { timeoutMs: 10_000 });
    expect(body).toMatchObject({ error: { code: 'INVALID_ARGUMENT' } });
  });
});
