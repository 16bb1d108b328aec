import type { EventRecord } from '@atoll/schema/envelope';
import { eventStream } from '@atoll/schema/subjects';
import { RpcUnavailable } from '@atoll/service/nats';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Consumer } from '../src/consumer.ts';
import { refusal } from '../src/outage.ts';
import { listParked, retryParked, skipParked } from '../src/parked.ts';
import { handleCommand } from '../src/store.ts';
import { serveFetch } from '../src/stream/fetch.ts';
import { bank, bankEvents } from '../src/testing/bank.ts';
import { openTestStores, testLog } from '../src/testing/open-store.ts';
import { appended, opening, originOf } from '../src/testing/requests.ts';
import { eventually, killSessions, openPipeline, type Pipeline, upTo, within, writeEffect } from './pipeline.ts';

let pipeline: Pipeline;
beforeEach(async () => {
  pipeline = await openPipeline();
});
afterEach(() => pipeline.close());

const reached = async (consumer: Consumer, position: number) =>
  expect(await consumer.waitFor(position, within(15_000)), `reaches ${position}`).toBe(true);
/** A second process, and no locks: both believe that they hold each. */
async function withoutLocks() {
  // Names of locks are made of the schema's: this is what a lost lock looks like.
  const other = pipeline.stores.open();
  await pipeline.pool.query(
    `create function deploy.pg_try_advisory_lock(bigint) returns boolean language sql as 'select true'`,
  );
  for (const pool of [pipeline.pool, other.pool]) {
    pool.options.options = '-c search_path=deploy,pg_catalog';
  }
  await killSessions(pipeline.stores.url);
  return other;
}
const ownStore = () => ({ kind: 'store', store: pipeline.store }) as const;

describe('a consumer of its own context', () => {
  test('applies every event once, in order, from the first on and as they come', async () => {
    await pipeline.append(700);
    const consumer = await pipeline.consume({ name: 'own', source: ownStore() });
    const last = await pipeline.append(300);
    await reached(consumer, last);
    expect(consumer.position()).toBe(last);
    expect(await pipeline.effects('own')).toEqual(upTo(last));
  });

  test('hears of what another process appends', async () => {
    const consumer = await pipeline.consume({ name: 'own', source: ownStore() });
    const last = await pipeline.append(20, pipeline.stores.open().store);
    await reached(consumer, last);
    expect(await pipeline.effects('own')).toEqual(upTo(last));
  });

  test('waits no longer than asked', async () => {
    const consumer = await pipeline.consume({ name: 'own', source: ownStore() });
    expect(await consumer.waitFor(1, within(50))).toBe(false);
    expect(await consumer.waitFor(0, within(-1))).toBe(true);
  });

  test('tells what it has committed, and a listener that throws stops nothing', async () => {
    const told: number[] = [];
    const consumer = await pipeline.consume({
      name: 'own',
      source: ownStore(),
      handler: {
        kind: 'project',
        apply: (tx, events) => writeEffect(tx, 'own', events),
        afterCommit(events) {
          told.push(...events.map(({ position }) => position));
          throw new Error('listener');
        },
      },
    });
    const last = await pipeline.append(30);
    await reached(consumer, last);
    expect(told).toEqual(upTo(last));
  });
});

