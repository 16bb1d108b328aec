import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Consumer } from '../src/consumer.ts';
import { listParked } from '../src/parked.ts';
import type { RebuildableProjection } from '../src/rebuild/rebuildable.ts';
import { cancelRebuild, listProjections, progressOf, type RebuildPhase, requestRebuild } from '../src/rebuild/rows.ts';
import { type Rebuilds, startRebuilds } from '../src/rebuild.ts';
import { testLog } from '../src/testing/open-store.ts';
import { opening } from '../src/testing/requests.ts';
import { effects, fillLog, foldLedger, ledgerRows, ledgerTable, liveHandler } from './ledger.ts';
import { eventually, killSessions, openPipeline, type Pipeline, within } from './pipeline.ts';
import { startRebuilder } from './rebuilder.ts';

let pipeline: Pipeline;
let stops: (() => Promise<void>)[] = [];
beforeEach(async () => {
  pipeline = await openPipeline();
  await pipeline.pool.query(ledgerTable);
});
afterEach(async () => {
  for (const stop of stops.toReversed()) await stop();
  stops = [];
  await pipeline.close();
});

const where = () => ({ pool: pipeline.pool, schema: 'deploy' });
const projection = (more: Partial<RebuildableProjection> = {}): RebuildableProjection => ({
  name: 'ledger',
  revision: 1,
  tables: ['ledger'],
  sources: [{ consumer: 'own', source: { kind: 'store', store: pipeline.store } }],
  effect: effects.fold,
  ...more,
});
async function serve(given = projection(), pool = pipeline.pool): Promise<Rebuilds> {
  const rebuilds = await startRebuilds({ pool, schema: 'deploy', projections: [given], log: testLog });
  stops.push(() => rebuilds.stop());
  return rebuilds;
}
const live = (kind: keyof typeof effects = 'fold') =>
  pipeline.consume({ name: 'own', source: { kind: 'store', store: pipeline.store }, handler: liveHandler(kind) });
const reached = async (consumer: Consumer, position: number) =>
  expect(await consumer.waitFor(position, within(60_000))).toBe(true);
const state = async () => (await listProjections(where()))[0]?.rebuild ?? null;
const phaseIs = (phase: RebuildPhase) =>
  eventually(
    `the rebuild is ${phase}`,
    async () => {
      // Some tests end all sessions.
      const found = await state().catch(() => null);
      if (found?.phase === 'failed' && phase !== 'failed') throw new Error(found.note ?? 'failed');
      return found?.phase === phase;
    },
    60_000,
  );

/** Every row of the table against those that a fold from the first event on gives; the number of rows. */
async function expectFresh(): Promise<number> {
  const { rows } = await pipeline.pool.query<{ here: number; fresh: number; differ: number }>(`
    with fresh as (
      select stream as account, max(data ->> 'owner') as owner, coalesce(sum((data ->> 'amount')::bigint), 0) as balance,
        count(*) filter (where type = 'Moved') as moves, max(position) as last_position
      from deploy.event group by stream
    )
    select (select count(*)::int from deploy.ledger) as here, (select count(*)::int from fresh) as fresh,
      (select count(*)::int from (
        (table fresh except select account, owner, balance, moves, last_position from deploy.ledger)
        union all (select account, owner, balance, moves, last_position from deploy.ledger except table fresh)
      ) d) as differ`);
  expect(rows[0]).toEqual({ here: rows[0]?.fresh, fresh: rows[0]?.fresh, differ: 0 });
  return rows[0]?.here ?? 0;
}

/** How many events the killed and living rebuilders have applied, together. */
const applied = async () => {
  const { rows } = await pipeline.pool.query<{ n: number }>('select coalesce(sum(n), 0)::int as n from deploy.applied');
  return rows[0]?.n ?? 0;
};

const definition = async () => {
  const { rows } = await pipeline.pool.query(`
    select (select json_agg(i order by i) from (select indexdef as i from pg_indexes where schemaname = 'deploy' and tablename = 'ledger') x) as indexes,
      (select json_agg(p order by p::text) from (select policyname, roles, cmd, qual, with_check from pg_policies where tablename = 'ledger') p) as policies,
      (select json_agg(k order by k::text) from (select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = 'deploy.ledger'::regclass) k) as constraints,
      (select json_agg(c order by c::text) from (select attnum, attname, attnotnull, format_type(atttypid, atttypmod), attcollation from pg_attribute where attrelid = 'deploy.ledger'::regclass and attnum > 0) c) as columns,
      c.relacl::text, c.relrowsecurity, c.relforcerowsecurity, obj_description(c.oid, 'pg_class') as comment
    from pg_class c where c.oid = 'deploy.ledger'::regclass`);
  return rows[0];
};
const leftovers = async () => {
  const { rows } = await pipeline.pool.query(
    `select schemaname || '.' || tablename as name from pg_tables where schemaname in ('deploy_next', 'deploy_last')`,
  );
  return rows.map(({ name }) => name);
};

