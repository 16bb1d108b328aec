/** A writer that is stopped, slow, half-open or killed in the middle of an append stalls the others for a bounded time. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestStores, type TestStores } from '../src/testing/open-store.ts';
import { appended, opening, originOf } from '../src/testing/requests.ts';
import { eventually } from './pipeline.ts';
import { type Stall, startStalledWriter } from './store-processes.ts';

const opened: TestStores[] = [];
let four: TestStores[];
beforeAll(async () => {
  four = await Promise.all(Array.from({ length: 5 }, () => openTestStores()));
  opened.push(...four);
});
afterAll(() => Promise.all(opened.map((stores) => stores.close())));

/**
 * How long another writer's append takes, in ms, while the lock is held by a writer that stands still (or isn't); and whether
 * that one's session still stands when the append is through, so that it can't have been waited for.
 */
async function stalledFor(
  index: number,
  kind: Stall,
  at: 'holds the lock' | 'has committed' | 'is there',
): Promise<{ ms: number; written: number; stands: boolean }> {
  const stores = four[index];
  if (!stores) throw new Error('There is no such database.');
  const { store, pool } = stores.open();
  const large = 'x'.repeat(1_000_000);
  await store.append(opening({ idempotency: { key: 'large', request: 1 }, result: large }));
  const writer = await startStalledWriter(stores.url, kind);
  try {
    const holders = async () => {
      const { rows } = await pool.query<{ holders: number }>(
        `select count(*)::integer as holders from pg_locks l join pg_stat_activity a using (pid)
          where l.locktype = 'advisory' and l.granted and a.application_name = 'stalled'
            and a.datname = current_database()`,
      );
      return rows[0]?.holders ?? 0;
    };
    const sessions = async () => {
      const { rows } = await pool.query<{ n: number }>(
        `select count(*)::integer as n from pg_stat_activity
          where application_name = 'stalled' and datname = current_database()`,
      );
      return rows[0]?.n ?? 0;
    };
    // It is where it should be: its session is there, with the lock or without. The server reads what it sent in its own time.
    if (at === 'holds the lock')
      await eventually('the stopped writer holds the lock', async () => (await holders()) === 1);
    else expect(await sessions()).toBe(1);
    if (at === 'has committed') await eventually('it has committed', async () => (await store.lastPosition()) === 2);
    const began = performance.now();
    const { position } = appended(await store.append(opening({ origin: originOf() })));
    return { ms: performance.now() - began, written: position, stands: (await sessions()) === 1 };
  } finally {
    await writer.kill();
  }
}

describe.concurrent('a writer that is stopped', { timeout: 90_000 }, () => {
  // All at once: two of them take as long as the bound is.
  test('by somebody’s own transaction with the lock: its session ends after 5 s', async () => {
    const { ms, written } = await stalledFor(0, 'in-transaction', 'holds the lock');
    expect(ms).toBeGreaterThan(2000);
    expect(ms).toBeLessThan(15_000);
    // What it had written in its transaction is gone with it.
    expect(written).toBe(2);
  });

  test('with the lock, before it has said where its transaction ends: its session ends after 10 s', async () => {
    const { ms, written } = await stalledFor(1, 'before-sync', 'holds the lock');
    expect(ms).toBeGreaterThan(4000);
    expect(ms).toBeLessThan(25_000);
    expect(written).toBe(2);
  });

  test('where a store would be: it has committed, and holds nothing', async () => {
    const { written, stands } = await stalledFor(2, 'store-before-sync', 'has committed');
    expect(stands).toBe(true);
    expect(written).toBe(3);
  });

  test('in the middle of sending a large batch: it holds nothing yet', async () => {
    const { written, stands } = await stalledFor(3, 'half-sent', 'is there');
    expect(stands).toBe(true);
    expect(written).toBe(2);
  });

  test('while its answer, which is large, is on the way: it holds nothing any more', async () => {
    const { written, stands } = await stalledFor(4, 'answer-unread', 'is there');
    expect(stands).toBe(true);
    expect(written).toBe(2);
  });
});
