/** The store on PostgreSQL when connections break, processes differ in age, and clocks go wrong. */
import { createPool } from '@atoll/service/postgres';
import { type FaultProxy, startProxy } from '@atoll/test/faults/proxy';
import type { Cut } from '@atoll/test/faults/proxy-faults';
import type { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { UnreadableEvent } from '../src/errors.ts';
import { createEventStore, type EventStore } from '../src/store.ts';
import { bankEvents } from '../src/testing/bank.ts';
import { openTestStores, type TestStores, testLog } from '../src/testing/open-store.ts';
import { appended, opening, originOf } from '../src/testing/requests.ts';

let stores: TestStores;
let direct: EventStore;
let pool: Pool;
beforeAll(async () => {
  stores = await openTestStores();
  ({ store: direct, pool } = stores.open());
});
afterAll(() => stores.close());

describe('a connection lost in the middle of a commit', () => {
  let proxy: FaultProxy;
  let farPool: Pool;
  let far: EventStore;
  beforeAll(async () => {
    proxy = await startProxy(stores.url);
    farPool = createPool({ url: proxy.url, name: 'far', max: 4, log: testLog });
    far = createEventStore({ pool: farPool, context: 'deploy', registry: bankEvents, log: testLog });
  });
  afterAll(async () => {
    await far.close();
    await farPool.end();
    await proxy.stop();
  });

  test.each<Cut>(['before', 'after'])('%s the server had it: written once, and answered', async (cut) => {
    const before = await direct.lastPosition();
    const claim = { op: 'take', kind: 'unique', set: 'cut', key: cut, owner: 'me' } as const;
    const requests = [
      opening({
        events: [
          { type: 'Opened', data: { owner: cut } },
          { type: 'Moved', data: { amount: 1 } },
        ],
      }),
      opening({ idempotency: { key: cut, request: 1 }, result: 'keyed' }),
      opening({ claims: [claim] }),
      opening({ stream: 'account:shared', expected: { kind: 'any' } }),
      opening({ stream: 'account:shared', expected: { kind: 'any' } }),
    ];
    const wasCut = proxy.cutAt(`"owner":"${cut}"`, cut);
    const outcomes = await Promise.all(requests.map((request) => far.append(request)));
    await wasCut;
    const written = await direct.readAfter(before, 100);
    expect(written).toHaveLength(6);
    for (const outcome of outcomes) {
      const { events, position } = appended(outcome);
      expect(written.filter(({ id }) => events.some((event) => event.id === id))).toEqual(events);
      expect(events.at(-1)?.position).toBe(position);
    }
    // The stored answer is there, once, and for the same request only.
    expect(await direct.append(opening({ idempotency: { key: cut, request: 1 } }))).toMatchObject({
      outcome: 'replayed',
      result: 'keyed',
    });
  });

  test('an append of claims alone, sent again, does not take anew what was given back meanwhile', async () => {
    const claim = (owner: string) => ({ kind: 'unique', set: 'claims-alone', key: 'it', owner }) as const;
    const taking = { events: [], claims: [{ op: 'take', ...claim('first') }] } as const;
    const wasCut = proxy.cutAt('"set":"claims-alone"', 'after');
    const outcome = far.append(opening(taking));
    await wasCut;
    // Done, and its answer is lost: it is sent again, in a moment.
    const given = { op: 'release', ...claim('first') } as const;
    const [first] = await Promise.all([outcome, direct.append(opening({ claims: [given] }))]);
    expect(first.outcome).toBe('appended');
    const other = await direct.append(opening({ claims: [{ op: 'take', ...claim('second') }] }));
    expect(other.outcome).toBe('appended');
  });

  test('a conflict that was decided before the answer was lost is told again', async () => {
    await direct.append(opening({ stream: 'account:there' }));
    const wasCut = proxy.cutAt('"owner":"late"', 'after');
    const late = { events: [{ type: 'Opened', data: { owner: 'late' } }] };
    const outcomes = await Promise.all([
      far.append(opening({ stream: 'account:there', ...late })),
      far.append(opening(late)),
    ]);
    await wasCut;
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['version-conflict', 'appended']);
  });
});

