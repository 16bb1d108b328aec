/** What can't be read is refused by name, and nothing else suffers: neither what was done nor what comes after. */
import type { EventRegistry } from '@atoll/schema/registry';
import { eventStream } from '@atoll/schema/subjects';
import { jetstream } from '@nats-io/jetstream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { toCloudEvent } from '../src/cloudevents.ts';
import { UnreadableEvent, UnstorableInput } from '../src/errors.ts';
import { listParked } from '../src/parked.ts';
import { handleCommand } from '../src/store.ts';
import { bank, bankEvents } from '../src/testing/bank.ts';
import { appended, opening, originOf } from '../src/testing/requests.ts';
import { eventually, openPipeline, type Pipeline, upTo, within, writeEffect } from './pipeline.ts';

let pipeline: Pipeline;
beforeEach(async () => {
  pipeline = await openPipeline();
});
afterEach(() => pipeline.close());

/** The registry of the version to come: a new type, and a new version of an old one. */
const newerEvents = {
  ...bankEvents,
  Opened: {
    version: 2,
    data: z.strictObject({ owner: z.string(), currency: z.string() }),
    upcasters: { 1: (data: unknown) => ({ ...(data as object), currency: 'EUR' }) },
  },
  Frozen: { version: 1, data: z.strictObject({ until: z.string() }) },
} satisfies EventRegistry;

const parked = (consumer = 'c') =>
  listParked({ pool: pipeline.pool, schema: 'deploy' }, { consumer, limit: 100 }).then((rows) =>
    rows.map(({ position, error }) => ({ position, error })),
  );

