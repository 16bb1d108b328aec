/** The doors for appends without claims decide as the one for all does, and batches that go through both stay whole. */
import { PLATFORM, type Tenant } from '@atoll/schema/ids';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EventStore } from '../src/store.ts';
import { openTestStores, type TestStores } from '../src/testing/open-store.ts';
import { appended, newStream, opening, originOf } from '../src/testing/requests.ts';
import { type SentStatement, watchedPool } from '../src/testing/watched-pool.ts';

const other: Tenant = 'ten_01kanzyyrvetgvqd0pvqc7q2sf';
const moved = (amount: number) => ({ type: 'Moved', data: { amount } }) as const;
const claim = (key: string, owner: string) => ({ op: 'take', kind: 'unique', set: 'plain', key, owner }) as const;
const keyed = (key: string, request: unknown = 1) => ({ idempotency: { key, request }, result: { said: key } });

let stores: TestStores;
let store: EventStore;
const sent: string[] = [];
/** Fails what was just answered, once, if it is called so. */
let lose: string | null = null;

const onAnswered = ({ name }: SentStatement) => {
  sent.push(name.replace('deploy_', ''));
  if (lose === null || name !== `deploy_${lose}`) return;
  lose = null;
  throw new Error('Connection terminated unexpectedly');
};

async function together<T>(work: () => readonly Promise<T>[]): Promise<{ outcomes: T[]; doors: string[] }> {
  sent.length = 0;
  const outcomes = await Promise.all(work());
  return { outcomes, doors: sent.filter((name) => name.endsWith('write')) };
}

async function checkLog(): Promise<void> {
  const events = await store.readAfter(0, 5000);
  expect(events.map(({ position }) => position)).toEqual(events.map((_, index) => index + 1));
  const times = events.map(({ time }) => time);
  expect(times).toEqual([...times].sort());
  const versions = new Map<string, number>();
  for (const { stream, version } of events) {
    expect(version).toBe((versions.get(stream) ?? 0) + 1);
    versions.set(stream, version);
  }
}