describe('a rebuild beside the live projection', () => {
  test.each(['fold', 'sql'] as const)(
    'of 100,000 events by %s, while events come: row for row a fresh fold, the tables as they were defined',
    async (kind) => {
      await fillLog(pipeline.pool, 100_000, 5_000);
      const consumer = await live(kind);
      await reached(consumer, 100_000);
      const before = await definition();
      const oldTable = await pipeline.pool.query(`select 'deploy.ledger'::regclass::oid as oid`);
      // What a bug has left behind.
      await pipeline.pool.query(`update deploy.ledger set balance = balance + 1 where account like '%7'`);
      await serve(projection({ effect: effects[kind] }));

      let appending = true;
      let seenBy = 0;
      const load = (async () => {
        while (appending) {
          const position = await pipeline.append(5);
          // Who has appended reads it at once, before, at and after the switch.
          if (!(await consumer.waitFor(position, within(30_000)))) throw new Error('the live projection stood still');
          const { rows } = await pipeline.pool.query({
            name: 'by-position',
            text: 'select account from deploy.ledger where last_position = $1',
            values: [position],
          });
          if (rows.length !== 1) throw new Error(`${position} was there, and is not any more`);
          seenBy += 1;
        }
      })();
      expect(await requestRebuild(where(), 'ledger')).toEqual({ outcome: 'requested', attempt: 1 });
      await phaseIs('done');
      const after = seenBy;
      await eventually('appends go on after the switch', () => seenBy > after + 2);
      appending = false;
      await load;

      expect(await expectFresh()).toBeGreaterThan(5_000);
      expect(await definition()).toEqual(before);
      expect((await pipeline.pool.query(`select 'deploy.ledger'::regclass::oid as oid`)).rows).not.toEqual(
        oldTable.rows,
      );
      expect(await leftovers()).toEqual([]);
    },
    120_000,
  );
});

describe('the switch', () => {
  test('waits for the batch that the live one is writing, and has it', async () => {
    await fillLog(pipeline.pool, 1000, 100);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    let writing = false;
    const consumer = await pipeline.consume({
      name: 'own',
      source: { kind: 'store', store: pipeline.store },
      handler: {
        kind: 'project',
        async apply(tx, events) {
          await foldLedger(tx, events);
          if (events.every(({ position }) => position <= 1000)) return;
          writing = true;
          await released;
        },
      },
    });
    stops.push(async () => release());
    await reached(consumer, 1000);
    await pipeline.append(1);
    await eventually('the live one writes', () => writing);
    await serve();
    await requestRebuild(where(), 'ledger');
    await eventually('the switch waits for it', async () => {
      const { rows } = await pipeline.pool.query<{ waits: boolean }>(
        `select exists(
           select from pg_locks l join pg_stat_activity a using (pid)
           where not l.granted and a.datname = current_database()
         ) as waits`,
      );
      return rows[0]?.waits ?? false;
    });
    release();
    await phaseIs('done');
    await reached(consumer, 1001);
    await expectFresh();
  }, 60_000);
});