describe("a consumer of another context's stream", () => {
  test('applies every event once, in order: history, and what comes live', async () => {
    const nc = await pipeline.connect();
    await pipeline.relay();
    const early = await pipeline.append(800);
    const consumer = await pipeline.consume({ name: 'far', source: pipeline.stream(nc) });
    await reached(consumer, early);
    for (let round = 0; round < 30; round++) await pipeline.append(10);
    await reached(consumer, early + 300);
    expect(await pipeline.effects('far')).toEqual(upTo(early + 300));
  });

  test('goes on where it stopped', async () => {
    const nc = await pipeline.connect();
    await pipeline.relay();
    const first = await pipeline.consume({ name: 'far', source: pipeline.stream(nc) });
    await reached(first, await pipeline.append(50));
    await first.stop();
    const last = await pipeline.append(50);
    await reached(await pipeline.consume({ name: 'far', source: pipeline.stream(nc) }), last);
    expect(await pipeline.effects('far')).toEqual(upTo(last));
  });

  test('needs no stream: the owner alone is enough', async () => {
    const nc = await pipeline.connect();
    const serving = serveFetch({ store: pipeline.store, nc: await pipeline.connect(), log: testLog });
    const early = await pipeline.append(1700);
    const consumer = await pipeline.consume({ name: 'far', source: pipeline.stream(nc) });
    await reached(consumer, early);
    const last = await pipeline.append(5);
    await reached(consumer, last);
    expect(await pipeline.effects('far')).toEqual(upTo(last));
    await serving.stop();
  });

  test('is not stalled by a stream that stands still', async () => {
    const nc = await pipeline.connect();
    const relay = await pipeline.relay();
    const consumer = await pipeline.consume({ name: 'far', source: pipeline.stream(nc) });
    await reached(consumer, await pipeline.append(10));
    await relay.stop();
    const serving = serveFetch({ store: pipeline.store, nc: await pipeline.connect(), log: testLog });
    const last = await pipeline.append(10);
    await reached(consumer, last);
    expect(await pipeline.effects('far')).toEqual(upTo(last));
    await serving.stop();
  });

  test('closes gaps from the owner where the stream lost its middle or its beginning', async () => {
    const nc = await pipeline.connect();
    await pipeline.relay();
    const consumer = await pipeline.consume({ name: 'far', source: pipeline.stream(nc) });
    await reached(consumer, await pipeline.append(10));
    await consumer.stop();
    const last = await pipeline.append(100);
    const jsm = await jetstreamManager(nc);
    const name = eventStream('deploy');
    await eventually('all is published', async () => (await jsm.streams.info(name)).state.last_seq === last);
    await jsm.streams.purge(name, { seq: 40 });
    for (const seq of [60, 61, 90]) await jsm.streams.deleteMessage(name, seq);
    await reached(await pipeline.consume({ name: 'far', source: pipeline.stream(nc) }), last);
    expect(await pipeline.effects('far')).toEqual(upTo(last));
  });

  test('outlives deletion of the stream, the kill of NATS and the loss of its sessions, under load', async () => {
    const nc = await pipeline.connect();
    await pipeline.relay();
    const consumer = await pipeline.consume({ name: 'far', source: pipeline.stream(nc) });
    const jsm = await jetstreamManager(nc);
    const disasters = [
      () => jsm.streams.delete(eventStream('deploy')),
      () => jsm.streams.purge(eventStream('deploy')),
      () => killSessions(pipeline.stores.url),
      async () => {
        await pipeline.nats.kill();
        await pipeline.append(50);
        await pipeline.nats.restart();
      },
    ];
    for (const disaster of disasters) {
      await eventually('there is a stream', () => jsm.streams.info(eventStream('deploy')).then(Boolean, () => false));
      const appending = pipeline.append(300);
      await disaster();
      await appending;
      await reached(consumer, await pipeline.append(20));
    }
    const last = await pipeline.store.lastPosition();
    expect(await pipeline.effects('far')).toEqual(upTo(last));
  });

  test("takes nothing from a stream that outlived its database, and says so where its own past isn't the owner's", async () => {
    const nc = await pipeline.connect();
    const oldRelay = await pipeline.relay();
    const old = await pipeline.consume({ name: 'old', source: pipeline.stream(nc) });
    // More than one fetch holds, so that what follows could be read from the stream.
    await reached(old, await pipeline.append(900));
    await oldRelay.stop();
    const restored = await openTestStores();
    const { store } = restored.open();
    await pipeline.append(1000, store);
    // The stream still holds the old log, and the new owner answers.
    const serving = serveFetch({ store, nc: await pipeline.connect(), log: testLog });
    const seen: EventRecord[] = [];
    const fresh = await pipeline.consume({
      name: 'fresh',
      source: pipeline.stream(nc),
      handler: { kind: 'project', apply: async (_tx, events) => void seen.push(...events) },
    });
    await reached(fresh, 1000);
    expect(seen).toEqual(await store.readAfter(0, 1000));
    await eventually('the old consumer says that its past is gone', () =>
      (old.problem() ?? '').includes('restored from an older copy'),
    );
    expect(old.position()).toBe(900);
    await serving.stop();
    await fresh.stop();
    await restored.close();
  });
});