describe('appends without claims', () => {
  beforeAll(async () => {
    stores = await openTestStores();
    const { pool } = stores.open();
    ({ store } = stores.open({ pool: watchedPool(pool, onAnswered) }));
  });
  afterAll(() => stores.close());

  test('one alone: new, on a version, on any; refused for its version, its tenant and its key; replayed', async () => {
    const stream = newStream();
    const one = async (changes: Parameters<typeof opening>[0]) => {
      const { outcomes, doors } = await together(() => [store.append(opening({ stream, ...changes }))]);
      return { outcome: outcomes[0], doors };
    };
    const door = ['one_write'];
    const both = ['one_write', 'write'];
    expect(await one(keyed('one'))).toMatchObject({ outcome: { outcome: 'appended', version: 1 }, doors: door });
    const at = (version: number) => ({ expected: { kind: 'at', version }, events: [moved(1)] }) as const;
    expect(await one(at(1))).toMatchObject({ outcome: { outcome: 'appended', version: 2 }, doors: door });
    expect(await one({ ...at(1), expected: { kind: 'any' } })).toMatchObject({ outcome: { version: 3 }, doors: door });
    expect(await one(at(2))).toEqual({ outcome: { outcome: 'version-conflict', actual: 3 }, doors: both });
    expect(await one(at(4))).toEqual({ outcome: { outcome: 'version-conflict', actual: 3 }, doors: both });
    expect(await one({})).toEqual({ outcome: { outcome: 'version-conflict', actual: 3 }, doors: both });
    const again = { outcome: 'replayed', version: 1, result: { said: 'one' } };
    expect(await one(keyed('one'))).toMatchObject({ outcome: again, doors: both });
    expect(await one({ ...keyed('one'), expected: { kind: 'any' } })).toMatchObject({ outcome: again, doors: both });
    expect(await one(keyed('one', 2))).toEqual({ outcome: { outcome: 'key-reused' }, doors: both });
    // A refusal has not used up the key.
    expect((await one({ ...at(9), ...keyed('late') })).outcome).toMatchObject({ outcome: 'version-conflict' });
    expect((await one({ ...at(3), ...keyed('late') })).outcome).toMatchObject({ outcome: 'appended', version: 4 });
    await expect(store.append(opening({ ...at(4), stream, origin: originOf(other) }))).rejects.toThrow(
      'another tenant',
    );
    const stored = await store.readStream(stream);
    expect(stored.map(({ version, data }) => [version, data])).toEqual([
      [1, { owner: 'ann' }],
      ...[2, 3, 4].map((version) => [version, { amount: 1 }]),
    ]);
    await checkLog();
  });

  test('many at once: each has its own outcome, with the events that it says', async () => {
    const [known, theirs, pair] = [newStream(), newStream(), newStream()];
    await store.append(opening({ stream: known, ...keyed('known') }));
    await store.append(opening(keyed('lone')));
    await store.append(opening({ stream: theirs, origin: originOf(other) }));
    const { outcomes, doors } = await together<unknown>(() => [
      store.append(opening({ events: [{ type: 'Opened', data: { owner: 'a "b" \\ {c} é 𝄞' } }, moved(2), moved(3)] })),
      store.append(opening({ stream: known })),
      store.append(opening(keyed('new'))),
      store.append(opening({ stream: theirs, expected: { kind: 'any' } })).catch((error: Error) => error.name),
      store.append(opening(keyed('known'))),
      store.append(opening(keyed('known', 'else'))),
      store.append(opening({ expected: { kind: 'at', version: 1 } })),
      store.append(opening({ claims: [claim('x', 'first')] })),
      store.append(opening({ stream: pair })),
      store.append(opening({ stream: pair, expected: { kind: 'at', version: 1 }, events: [moved(4)] })),
      store.append(opening({ claims: [claim('x', 'second')] })),
      store.append(opening(keyed('twice'))),
      store.append(opening(keyed('twice'))),
      store.append(opening({ origin: { ...originOf(PLATFORM), cause: 'evt_x', traceparent: null } })),
      store.append(opening(keyed('lone'))),
    ]);
    // The two under the same key and the two of the same claim were asked for in this order.
    expect(outcomes).toMatchObject([
      { outcome: 'appended', version: 3 },
      { outcome: 'version-conflict', actual: 1 },
      { outcome: 'appended', version: 1 },
      'ForeignStream',
      { outcome: 'replayed', result: { said: 'known' } },
      { outcome: 'key-reused' },
      { outcome: 'version-conflict', actual: 0 },
      { outcome: 'appended' },
      { outcome: 'appended', version: 1 },
      { outcome: 'appended', version: 2 },
      { outcome: 'claim-conflict' },
      { outcome: 'appended' },
      { outcome: 'replayed' },
      { outcome: 'appended', version: 1 },
      { outcome: 'replayed', result: { said: 'lone' } },
    ]);
    // `known` is under its key twice, so that both go with the rest.
    expect(doors).toEqual(['events_write', 'write']);
    for (const outcome of outcomes) {
      if (typeof outcome !== 'object' || outcome === null || !('events' in outcome)) continue;
      const { events } = outcome as ReturnType<typeof appended>;
      const [first] = events;
      if (first === undefined) continue;
      const stored = await store.readStream(first.stream, first.version, { toVersion: events.at(-1)?.version ?? 0 });
      expect(stored).toEqual(events);
    }
    await checkLog();
  });

  test('many at once under keys: each has its answer stored, whether others of the batch were refused or not', async () => {
    const taken = newStream();
    await store.append(opening({ stream: taken }));
    for (const refused of [false, true]) {
      const key = (n: number) => `stored ${refused} ${n}`;
      const { outcomes, doors } = await together(() => [
        store.append(opening(refused ? { stream: taken } : {})),
        ...Array.from({ length: 6 }, (_, n) =>
          store.append(opening({ ...keyed(key(n)), events: [{ type: 'Opened', data: { owner: 'ann' } }, moved(n)] })),
        ),
      ]);
      expect(doors).toEqual(refused ? ['events_write', 'write'] : ['events_write']);
      for (const [n, outcome] of outcomes.slice(1).entries()) {
        const { position, version } = appended(outcome);
        expect(await store.append(opening(keyed(key(n))))).toEqual({
          outcome: 'replayed',
          position,
          version,
          result: { said: key(n) },
        });
      }
    }
    await checkLog();
  });

  test.each(['one_write', 'events_write', 'write'])(
    'when the answer of %s is lost, nothing is doubled and nothing is missing',
    async (door) => {
      const before = await store.lastPosition();
      const taken = newStream();
      await store.append(opening({ stream: taken }));
      const streams = Array.from({ length: door === 'one_write' ? 1 : 8 }, newStream);
      lose = door;
      const { outcomes, doors } = await together(() => [
        ...streams.map((stream) => store.append(opening({ stream, expected: { kind: 'any' } }))),
        // So that those that were refused are asked for behind the others.
        ...(door === 'write' ? [store.append(opening({ stream: taken }))] : []),
      ]);
      expect(lose).toBeNull();
      expect(doors.at(-1)).toBe('write');
      expect(outcomes.slice(0, streams.length).every(({ outcome }) => outcome === 'appended')).toBe(true);
      for (const [index, stream] of streams.entries()) {
        expect(await store.readStream(stream)).toEqual(appended(outcomes[index] ?? (outcomes[0] as never)).events);
      }
      expect(await store.lastPosition()).toBe(before + 1 + streams.length);
      await checkLog();
    },
  );
});
