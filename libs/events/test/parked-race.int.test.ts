/** What is parked can change while a consumer waits for its checkpoint (by a skip, or the switch of a rebuild): it sees it. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createCheckpoints } from '../src/consume/checkpoint.ts';
import { transaction } from '../src/database/transaction.ts';
import { openTestStores, type TestStores } from '../src/testing/open-store.ts';

let stores: TestStores;
beforeAll(async () => {
  stores = await openTestStores();
});
afterAll(() => stores.close());

const STREAM = 'account:1';
const start = { position: 0, eventId: null };

test.each([
  {
    what: 'was skipped meanwhile: nothing is put aside behind it',
    before: [STREAM],
    change: 'delete from deploy.parked_event',
    seen: [],
  },
  {
    what: 'was parked meanwhile: later events of its stream wait behind it',
    before: [],
    change: `insert into deploy.parked_event (consumer, position, stream, event) values ('c', 1, '${STREAM}', '{}')`,
    seen: [STREAM],
  },
])('an event that $what', async ({ before, change, seen }) => {
  const { pool } = stores.open();
  const next = { position: 1, eventId: 'evt_1' };
  const checkpoints = createCheckpoints(pool, 'deploy', 'c');
  await checkpoints.create('deploy');
  await pool.query('delete from deploy.parked_event');
  for (const stream of before) {
    await pool.query(`insert into deploy.parked_event (consumer, position, stream, event) values ('c', 1, $1, '{}')`, [
      stream,
    ]);
  }
  const found = await transaction(pool, async (other) => {
    await other.query(`select from deploy.consumer where name = 'c' for update`);
    const locking = transaction(pool, (tx) => checkpoints.lock(tx, start));
    const moving = transaction(
      pool,
      async (tx, rows) => {
        const parked = checkpoints.moved(rows, start);
        // Back, for whoever waits, too.
        await checkpoints.move(tx, next, start);
        return parked;
      },
      checkpoints.moving(start, next),
    );
    const waiting = Promise.all([locking, moving]);
    await vi.waitFor(async () => {
      const { rowCount } = await pool.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      expect(rowCount).toBe(2);
    }, 10_000);
    await other.query(change);
    // Answered once this transaction has ended.
    return { waiting };
  });
  const [{ parkedStreams }, parked] = await found.waiting;
  expect([...parkedStreams]).toEqual(seen);
  expect([...parked]).toEqual(seen);
});