describe('an effect happens exactly once', () => {
  test('where the session dies between effect and checkpoint', async () => {
    const victim = pipeline.stores.open();
    let crashes = 0;
    const consumer = await pipeline.consume({
      name: 'own',
      source: ownStore(),
      pool: victim.pool,
      handler: {
        kind: 'project',
        async apply(tx, events) {
          await writeEffect(tx, 'own', events);
          if (crashes++ % 2 === 0) {
            const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
            await pipeline.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
          }
        },
      },
    });
    for (let round = 0; round < 5; round++) await reached(consumer, await pipeline.append(20));
    expect(crashes).toBeGreaterThanOrEqual(10);
    expect(await pipeline.effects('own')).toEqual(upTo(100));
    expect(await listParked({ pool: pipeline.pool, schema: 'deploy' }, { limit: 10 })).toEqual([]);
  });

  test('where a reaction is repeated because its checkpoint was lost', async () => {
    let reactions = 0;
    const consumer = await pipeline.consume({
      name: 'react',
      source: ownStore(),
      handler: {
        kind: 'react',
        async react(event) {
          if (event.type !== 'Opened') return;
          const nth = ++reactions;
          const outcome = await handleCommand(pipeline.store, {
            decider: bank,
            stream: event.stream,
            command: { kind: 'move', amount: 1 },
            origin: { ...originOf(), actor: 'service:bank', cause: event.id },
            idempotency: { key: `event:${event.id}`, request: 1 },
          });
          if (!outcome.ok) throw new Error(outcome.rejection.message);
          if (nth > 3) return;
          // Done, and before the checkpoint everything breaks.
          await killSessions(pipeline.stores.url);
          throw new RpcUnavailable('broken');
        },
      },
    });
    const { stream } = opening();
    await pipeline.store.append(opening({ stream }));
    await pipeline.append(20);
    await eventually('every account was moved', async () => (await pipeline.store.lastPosition()) === 42);
    await reached(consumer, 42);
    // Others are on their way at the same time, and are broken off with it.
    expect(reactions).toBeGreaterThanOrEqual(24);
    expect(await pipeline.store.readStream(stream)).toHaveLength(2);
  });

  test('where two processes run the consumer: one works, the other takes over, both know how far it is', async () => {
    const other = pipeline.stores.open();
    const consumers = [
      await pipeline.consume({ name: 'own', source: ownStore() }),
      await pipeline.consume({ name: 'own', source: ownStore(), pool: other.pool }),
    ];
    for (let round = 0; round < 4; round++) {
      const last = await pipeline.append(25);
      await Promise.all(consumers.map((consumer) => reached(consumer, last)));
      if (round === 1) await killSessions(pipeline.stores.url);
      // The one that has worked for longest, as it seems from here.
      if (round === 2) await consumers.shift()?.stop();
    }
    expect(await pipeline.effects('own')).toEqual(upTo(100));
  });

  test('where two processes both believe that they hold the lock', async () => {
    const other = await withoutLocks();
    const consumers = [
      await pipeline.consume({ name: 'own', source: ownStore() }),
      await pipeline.consume({ name: 'own', source: ownStore(), pool: other.pool }),
    ];
    for (let round = 0; round < 10; round++) {
      const last = await pipeline.append(10);
      await Promise.all(consumers.map((consumer) => reached(consumer, last)));
    }
    expect(await pipeline.effects('own')).toEqual(upTo(100));
  });

  test('where one wakes late from a reaction: it takes the checkpoint of the other not back', async () => {
    await pipeline.pool.query(
      `create table deploy.taken_back (position bigint);
       create function deploy.note() returns trigger language plpgsql as
         'begin insert into deploy.taken_back values (new.position); return null; end';
       create trigger note after update on deploy.consumer for each row
         when (new.position < old.position) execute function deploy.note()`,
    );
    const other = await withoutLocks();
    await pipeline.append(20);
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    let newest = 0;
    await pipeline.consume({
      name: 'react',
      source: ownStore(),
      handler: {
        kind: 'react',
        async react({ position }) {
          if (position === 1) begun.resolve();
          if (position <= 20) await gate.promise;
          newest = position;
        },
      },
    });
    await begun.promise;
    const last = await pipeline.append(20);
    const second = await pipeline.consume({
      name: 'react',
      source: ownStore(),
      pool: other.pool,
      handler: { kind: 'react', react: async () => {} },
    });
    await reached(second, last);
    gate.resolve();
    await eventually('the late one has found its place', async () => {
      await pipeline.append(1);
      return newest > last;
    });
    expect((await pipeline.pool.query('select position from deploy.taken_back')).rows).toEqual([]);
  });
});

