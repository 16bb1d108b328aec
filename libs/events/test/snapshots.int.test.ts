/** Snapshots: good where they are of use, and never believed where they are not a copy of their stream. */
import { metrics } from '@atoll/service/metrics';
import fc from 'fast-check';
import type { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { accept, type Decider } from '../src/decider.ts';
import { type EventStore, handleCommand, loadState } from '../src/store.ts';
import { testMasterKeys } from '../src/testing/master-keys.ts';
import { openTestStores, type TestStores } from '../src/testing/open-store.ts';
import { peopleEvents } from '../src/testing/people.ts';
import { newStream, originOf } from '../src/testing/requests.ts';
import { vault } from '../src/testing/vault.ts';
import { watchedPool } from '../src/testing/watched-pool.ts';

let stores: TestStores;
let store: EventStore;
let pool: Pool;
let stream: string;
beforeAll(async () => {
  stores = await openTestStores();
  ({ store, pool } = stores.open({ snapshotEvery: 10 }));
});
afterAll(() => stores.close());
beforeEach(() => {
  stream = newStream();
});

const move = (amount = 1, decider = vault) =>
  handleCommand(store, { decider, stream, command: { kind: 'move', amount }, origin: originOf() });

async function moves(count: number): Promise<void> {
  for (let index = 0; index < count; index++) await move();
  await store.states.idle();
}

async function snapshots() {
  const { rows } = await pool.query<{ decider: string; decider_version: number; version: number; state: string }>(
    'select decider, decider_version, version, state from deploy.snapshot where stream = $1',
    [stream],
  );
  return rows;
}

/** The state as a process reads it that has nothing in memory, and from which version on it reads events. */
async function loadFresh(decider = vault) {
  const asked: unknown[] = [];
  const watched = watchedPool(pool, ({ name, values: [, from] }) => {
    if (name === 'deploy_read_pages' && Array.isArray(from)) asked.push(...from);
  });
  const { store: fresh } = stores.open({ pool: watched, snapshotEvery: 10 });
  const { state, version } = await loadState(fresh, { decider, stream });
  await fresh.states.idle();
  return { state, version, from: asked };
}

describe('a snapshot', () => {
  test('is written each time that so many events more are there, and saves reading them', async () => {
    await moves(9);
    expect(await snapshots()).toEqual([]);
    await moves(4);
    expect(await snapshots()).toMatchObject([{ decider: 'vault', decider_version: 1, version: 10 }]);
    expect(await loadFresh()).toEqual({ state: { balance: 13, moves: 13 }, version: 13, from: [10] });
    await moves(10);
    expect(await snapshots()).toMatchObject([{ version: 20 }]);
  });

  test('is written by whoever reads a long stream that has none', async () => {
    const events = Array.from({ length: 25 }, () => ({ type: 'Moved', data: { amount: 2 } }));
    await store.append({ stream, expected: { kind: 'none' }, events, claims: [], origin: originOf() });
    expect(await loadFresh()).toMatchObject({ from: [1] });
    expect(await snapshots()).toMatchObject([{ version: 25 }]);
    expect(await loadFresh()).toMatchObject({ state: { balance: 50 }, from: [25] });
  });

  test.each([
    ['is no JSON', `state = '{'`],
    ['is no state of this decider', `state = '{"balance":"7"}'`],
    ['is of another version of its decider', 'decider_version = 2'],
    ['is ahead of its stream', 'version = 40'],
    ['is of a stream that was replaced', `event_id = 'evt_other'`],
  ])('that %s is not believed, and replaced', async (_what, change) => {
    await moves(12);
    await pool.query(`update deploy.snapshot set ${change} where stream = $1`, [stream]);
    await pool.query(
      `update deploy.snapshot set state = '{"balance":999,"moves":999}'
        where stream = $1 and state not in ('{', '{"balance":"7"}')`,
      [stream],
    );
    expect(await loadFresh()).toMatchObject({ state: { balance: 12, moves: 12 }, version: 12 });
    expect(await snapshots()).toMatchObject([
      { decider_version: 1, version: 12, state: JSON.stringify({ balance: 12, moves: 12 }) },
    ]);
    expect(await loadFresh()).toMatchObject({ from: [12] });
  });

  test('of a decider that folds in another way now is not read', async () => {
    await moves(12);
    const twice: typeof vault = {
      ...vault,
      evolve: (state, event) =>
        event.type === 'Moved' ? { balance: state.balance + 2 * event.data.amount, moves: state.moves + 1 } : state,
      snapshot: { name: 'vault', version: 2, schema: z.strictObject({ balance: z.number(), moves: z.number() }) },
    };
    expect(await loadFresh(twice)).toMatchObject({ state: { balance: 24 }, from: [1] });
    expect(await snapshots()).toMatchObject([{ decider_version: 2, version: 12 }]);
  });

  test('that can not be written is nobody’s loss', async () => {
    await pool.query('alter table deploy.snapshot rename to snapshot_away');
    try {
      await moves(12);
      expect(await move()).toMatchObject({ ok: true, version: 13 });
      expect(await loadFresh()).toMatchObject({ state: { balance: 13 } });
    } finally {
      await pool.query('alter table deploy.snapshot_away rename to snapshot');
    }
    expect(await metrics.getSingleMetricAsString('atoll_snapshots_total')).toMatch(/outcome="failed"} [1-9]/);
  });

  test('and the later events give what all events give, wherever it was taken', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 40 }),
        fc.nat(39),
        async (amounts, at) => {
          stream = newStream();
          for (const [index, amount] of amounts.entries()) {
            await move(amount - 10);
            if (index === at) store.forget(stream);
          }
          await store.states.idle();
          const whole = (await store.readStream(stream)).reduce(
            (state, event) => vault.evolve(state, event as Parameters<typeof vault.evolve>[1]),
            vault.initial,
          );
          expect((await loadFresh()).state).toEqual(whole);
        },
      ),
      { numRuns: 8 },
    );
  });
});