test('sessions killed under load lose nothing, double nothing and leave no hole', async () => {
  const before = await direct.lastPosition();
  const { store } = stores.open();
  const { store: other } = stores.open();
  const total = 2500;
  let sent = 0;
  let kills = 0;
  /** Kills whoever appends, each time that the log has grown. */
  async function kill(): Promise<void> {
    for (let next = before + 100; sent < total; ) {
      if ((await direct.lastPosition()) < next) continue;
      const { rowCount } = await pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid() and query like 'call %.write_%'`,
      );
      kills += rowCount ?? 0;
      next += 200;
    }
  }
  /** 140 callers, so that each store has two batches on their way; each has its next command once it has the answer to the last. */
  async function call(store: EventStore, caller: number) {
    const answers = [];
    while (sent < total) {
      const index = sent++;
      const idempotency = { key: `killed-${index}`, request: index };
      answers.push(appended(await store.append(caller % 3 ? opening() : opening({ idempotency }))));
    }
    return answers.flatMap(({ events }) => events);
  }
  const callers = Array.from({ length: 140 }, (_, caller) => call(caller % 2 ? store : other, caller));
  const [answered] = await Promise.all([Promise.all(callers), kill()]);
  expect(kills).toBeGreaterThan(5);
  const written = await direct.readAfter(before, 5000);
  expect(written.map(({ position }) => position)).toEqual(written.map((_, index) => before + 1 + index));
  expect(written).toEqual(answered.flat().toSorted((a, b) => a.position - b.position));
});

describe('shapes that change', () => {
  const newer = {
    Opened: {
      version: 2,
      data: z.strictObject({ owner: z.string(), currency: z.string() }),
      upcasters: { 1: (data: unknown) => ({ ...(data as object), currency: 'EUR' }) },
    },
    Moved: bankEvents.Moved,
    Frozen: { version: 1, data: z.strictObject({}) },
  };

  test('an old event is read in its newest shape, and stays stored as it was', async () => {
    const { store } = stores.open({ registry: newer });
    const { events, position } = appended(await direct.append(opening()));
    const stream = events[0]?.stream ?? '';
    expect(await store.readStream(stream)).toMatchObject([
      { schemaVersion: 2, data: { owner: 'ann', currency: 'EUR' } },
    ]);
    expect(await store.readStored(position - 1, 1)).toEqual(events);
  });

  test('an event of a newer process is refused by name, and passed on as it is', async () => {
    const { store } = stores.open({ registry: newer });
    const frozen = appended(await store.append(opening({ events: [{ type: 'Frozen', data: {} }] })));
    const stream = frozen.events[0]?.stream ?? '';
    await expect(direct.readStream(stream)).rejects.toThrow(UnreadableEvent);
    await expect(direct.readStream(stream)).rejects.toThrow("type Frozen, which this process doesn't know");
    const opened = appended(
      await store.append(opening({ events: [{ type: 'Opened', data: { owner: 'x', currency: 'USD' } }] })),
    );
    await expect(direct.readAfter(opened.position - 1, 1)).rejects.toThrow(
      'schema version 2, and this process knows 1',
    );
    expect(await direct.readStored(frozen.position - 1, 2)).toEqual([...frozen.events, ...opened.events]);
  });
});

test('time does not run backwards where the clock does', async () => {
  const { position } = appended(await direct.append(opening()));
  await pool.query(`update deploy.event set time = time + interval '1 hour' where position = $1`, [position]);
  const [ahead] = await direct.readAfter(position - 1, 1);
  const { events } = appended(await direct.append(opening()));
  expect(events[0]?.time).toBe(ahead?.time);
});

test('a closed store writes what it took and refuses the rest', async () => {
  const { store } = stores.open();
  const taken = Array.from({ length: 20 }, () => store.append(opening({ origin: originOf() })));
  await store.close();
  expect((await Promise.all(taken)).every(({ outcome }) => outcome === 'appended')).toBe(true);
  await expect(store.append(opening())).rejects.toThrow('closing');
});

afterEach(async () => {
  const { rows } = await pool.query<{ holes: number }>(
    'select (max(position) - count(*))::integer as holes from deploy.event',
  );
  expect(rows[0]?.holes ?? 0).toBe(0);
});