describe('reactions', () => {
  const streams = ['account:a', 'account:b', 'account:c', 'account:d'];
  const fill = async (rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      for (const stream of streams) await pipeline.store.append(opening({ stream, expected: { kind: 'any' } }));
    }
    return rounds * streams.length;
  };

  test('run for several streams at once, for each in its order; one waits for itself only', async () => {
    const last = await fill(10);
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const seen = new Map<string, number[]>();
    let running = 0;
    let most = 0;
    const consumer = await pipeline.consume({
      name: 'react',
      source: ownStore(),
      handler: {
        kind: 'react',
        atOnce: 8,
        async react(event) {
          most = Math.max(most, ++running);
          if (event.position === 2) await held;
          seen.set(event.stream, [...(seen.get(event.stream) ?? []), event.version]);
          running -= 1;
        },
      },
    });
    await eventually('the others go on', () => (seen.get('account:c') ?? []).length >= 2);
    // What is before the one that isn't done is said to be done, and nothing behind it.
    await reached(consumer, 1);
    expect(consumer.position()).toBe(1);
    expect(seen.get('account:b')).toBeUndefined();
    release();
    await reached(consumer, last);
    for (const stream of streams) expect(seen.get(stream)).toEqual(upTo(10));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(8);
  });

  test('come one by one where the handler asks for that', async () => {
    const last = await fill(5);
    const seen: number[] = [];
    let running = 0;
    const consumer = await pipeline.consume({
      name: 'react',
      source: ownStore(),
      handler: {
        kind: 'react',
        atOnce: 1,
        async react(event) {
          if (++running > 1) throw new Error('two at once');
          await pipeline.store.lastPosition();
          seen.push(event.position);
          running -= 1;
        },
      },
    });
    await reached(consumer, last);
    expect(seen).toEqual(upTo(last));
  });
});