test('what a snapshot holds of a person can not be read once that person is erased', async () => {
  const { store: people, pool: its } = stores.open({
    registry: peopleEvents,
    masterKeys: testMasterKeys(),
    snapshotEvery: 3,
  });
  const names = z.strictObject({ names: z.array(z.string().nullable()) });
  type Names = z.infer<typeof names>;
  type Joined = { readonly type: 'Joined'; readonly data: { readonly name: string | null } };
  type ClubEvent = Joined | { readonly type: 'Forgotten'; readonly data: { readonly subject: string } };
  const club: Decider<Names, Joined['data'] & { subject: string }, ClubEvent> = {
    initial: { names: [] },
    decide: (_state, { subject, name }) =>
      name === null
        ? { ...accept<ClubEvent>([{ type: 'Forgotten', data: { subject } }]), erases: [subject] }
        : accept([
            {
              type: 'Joined',
              data: { subject, role: 'player', name, contact: { email: 'a@b.c', age: 4 }, guests: [] },
            },
          ]),
    evolve: (state, event) => (event.type === 'Joined' ? { names: [...state.names, event.data.name] } : state),
    snapshot: { name: 'club', version: 1, schema: names },
  };
  const send = (subject: string, name: string | null) =>
    handleCommand(people, { decider: club, stream: 'club:1', command: { subject, name }, origin: originOf() });
  for (const name of ['Kunigunde', 'Adelheid', 'Walburga', 'Irmgard']) await send(`s-${name}`, name);
  people.forget();
  expect((await loadState(people, { decider: club, stream: 'club:1' })).state.names).toContain('Adelheid');
  await people.states.idle();

  const { rows } = await its.query<{ state: string }>(`select state from deploy.snapshot where stream = 'club:1'`);
  expect(rows).toHaveLength(1);
  expect(rows[0]?.state).not.toMatch(/Adelheid|Kunigunde/);
  await send('s-Adelheid', null);
  const after = ['Kunigunde', null, 'Walburga', 'Irmgard'];
  expect((await loadState(people, { decider: club, stream: 'club:1' })).state.names).toEqual(after);
});
