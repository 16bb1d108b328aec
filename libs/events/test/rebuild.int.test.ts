import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Consumer } from '../src/consumer.ts';
import { listParked } from '../src/parked.ts';
import { type Rebuilds, startRebuilds } from '../src/rebuild.ts';
import { cancelRebuild, listProjections, progressOf, type RebuildPhase, requestRebuild } from '../src/rebuild-rows.ts';
import type { RebuildableProjection } from '../src/rebuildable.ts';
import { testLog } from '../src/testing/open-store.ts';
import { opening } from '../src/testing/store-contract.ts';
import { effects, fillLog, foldLedger, ledgerTable, liveHandler } from './ledger.ts';
import { eventually, killSessions, openPipeline, type Pipeline, within } from './pipeline.ts';

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
      const found = await state();
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
          if (!(await consumer.waitFor(position, within(10_000)))) throw new Error('the live projection stood still');
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
      expect((await pipeline.pool.query(`select 'deploy.ledger'::regclass::oid as oid`)).rows).not.toEqual(oldTable.rows);
      expect(await leftovers()).toEqual([]);
    },
    120_000,
  );
});