describe('a rebuild that is interrupted', () => {
  test('by kill -9, again and again, goes on where it was and comes to the same', async () => {
    await fillLog(pipeline.pool, 60_000, 3_000);
    await reached(await live(), 60_000);
    await pipeline.pool.query(`update deploy.ledger set balance = 0`);
    expect(await requestRebuild(where(), 'ledger')).toEqual({ outcome: 'unknown', known: [] });
    const first = await startRebuilder(pipeline.stores.url, 40);
    await eventually('it says what it can rebuild', async () => (await listProjections(where())).length === 1);
    await requestRebuild(where(), 'ledger');
    const at = async () => (await state())?.sources[0]?.position ?? 0;
    let rebuilder = first;
    const seen: number[] = [];
    for (const share of [0.1, 0.5]) {
      await eventually(`it has come to ${share}`, async () => (await at()) >= share * 60_000);
      await rebuilder.kill();
      seen.push(await at());
      expect((await state())?.phase).toBe('building');
      rebuilder = await startRebuilder(pipeline.stores.url, 40);
    }
    await phaseIs('done');
    await rebuilder.kill();
    // It has never begun anew.
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(await applied()).toBeLessThanOrEqual(60_000 + 2 * 4_000);
    await expectFresh();
    expect(await leftovers()).toEqual([]);
  }, 120_000);

  test('by the loss of every session, right up to the switch, comes to the same', async () => {
    await fillLog(pipeline.pool, 30_000, 1_000);
    const consumer = await live();
    await reached(consumer, 30_000);
    let batches = 0;
    const killing = projection({
      effect: {
        kind: 'fold',
        async apply(tx, events) {
          await foldLedger(tx, events);
          if (batches++ % 3 === 1 && batches < 9) await killSessions(pipeline.stores.url);
        },
      },
    });
    await serve(killing);
    await requestRebuild(where(), 'ledger');
    for (let n = 0; n < 5; n += 1) await reached(consumer, await pipeline.append(5));
    await phaseIs('done');
    expect(batches).toBeGreaterThan(6);
    await expectFresh();
  }, 60_000);

  test('by a change of the live tables begins anew, after their new shape', async () => {
    await fillLog(pipeline.pool, 20_000, 1_000);
    await reached(await live(), 20_000);
    let altered = false;
    await serve(
      projection({
        effect: {
          kind: 'fold',
          async apply(tx, events) {
            await foldLedger(tx, events);
            if (altered || events.length < 1000) return;
            altered = true;
            await pipeline.pool.query(`alter table deploy.ledger add column extra text not null default 'here'`);
          },
        },
      }),
    );
    await requestRebuild(where(), 'ledger');
    await phaseIs('done');
    expect((await pipeline.pool.query('select distinct extra from deploy.ledger')).rows).toEqual([{ extra: 'here' }]);
    await expectFresh();
  }, 60_000);
});

