/** Answers under idempotency keys go when nobody asks for them any more, and not before. */
import type { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EventStore } from '../src/store.ts';
import { openTestStores, type TestStores } from '../src/testing/open-store.ts';
import { opening } from '../src/testing/requests.ts';
import { sweepAnswers } from '../src/write/retention.ts';

let stores: TestStores;
let store: EventStore;
let pool: Pool;
beforeAll(async () => {
  stores = await openTestStores();
  ({ store, pool } = stores.open());
});
afterAll(() => stores.close());

const sweep = (keepDays = 7) => sweepAnswers({ pool, schema: 'deploy', keepDays });
async function answeredDaysAgo(prefix: string, days: number, count = 1): Promise<void> {
  const keys = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  await Promise.all(keys.map((key) => store.append(opening({ idempotency: { key, request: 1 } }))));
  await pool.query(`update deploy.idempotency set time = now() - make_interval(secs => $1) where key like $2 || '%'`, [
    days * 86_400,
    prefix,
  ]);
}
async function left(prefix: string): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `select count(*)::integer as n from deploy.idempotency where key like $1 || '%'`,
    [prefix],
  );
  return rows[0]?.n ?? -1;
}

test('those that are older go, in batches; the others stay, and still answer', async () => {
  await answeredDaysAgo('old', 8, 1200);
  await answeredDaysAgo('young', 6.9, 3);
  // Two processes at once, without waiting for each other.
  const [one, two] = await Promise.all([sweep(), sweep()]);
  expect(one + two + (await sweep())).toBe(1200);
  expect([await left('old'), await left('young')]).toEqual([0, 3]);
  const repeat = await store.append(opening({ idempotency: { key: 'young0', request: 1 } }));
  expect(repeat.outcome).toBe('replayed');
  expect((await store.append(opening({ idempotency: { key: 'old0', request: 2 } }))).outcome).toBe('appended');
});

test('those that a parked event may still ask for stay until it is settled', async () => {
  await answeredDaysAgo('tried', 30);
  await answeredDaysAgo('before', 30.1);
  await pool.query(
    `insert into deploy.parked_event (consumer, position, stream, event, parked_at)
      values ('c', 1, 's:1', '{}', now() - interval '30 days')`,
  );
  await sweep();
  expect([await left('tried'), await left('before')]).toEqual([1, 0]);
  await pool.query('delete from deploy.parked_event');
  await sweep();
  expect(await left('tried')).toBe(0);
});

test('finds them by their index, whatever else there is', async () => {
  await answeredDaysAgo('plan', 1, 50);
  await pool.query('set enable_seqscan = on');
  const { rows } = await pool.query<{ 'QUERY PLAN': string }>(
    `explain select key from deploy.idempotency where time < now() - interval '7 days' order by time limit 500`,
  );
  expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('idempotency_time');
});

test('a time that makes no sense is refused', async () => {
  await expect(sweep(0)).rejects.toThrow('give a number above 0');
});
