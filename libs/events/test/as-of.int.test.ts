/** States of the past, exact to the version and the millisecond; and streams of any length in bounded memory. */
import { newId } from '@atoll/service/ids';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Moment, stateAsOf } from '../src/state/as-of.ts';
import { type EventStore, loadState } from '../src/store.ts';
import { openTestStores, type TestStores } from '../src/testing/open-store.ts';
import { newStream, originOf } from '../src/testing/requests.ts';
import { vault } from '../src/testing/vault.ts';

let stores: TestStores;
let store: EventStore;
let pool: Pool;
beforeAll(async () => {
  stores = await openTestStores();
  ({ store, pool } = stores.open({ snapshotEvery: 10 }));
});
afterAll(() => stores.close());

const tenant = newId('tenant');
const seconds = (n: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString();

/** Event n moves 10ⁿ⁻¹, so that the balance tells which events are in it. Versions 2 to 4 are of one millisecond. */
async function history(): Promise<string> {
  const stream = newStream();
  const events = Array.from({ length: 6 }, (_, index) => ({ type: 'Moved', data: { amount: 10 ** index } }));
  await store.append({ stream, expected: { kind: 'none' }, events, claims: [], origin: originOf(tenant) });
  await pool.query(
    `update deploy.event set time = case version when 1 then $2 when 5 then $4 when 6 then $5 else $3 end::timestamptz
      where stream = $1`,
    [stream, seconds(1), seconds(2), seconds(5), seconds(6)],
  );
  return stream;
}
const asOf = (stream: string, at: Moment, of = tenant) => stateAsOf(store, { decider: vault, stream, tenant: of, at });

describe('the state as of', () => {
  test('a version has that event and none after it', async () => {
    const stream = await history();
    for (let version = 1; version <= 6; version++) {
      expect(await asOf(stream, { version })).toMatchObject({
        ok: true,
        version,
        state: { balance: Number('1'.repeat(version)), moves: version },
      });
    }
  });

  test.each([
    ['an event’s own time has it', seconds(1), 1],
    ['the millisecond before has it not', '2026-01-01T00:00:01.999Z', 1],
    ['a millisecond of several has all of them', seconds(2), 4],
    ['between two has the first', seconds(4), 4],
    ['the last has everything', seconds(6), 6],
    ['later, in another time zone, has everything', '2026-01-01T03:00:00+01:00', 6],
  ])('a time: %s', async (_what, time, version) => {
    expect(await asOf(await history(), { time })).toMatchObject({ ok: true, version, state: { moves: version } });
  });

  test('goes on from a snapshot where that is early enough, and does not look at a later one', async () => {
    const stream = newStream();
    const events = Array.from({ length: 30 }, () => ({ type: 'Moved', data: { amount: 1 } }));
    const request = { stream, expected: { kind: 'any' }, claims: [], origin: originOf(tenant) } as const;
    await store.append({ ...request, events });
    await loadState(store, { decider: vault, stream });
    await store.states.idle();
    await store.append({ ...request, events: events.slice(20) });
    await pool.query(`update deploy.snapshot set state = '{"balance":1000,"moves":30}' where stream = $1`, [stream]);
    expect(await asOf(stream, { version: 35 })).toMatchObject({ state: { balance: 1005, moves: 35 } });
    expect(await asOf(stream, { version: 30 })).toMatchObject({ state: { balance: 1000 } });
    expect(await asOf(stream, { version: 29 })).toMatchObject({ state: { balance: 29, moves: 29 } });
  });

  test.each<[string, Moment, string]>([
    ['a version that is not there yet', { version: 7 }, 'it is at version 6'],
    ['version 0', { version: 0 }, 'whole numbers from 1'],
    ['half a version', { version: 1.5 }, 'whole numbers from 1'],
    ['a time before the first event', { time: '2026-01-01T00:00:00.999Z' }, `it began at ${seconds(1)}`],
    ['a time to come', { time: '2999-01-01T00:00:00Z' }, 'still to come'],
    ['no time', { time: 'yesterday' }, 'of the form'],
    ['a day without a time', { time: '2026-01-01' }, 'of the form'],
    ['a day that is not in the calendar', { time: '2026-02-30T00:00:00Z' }, 'of the form'],
    ['a time without a zone', { time: '2026-01-01T00:00:00' }, 'of the form'],
    ['microseconds', { time: '2026-01-01T00:00:00.000001Z' }, 'of the form'],
  ])('%s is refused with what can be asked for', async (_what, at, text) => {
    expect(await asOf(await history(), at)).toMatchObject({
      ok: false,
      rejection: { code: 'INVALID_ARGUMENT', message: expect.stringContaining(text) },
    });
  });

  test('a stream of another tenant and one that is not there are the same answer', async () => {
    const stream = await history();
    for (const at of [{ version: 1 }, { version: 99 }, { time: seconds(3) }, { time: seconds(0) }]) {
      const other = await asOf(stream, at, newId('tenant'));
      expect(other).toMatchObject({ ok: false, rejection: { code: 'NOT_FOUND' } });
      expect(await asOf(newStream(), at)).toEqual(other);
    }
  });
});

describe('a stream of 100,000 events', () => {
  const stream = 'account:deep';
  const deep = 100_000;
  beforeAll(async () => {
    // On positions of its own, far behind the others.
    await pool.query(
      `insert into deploy.event select
        10000000 + n, 'evt_deep_' || n, 'Moved', 1, $2, $1, n, timestamptz '2026-01-01' + n * interval '1 second',
        'user:x', null, 'c', null, jsonb_build_object('amount', 1, 'note', repeat('x', 400))
      from generate_series(1, ${deep}) n`,
      [stream, tenant],
    );
  });

  test('is folded in pages, in bounded memory', async () => {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    let peak = 0;
    const watching = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().heapUsed - before);
    }, 5);
    const { store: fresh } = stores.open();
    const { state, version } = await loadState(fresh, { decider: vault, stream });
    clearInterval(watching);
    expect({ state, version }).toEqual({ state: { balance: deep, moves: deep }, version: deep });
    // All of it at once would be more than 100 MB; young garbage is allowed for.
    expect(peak).toBeLessThan(80 * 1024 * 1024);
  });

  test('is found at any time by halving', async () => {
    const time = new Date(Date.UTC(2026, 0, 1) + 77_777_500).toISOString();
    expect(await store.streamAt(stream, new Date(time))).toMatchObject({ last: deep, version: 77_777 });
    expect(await asOf(stream, { time })).toMatchObject({ ok: true, version: 77_777, state: { moves: 77_777 } });
  });

  test('is given in part where a part is asked for', async () => {
    const versions = async (...args: [number, { toVersion?: number; limit?: number }?]) =>
      (await store.readStream(stream, ...args)).map(({ version }) => version);
    expect(await versions(5, { limit: 3 })).toEqual([5, 6, 7]);
    expect(await versions(99_999)).toEqual([99_999, 100_000]);
    expect(await versions(10, { toVersion: 11 })).toEqual([10, 11]);
    expect((await versions(1, { limit: 1200 })).at(-1)).toBe(1200);
    expect(await versions(7, { toVersion: 6 })).toEqual([]);
  });
});