describe('a rebuild', () => {
  test('is one at a time, over any number of processes; a cancelled one leaves nothing', async () => {
    await fillLog(pipeline.pool, 30_000, 1_000);
    await reached(await live(), 30_000);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    let running = 0;
    let most = 0;
    const slow: RebuildableProjection['effect'] = {
      kind: 'fold',
      async apply(tx, events) {
        most = Math.max(most, ++running);
        await released;
        await foldLedger(tx, events).finally(() => running--);
      },
    };
    await serve(projection({ effect: slow }));
    await serve(projection({ effect: slow }), pipeline.stores.open().pool);
    stops.push(async () => release());
    const before = await ledgerRows(pipeline.pool);
    const asked = await Promise.all([1, 2, 3].map(() => requestRebuild(where(), 'ledger')));
    expect(asked.map(({ outcome }) => outcome).toSorted()).toEqual(['requested', 'running', 'running']);
    await eventually('it works', () => running > 0);
    expect(await requestRebuild(where(), 'ledger')).toEqual({ outcome: 'running', phase: 'building' });
    const cancelling = cancelRebuild(where(), 'ledger');
    release();
    expect(await cancelling).toEqual({ outcome: 'cancelled' });
    expect(most).toBe(1);
    expect(await leftovers()).toEqual([]);
    expect(await ledgerRows(pipeline.pool)).toBe(before);
    expect(await cancelRebuild(where(), 'ledger')).toEqual({ outcome: 'not-running', phase: 'cancelled' });
    // And the next one isn't hindered by it.
    expect(await requestRebuild(where(), 'ledger')).toEqual({ outcome: 'requested', attempt: 2 });
    await phaseIs('done');
    await expectFresh();
  }, 60_000);

  test('whose batches take longer than a statement may is done in smaller ones', async () => {
    await fillLog(pipeline.pool, 400, 100);
    await reached(await live(), 400);
    const hasty = new pg.Pool({ connectionString: pipeline.stores.url, statement_timeout: 300, query_timeout: 600 });
    stops.push(() => hasty.end());
    const slow: RebuildableProjection['effect'] = {
      kind: 'fold',
      async apply(tx, events) {
        await tx.query('select pg_sleep($1)', [events.length * 0.002]);
        await foldLedger(tx, events);
      },
    };
    await serve(projection({ effect: slow }), hasty);
    await requestRebuild(where(), 'ledger');
    await phaseIs('done');
    expect(await listParked(where(), { limit: 1 })).toEqual([]);
    await expectFresh();
  }, 90_000);

  test('whose new tables take longer to analyze than a statement may waits for that', async () => {
    await fillLog(pipeline.pool, 400, 100);
    await reached(await live(), 400);
    const hasty = new pg.Pool({ connectionString: pipeline.stores.url, statement_timeout: 300, query_timeout: 600 });
    const holder = new pg.Client({ connectionString: pipeline.stores.url });
    stops.push(
      () => hasty.end(),
      () => holder.end(),
    );
    await holder.connect();
    const { promise: held, resolve: hold } = Promise.withResolvers<void>();
    const gated: RebuildableProjection['effect'] = {
      kind: 'fold',
      async apply(tx, events) {
        await foldLedger(tx, events);
        // What an analyze waits for, and a write doesn't. The table is there since before this transaction.
        await holder.query('begin; lock table deploy_next.ledger in share update exclusive mode');
        hold();
      },
    };
    await serve(projection({ effect: gated }), hasty);
    await requestRebuild(where(), 'ledger');
    await held;
    await eventually('the analyze has waited for longer than that', async () => {
      const { rowCount } = await pipeline.pool.query(
        `select from pg_stat_activity where query like 'analyze %' and wait_event_type = 'Lock'
         and now() - query_start > interval '1 s'`,
      );
      return rowCount === 1;
    });
    await holder.query('rollback');
    await phaseIs('done');
    expect((await state())?.note).toBeNull();
    await expectFresh();
  }, 90_000);

  test('tells how far it is', async () => {
    await fillLog(pipeline.pool, 20_000, 1_000);
    await reached(await live(), 20_000);
    await serve();
    await requestRebuild(where(), 'ledger');
    await phaseIs('done');
    const done = await state();
    expect(done && progressOf(done)).toEqual({ position: 20_000, total: 20_000, left: null });
    expect(
      progressOf({
        ...(done as NonNullable<typeof done>),
        rate: 100,
        sources: [{ consumer: 'own', context: 'deploy', position: 500, target: 1500 }],
      }),
    ).toEqual({ position: 500, total: 1500, left: 10 });
  }, 60_000);

  test('parks what fails in it, with the later ones of its stream, in place of what the old version had parked', async () => {
    await pipeline.append(50);
    const bad = opening({ stream: 'account:bad' });
    const move = (amount: number) =>
      pipeline.store.append({ ...bad, expected: { kind: 'any' }, events: [{ type: 'Moved', data: { amount } }] });
    await pipeline.store.append(bad);
    await move(666);
    await move(1);
    const last = await pipeline.append(20);
    const poison = (amount: number) => (type: string, data: unknown) =>
      type === 'Moved' && (data as { amount: number }).amount === amount;
    const failing = (on: ReturnType<typeof poison>): RebuildableProjection['effect'] => ({
      kind: 'fold',
      async apply(tx, events) {
        await foldLedger(tx, events);
        if (events.some(({ type, data }) => on(type, data))) throw new Error('poison');
      },
    });
    // The live version fails at the first move, its mended successor at the second.
    const liveEffect = failing(poison(666));
    await reached(
      await pipeline.consume({
        name: 'own',
        source: { kind: 'store', store: pipeline.store },
        handler: { kind: 'project', apply: liveEffect.kind === 'fold' ? liveEffect.apply : foldLedger },
      }),
      last,
    );
    const parked = async () => {
      const rows = await listParked(where(), { limit: 10 });
      return rows.map(({ consumer, position, error }) => ({ consumer, position, failed: error !== null }));
    };
    // For good: a try that is due would be made by the live handler on what the rebuild has parked.
    await eventually('the live one has parked both', async () => {
      const rows = await listParked(where(), { limit: 10 });
      return rows.length === 2 && rows.every(({ retryAt }) => retryAt === null);
    });
    expect(await parked()).toEqual([
      { consumer: 'own', position: 52, failed: true },
      { consumer: 'own', position: 53, failed: false },
    ]);
    await serve(projection({ effect: failing(poison(1)) }));
    await requestRebuild(where(), 'ledger');
    await phaseIs('done');
    expect(await parked()).toEqual([{ consumer: 'own', position: 53, failed: true }]);
    const { rows } = await pipeline.pool.query(
      `select balance, moves from deploy.ledger where account = 'account:bad'`,
    );
    expect(rows).toEqual([{ balance: 666, moves: 1 }]);
  }, 60_000);

  test.each([
    ['alter table deploy.ledger add foreign key (account) references deploy.ledger (account)', 'foreign key'],
    ['create view deploy.rich as select * from deploy.ledger', 'a view'],
    ['alter table deploy.ledger add column n serial', 'a sequence'],
    ['drop table deploy.ledger', 'There is no table deploy.ledger'],
  ])('of tables that it can not make again fails with the reason, and changes nothing: %s', async (change, reason) => {
    await pipeline.append(5);
    await reached(await live(), 5);
    await pipeline.pool.query(change);
    await serve();
    await requestRebuild(where(), 'ledger');
    await phaseIs('failed');
    expect((await state())?.note).toContain(reason);
    expect(await leftovers()).toEqual([]);
  });
});