describe('an event of a newer version', () => {
  const unknown = { type: 'Frozen', data: { until: '2027' } };
  const newerShape = { type: 'Opened', data: { owner: 'ann', currency: 'USD' } };

  /** Three events on one stream, the first of which an older process can't read, and others around it. */
  async function story(first: typeof unknown | typeof newerShape) {
    const newer = pipeline.stores.open({ registry: newerEvents }).store;
    const before = await pipeline.append(2);
    const stream = 'account:newer';
    for (const event of [first, ...[1, 2].map((amount) => ({ type: 'Moved', data: { amount } }))]) {
      appended(await newer.append(opening({ stream, expected: { kind: 'any' }, events: [event] })));
    }
    const last = await pipeline.append(2);
    return { newer, stream, before, last, positions: [before + 1, before + 2, before + 3] };
  }

  test.each([
    ['an unknown type', unknown, /type Frozen, which this process doesn't know.*update this process/],
    ['a newer shape', newerShape, /has schema version 2, and this process knows 1.*update this process/],
  ])(
    '(%s) parks its stream and no other, and goes on by itself once the process is updated',
    async (_, first, text) => {
      const { newer, last, positions } = await story(first);
      const old = await pipeline.consume({ name: 'c', source: { kind: 'store', store: pipeline.store } });
      expect(await old.waitFor(last, within(15_000))).toBe(true);
      expect(await pipeline.effects('c')).toEqual(upTo(last).filter((position) => !positions.includes(position)));
      const [head, ...behind] = await parked();
      expect(head?.error).toMatch(text);
      expect(behind.map(({ error }) => error)).toEqual([null, null]);
      await old.stop();

      // The same version again knows no more than before, and tries nothing.
      const again = await pipeline.consume({ name: 'c', source: { kind: 'store', store: pipeline.store } });
      await again.waitFor(await pipeline.append(1), within(15_000));
      expect(await parked()).toHaveLength(3);
      await again.stop();

      const updated = await pipeline.consume({ name: 'c', source: { kind: 'store', store: newer } });
      await eventually('nothing is parked', async () => (await parked()).length === 0);
      const effects = await pipeline.effects('c');
      expect(effects.filter((position) => positions.includes(position))).toEqual(positions);
      expect(effects.toSorted((a, b) => a - b)).toEqual(upTo(last + 1));
      await updated.stop();
    },
  );

  test('refuses commands on its stream to an older process, by name, and writes nothing', async () => {
    const { stream, last } = await story(unknown);
    const command = handleCommand(pipeline.store, {
      ...{ decider: bank, stream, command: { kind: 'move', amount: 5 }, origin: originOf() },
      idempotency: { key: 'k', request: {} },
    });
    await expect(command).rejects.toThrow(/type Frozen, which this process doesn't know/);
    expect(await pipeline.store.lastPosition()).toBe(last);
    expect(await pipeline.store.storedAnswer(originOf().tenant, { key: 'k', request: {} })).toBeNull();
  });
});

describe('stored data that somebody has damaged', () => {
  async function damage() {
    const { events, position } = appended(await pipeline.store.append(opening({ stream: 'account:damaged' })));
    await pipeline.pool.query(`update deploy.event set data = '{"owner": 7, "extra": true}' where position = $1`, [
      position,
    ]);
    return { stream: events[0]?.stream ?? '', position };
  }
  const text = /deploy:1 \(Opened, version 1\) isn't what its schema says.*from a backup/;

  test('is refused to readers and commands by name, and nothing is built on it', async () => {
    const { stream, position } = await damage();
    await expect(pipeline.store.readStream(stream)).rejects.toThrow(text);
    const move = { kind: 'move', amount: 5 } as const;
    const command = handleCommand(pipeline.store, { decider: bank, stream, command: move, origin: originOf() });
    await expect(command).rejects.toThrow(UnreadableEvent);
    expect(await pipeline.store.lastPosition()).toBe(position);
  });

  test('parks its stream and no other, in a projection and in a reaction', async () => {
    const { stream, position } = await damage();
    await pipeline.store.append(
      opening({ stream, expected: { kind: 'any' }, events: [{ type: 'Moved', data: { amount: 1 } }] }),
    );
    const last = await pipeline.append(3);
    const source = { kind: 'store', store: pipeline.store } as const;
    const reacted: number[] = [];
    const consumers = await Promise.all([
      pipeline.consume({ name: 'c', source }),
      pipeline.consume({
        name: 'r',
        source,
        handler: { kind: 'react', react: async (event) => void reacted.push(event.position) },
      }),
    ]);
    for (const consumer of consumers) expect(await consumer.waitFor(last, within(15_000))).toBe(true);
    expect(await pipeline.effects('c')).toEqual([3, 4, 5]);
    expect(reacted).toEqual([3, 4, 5]);
    for (const name of ['c', 'r']) {
      expect(await parked(name)).toEqual([
        { position, error: expect.stringMatching(text) },
        { position: position + 1, error: null },
      ]);
    }
  });
});

test.each(['while the relay is away', 'beside the relay'])(
  'garbage in the stream (%s) is passed over: every event comes once, in order',
  async (when) => {
    const relay = await pipeline.relay();
    const first = await pipeline.append(10);
    await eventually('all is published', () => relay.published() === first);
    const consumer = await pipeline.consume({ name: 'c', source: pipeline.stream(await pipeline.connect()) });
    expect(await consumer.waitFor(first, within(15_000))).toBe(true);
    if (when === 'while the relay is away') await relay.stop();

    const js = jetstream(await pipeline.connect());
    const [event] = await pipeline.store.readStored(0, 1);
    if (event === undefined) throw new Error('There is no event.');
    const wire = toCloudEvent(event);
    const next = String(first + 1);
    for (const body of [
      'no JSON at all {',
      '',
      new Uint8Array([0xff, 0xfe, 0x00]),
      '[]',
      '{"specversion":"1.0"}',
      JSON.stringify({ ...wire, type: 'atoll.network.Opened', position: next }),
      JSON.stringify({ ...wire, source: '/atoll/network', type: 'atoll.network.Opened', position: next }),
      JSON.stringify({ ...wire, position: '-1' }),
      JSON.stringify(wire),
    ]) {
      await js.publish('evt.deploy.platform.account.x.Opened', body);
    }
    const running = when === 'beside the relay' ? relay : await pipeline.relay();
    const last = await pipeline.append(10);
    expect(await consumer.waitFor(last, within(15_000))).toBe(true);
    expect(await pipeline.effects('c')).toEqual(upTo(last));
    expect(await parked()).toEqual([]);
    await eventually('the stream is in order again', () => running.published() === last && running.problem() === null);
    const { state } = await (await js.jetstreamManager()).streams.info(eventStream('deploy'));
    expect(state.last_seq).toBe(last);
  },
);

test('data that is too large is refused before anything is written, and its neighbours are not', async () => {
  const huge = (characters: number) =>
    opening({ events: [{ type: 'Opened', data: { owner: 'x'.repeat(characters) } }] });
  const before = await pipeline.append(1);
  const outcomes = await Promise.allSettled([
    pipeline.store.append(opening()),
    pipeline.store.append(huge(256 * 1024)),
    pipeline.store.append(opening()),
    pipeline.store.append(
      opening({ events: Array.from({ length: 20 }, () => ({ type: 'Opened', data: { owner: 'y'.repeat(250_000) } })) }),
    ),
    pipeline.store.append(huge(256 * 1024 - 20)),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled']);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(UnstorableInput);
  }
  expect(String(outcomes[1]?.status === 'rejected' && outcomes[1].reason)).toContain(
    'at most 262144 fit into one event',
  );
  const last = await pipeline.store.lastPosition();
  expect(last).toBe(before + 3);
  // The largest that is taken goes all the way.
  await pipeline.relay();
  const consumer = await pipeline.consume({
    name: 'c',
    source: pipeline.stream(await pipeline.connect()),
    handler: { kind: 'project', apply: (tx, events) => writeEffect(tx, 'c', events) },
  });
  expect(await consumer.waitFor(last, within(15_000))).toBe(true);
});