describe('an event that keeps failing', () => {
  const parked = () => listParked({ pool: pipeline.pool, schema: 'deploy' }, { consumer: 'own', limit: 100 });
  const where = () => ({ pool: pipeline.pool, schema: 'deploy' });
  let broken = true;
  let tries = 0;

  const poison = (event: EventRecord) => {
    if (!broken || JSON.stringify(event.data) !== '{"amount":666}') return;
    tries += 1;
    throw new Error('poison');
  };
  const seen: number[] = [];
  const projecting = () =>
    pipeline.consume({
      name: 'own',
      source: ownStore(),
      handler: {
        kind: 'project',
        async apply(tx, events) {
          await writeEffect(tx, 'own', events);
          for (const event of events) poison(event);
        },
        afterCommit: (events) => void seen.push(...events.map(({ position }) => position)),
      },
    });
  const reacting = () =>
    pipeline.consume({
      name: 'own',
      source: ownStore(),
      handler: {
        kind: 'react',
        async react(event) {
          poison(event);
          const client = await pipeline.pool.connect();
          await writeEffect(client, 'own', [event]).finally(() => client.release());
        },
      },
    });

  /** Positions 1 and 4 to 6 are the bad stream's, 3 … are others'; the poison is 2. */
  async function appendPoison(): Promise<number> {
    const move = (amount: number) =>
      opening({ stream: 'account:bad', expected: { kind: 'any' }, events: [{ type: 'Moved', data: { amount } }] });
    await pipeline.store.append(opening({ stream: 'account:bad' }));
    await pipeline.store.append(move(666));
    await pipeline.append(1);
    for (const amount of [1, 2, 3]) await pipeline.store.append(move(amount));
    return pipeline.append(10);
  }

  beforeEach(() => {
    broken = true;
    tries = 0;
    seen.length = 0;
  });

  test.each([
    ['projection', projecting],
    ['reaction', reacting],
  ])('in a %s is parked with the later ones of its stream; everything else flows on', async (_kind, start) => {
    const last = await appendPoison();
    const consumer = await start();
    await reached(consumer, last);
    // Nobody else waited for its tries; reactions of different streams come in any order.
    expect(tries).toBeLessThan(5);
    expect((await pipeline.effects('own')).toSorted((a, b) => a - b)).toEqual([1, 3, ...upTo(last).slice(6)]);
    await eventually('it was tried often enough', async () => (await parked())[0]?.retryAt === null);
    expect(tries).toBeGreaterThanOrEqual(5);
    expect(tries).toBeLessThanOrEqual(6);
    const put = await parked();
    expect(put.map(({ position, stream, error, attempts }) => ({ position, stream, error, attempts }))).toEqual([
      { position: 2, stream: 'account:bad', error: 'Error: poison', attempts: 5 },
      ...[4, 5, 6].map((position) => ({ position, stream: 'account:bad', error: null, attempts: 0 })),
    ]);
    expect(put[0]?.event).toEqual((await pipeline.store.readStored(1, 1))[0]);
    expect(await listParked(where(), { after: { consumer: 'own', position: 4 }, limit: 1 })).toMatchObject([
      { position: 5 },
    ]);

    // Asked too early it fails again, and stays.
    expect(await retryParked(where(), { consumer: 'own', stream: 'account:bad' })).toBe(true);
    await eventually('it was tried again', async () => (await parked())[0]?.attempts === 6);
    await eventually('nothing is asked any more', async () => (await parked()).every((row) => !row.retryRequested));
    expect(await parked()).toHaveLength(4);

    broken = false;
    await retryParked(where(), { consumer: 'own', stream: 'account:bad' });
    await eventually('nothing is parked', async () => (await parked()).length === 0);
    expect((await pipeline.effects('own')).slice(-4)).toEqual([2, 4, 5, 6]);
    const more = await pipeline.append(1);
    await pipeline.store.append(opening({ stream: 'account:bad', expected: { kind: 'any' } }));
    await reached(consumer, more + 1);
    expect((await pipeline.effects('own')).toSorted((a, b) => a - b)).toEqual(upTo(more + 1));
    expect(await retryParked(where(), { consumer: 'own', stream: 'account:bad' })).toBe(false);
  });

  test('can be given up: the rest of its stream follows', async () => {
    const last = await appendPoison();
    await reached(await projecting(), last);
    expect(await skipParked(where(), { consumer: 'own', position: 3 })).toBe(false);
    expect(await skipParked(where(), { consumer: 'own', position: 2 })).toBe(true);
    await eventually('nothing is parked', async () => (await parked()).length === 0);
    expect((await pipeline.effects('own')).slice(-3)).toEqual([4, 5, 6]);
    expect(seen.toSorted((a, b) => a - b)).toEqual(upTo(last).filter((position) => position !== 2));
  });

  test.each([
    ['projection', projecting],
    ['reaction', reacting],
  ])(
    'once in a %s is tried again by itself, before the later ones of its stream; the others have gone on',
    async (_kind, start) => {
      const last = await appendPoison();
      const consumer = await start();
      await eventually('it has failed once', () => tries > 0);
      await reached(consumer, last);
      broken = false;
      await eventually('nothing is parked', async () => (await parked()).length === 0);
      const seenOfBad = (await pipeline.effects('own')).filter((position) => [1, 2, 4, 5, 6].includes(position));
      expect(seenOfBad).toEqual([1, 2, 4, 5, 6]);
      expect((await pipeline.effects('own')).toSorted((a, b) => a - b)).toEqual(upTo(last));
    },
  );

  test('is not alone: where everything fails, the consumer waits instead of parking the whole log', async () => {
    let failing = true;
    const last = await pipeline.append(300);
    const consumer = await pipeline.consume({
      name: 'own',
      source: ownStore(),
      handler: {
        kind: 'project',
        async apply(tx, events) {
          if (failing) throw new Error('a bug');
          await writeEffect(tx, 'own', events);
        },
      },
    });
    await eventually('they are tried again', async () => ((await parked())[0]?.attempts ?? 0) >= 2);
    expect((await parked()).length).toBeLessThan(40);
    failing = false;
    await reached(consumer, last);
    await eventually('none is tried any more', async () => (await parked()).every(({ retryAt }) => retryAt === null));
    for (const { stream } of await parked()) await retryParked(where(), { consumer: 'own', stream });
    await eventually('nothing is parked', async () => (await parked()).length === 0);
    expect((await pipeline.effects('own')).toSorted((a, b) => a - b)).toEqual(upTo(last));
  });

  test.each(['UNAVAILABLE'] as const)('is not one whose command was answered %s', async (code) => {
    let refusals = 6;
    const consumer = await pipeline.consume({
      name: 'own',
      source: ownStore(),
      handler: {
        kind: 'react',
        async react() {
          if (refusals-- > 0) throw refusal('a reaction', { code, message: 'Not now.' });
        },
      },
    });
    await reached(consumer, await pipeline.append(1));
    expect(refusals).toBe(-1);
    expect(await parked()).toEqual([]);
  });

  test('is one whose command was refused for good', async () => {
    await reached(
      await pipeline.consume({
        name: 'own',
        source: ownStore(),
        handler: {
          kind: 'react',
          async react() {
            throw refusal('a reaction', { code: 'ILLEGAL_STATE', message: 'It is closed.' });
          },
        },
      }),
      await pipeline.append(1),
    );
    await eventually('it is parked', async () => (await parked())[0]?.retryAt === null);
    expect(await parked()).toMatchObject([{ attempts: 5, error: 'ReactionRefused: a reaction: It is closed.' }]);
  });

  test('is not one that only met an outage', async () => {
    let outages = 6;
    const consumer = await pipeline.consume({
      name: 'own',
      source: ownStore(),
      handler: {
        kind: 'react',
        async react() {
          if (outages-- > 0) throw new RpcUnavailable('nobody serves it');
        },
      },
    });
    await pipeline.append(1);
    await eventually('it says what is wrong', () => consumer.problem() === 'nobody serves it');
    await reached(consumer, 1);
    expect(outages).toBe(-1);
    expect(await parked()).toEqual([]);
    expect(consumer.problem()).toBeNull();
  });

  test('is one that this process is too old to read: parked as it was written', async () => {
    const registry = { ...bankEvents, Frozen: { version: 2, data: z.strictObject({}) } };
    const { store } = pipeline.stores.open({ registry });
    const consumer = await projecting();
    const frozen = appended(await store.append(opening({ events: [{ type: 'Frozen', data: {} }] })));
    await reached(consumer, await pipeline.append(3));
    expect(await parked()).toMatchObject([{ event: frozen.events[0], error: expect.stringContaining('type Frozen') }]);
    expect(await pipeline.effects('own')).toEqual([2, 3, 4]);
  });
});
