/** How what is put aside is tried again: without holding anybody up, no earlier than its turn, and to the end of its stream. */
import type { EventRecord } from '@atoll/schema/envelope';
import { RpcUnavailable } from '@atoll/service/nats';
import type { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createParkedWork, type ParkedWork } from '../src/consume/parked-work.ts';
import type { ConsumerHandler } from '../src/consumer.ts';
import { isOutage } from '../src/outage.ts';
import { listParked, retryParked, skipParked } from '../src/parked.ts';
import { testLog } from '../src/testing/open-store.ts';
import { opening } from '../src/testing/requests.ts';
import { eventually, openPipeline, type Pipeline, within } from './pipeline.ts';

let pipeline: Pipeline;
beforeEach(async () => {
  pipeline = await openPipeline();
});
let release = () => {};
afterEach(async () => {
  release();
  await pipeline.close();
});

const where = () => ({ pool: pipeline.pool, schema: 'deploy' });
const parked = () => listParked(where(), { consumer: 'own', limit: 100 });
const STREAM = 'account:bad';

/** Fails for each attempt as often as told, and stands still in those that are gated. */
function attempts() {
  let count = 0;
  let fails = true;
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  release = gate.resolve;
  let gated = Number.POSITIVE_INFINITY;
  const attempt = async () => {
    count += 1;
    const nth = count;
    if (nth === gated) {
      begun.resolve();
      await gate.promise;
    }
    if (fails) throw new Error(`attempt ${nth}`);
  };
  return {
    attempt,
    begun: begun.promise,
    open: gate.resolve,
    count: () => count,
    holdAt(nth: number) {
      gated = nth;
    },
    heal() {
      fails = false;
    },
  };
}

const handlers: readonly [string, (attempt: () => Promise<void>) => ConsumerHandler][] = [
  ['reaction', (attempt) => ({ kind: 'react', react: attempt })],
  ['projection', (attempt) => ({ kind: 'project', apply: attempt })],
];

const consume = (handler: ConsumerHandler) =>
  pipeline.consume({ name: 'own', source: { kind: 'store', store: pipeline.store }, handler });

describe('the retry of a reaction', () => {
  test('holds neither a transaction nor the checkpoint, however long it takes', async () => {
    const tries = attempts();
    const consumer = await consume({ kind: 'react', react: tries.attempt });
    tries.holdAt(2);
    await pipeline.store.append(opening({ stream: STREAM }));
    await tries.begun;
    const { rows } = await pipeline.pool.query(
      `select query from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`,
    );
    expect(rows).toEqual([]);
    await pipeline.pool.query(`select from deploy.consumer where name = 'own' for update nowait`);
    tries.heal();
    tries.open();
    await eventually('it is done', async () => (await parked()).length === 0);
    expect(tries.count()).toBe(2);
    expect(consumer.problem()).toBeNull();
  });

  test('that was given up meanwhile is given up, and the rest of its stream follows', async () => {
    const tries = attempts();
    const seen: number[] = [];
    const consumer = await consume({
      kind: 'react',
      async react({ position }) {
        if (position === 1) await tries.attempt();
        else seen.push(position);
      },
    });
    tries.holdAt(2);
    await pipeline.store.append(opening({ stream: STREAM }));
    await pipeline.store.append(opening({ stream: STREAM, expected: { kind: 'any' } }));
    await tries.begun;
    expect(await skipParked(where(), { consumer: 'own', position: 1 })).toBe(true);
    tries.open();
    await eventually('the later one is done', () => seen.length === 1);
    expect(await consumer.waitFor(2, within(15_000))).toBe(true);
    // What was done is taken from the table a moment later.
    await eventually('nothing is parked', async () => (await parked()).length === 0);
    expect(tries.count()).toBe(2);
  });
});

describe.each(handlers)('of a %s', (_kind, handler) => {
  test('a retry that is asked for during another one follows it', async () => {
    const tries = attempts();
    await consume(handler(tries.attempt));
    await pipeline.store.append(opening({ stream: STREAM }));
    await pipeline.store.append(opening({ stream: STREAM, expected: { kind: 'any' } }));
    await eventually('it waits for a person', async () => (await parked())[0]?.attempts === 5);
    const ask = () => retryParked(where(), { consumer: 'own', stream: STREAM });
    const before = tries.count();
    tries.holdAt(before + 1);
    await ask();
    await tries.begun;
    // What the first was asked for is mended now: who asks again knows why.
    await ask();
    tries.open();
    await eventually('it is tried once more', () => tries.count() > before + 1);
    await eventually('nothing is asked any more', async () => (await parked()).every((row) => !row.retryRequested));
    expect(tries.count()).toBe(before + 2);
  });
});

describe('of what is put aside', () => {
  let pool: Pool;
  beforeEach(async () => {
    pool = pipeline.pool;
    await pool.query(`insert into deploy.consumer (name, position, context) values ('own', 9, 'deploy')`);
  });
  const put = (stream: string, position: number, fields: { error?: string; retryInMs?: number } = {}) =>
    pool.query(
      `insert into deploy.parked_event (consumer, position, stream, event, error, attempts, retry_at)
       values ('own', $1::int, $2::text, jsonb_build_object('id', 'evt_' || $1::int, 'position', $1::int, 'stream', $2::text), $3, 1,
         now() + $4 * interval '1 ms')`,
      [position, stream, fields.error ?? null, fields.retryInMs ?? null],
    );
  const work = (handle: (event: EventRecord) => Promise<void>): ParkedWork =>
    createParkedWork({
      name: 'own',
      pool,
      schema: 'deploy',
      handler: { kind: 'react', handle },
      afterCommit: () => {},
      isOutage,
      log: testLog,
    });
  const never = new AbortController().signal;

  test('nothing is tried before its time: not what another process has put aside since it was looked', async () => {
    await put('a', 1, { error: 'once', retryInMs: -1 });
    await put('b', 2, { error: 'once', retryInMs: -1 });
    const seen: string[] = [];
    await work(async ({ stream }) => {
      seen.push(stream);
      // Meanwhile another one is done with the event of b, and the next one of it has just failed there.
      await pool.query(`delete from deploy.parked_event where stream = 'b'`);
      await put('b', 3, { error: 'a moment ago', retryInMs: 60_000 });
    }).retry(never);
    expect(seen).toEqual(['a']);
    expect((await parked()).map(({ position }) => position)).toEqual([3]);
  });

  test('the later ones of a stream are tried, also where the process ended between two of them', async () => {
    await put('a', 1, { error: 'once', retryInMs: -1 });
    await put('a', 2);
    await put('a', 3);
    const seen: number[] = [];
    const interrupted = work(async ({ position }) => {
      if (position === 2) throw new RpcUnavailable('the end');
      seen.push(position);
    });
    await expect(interrupted.retry(never)).rejects.toThrow('the end');
    await work(async ({ position }) => void seen.push(position)).retry(never);
    expect(seen).toEqual([1, 2, 3]);
    expect(await parked()).toEqual([]);
  });
});
