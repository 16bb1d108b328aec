import { listProjections, requestRebuild } from '@atoll/events/rebuild/rows';
import { createPool } from '@atoll/service/postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tables } from '../src/project/effects.ts';
import { createReader } from '../src/read/reader.ts';
import { log } from './database.ts';
import { eventually, type Platform, startPlatform, type TestTenant } from './platform.ts';
import { everything, newScenario, parts } from './scenario.ts';

let platform: Platform;
let tenant: TestTenant;
beforeAll(async () => {
  platform = await startPlatform();
  tenant = await platform.tenant('acme');
});
afterAll(() => platform.stop());

const where = () => ({ pool: platform.database.owner, schema: 'read' });
const rebuilt = () =>
  eventually(
    'the read models are rebuilt',
    async () => {
      const rebuild = (await listProjections(where()))[0]?.rebuild;
      if (rebuild?.phase === 'failed') throw new Error(rebuild.note ?? 'failed');
      return rebuild?.phase === 'done';
    },
    60_000,
  );

async function everyRow(): Promise<Record<string, unknown>> {
  const rows: Record<string, unknown> = {};
  for (const table of tables) {
    const found = await platform.database.owner.query(`select to_jsonb(t) as row from read.${table} t order by id`);
    rows[table] = found.rows.map(({ row }) => row);
  }
  const history = await platform.database.owner.query(
    'select to_jsonb(h) as row from read.resource_change h order by id, kind, change',
  );
  rows.resource_change = history.rows.map(({ row }) => row);
  return rows;
}
const logRows = async () =>
  (await platform.database.owner.query('select * from read.tenant_log order by tenant_id, cursor')).rows;
const walls = async () =>
  (
    await platform.database.superuser.query(`
      select c.relname, c.relacl::text, c.relrowsecurity, c.relforcerowsecurity, pg_get_userbyid(c.relowner) as owner,
        (select json_agg(p order by p::text) from (
          select policyname, roles, cmd, qual, with_check from pg_policies where schemaname = 'read' and tablename = c.relname
        ) p) as policies,
        (select json_agg(i.indexdef order by i.indexname) from pg_indexes i where i.schemaname = 'read' and i.tablename = c.relname) as indexes
      from pg_class c where c.relnamespace = 'read'::regnamespace and c.relkind = 'r' order by 1`)
  ).rows;

describe('the read models rebuilt beside themselves', () => {
  it('are the same rows, behind the same walls; logs, cursors and statements prepared before, go on', async () => {
    for (let n = 0; n < 5; n += 1) await everything(platform, tenant, `before-${n}`);
    const before = { rows: await everyRow(), log: await logRows(), walls: await walls() };

    // A damage that only a rebuild mends, in each kind of table.
    await platform.database.owner.query(`update read.deployment set ready_replicas = 77`);
    await platform.database.owner.query(`delete from read.instance`);
    await platform.database.owner.query(`delete from read.member where role = 'viewer'`);
    expect(await everyRow()).not.toEqual(before.rows);

    // One connection, so that the statement stays prepared over the switch.
    const pool = createPool({ url: platform.database.readerUrl, name: 'old-reader', max: 1, log });
    const reader = createReader(pool);
    const statement = { name: 'all', text: 'select count(*)::text from read.deployment' };
    expect(await reader.rows(tenant.id, statement, [])).toEqual(['5']);

    expect(await requestRebuild(where(), 'read-models')).toMatchObject({ outcome: 'requested' });
    await rebuilt();

    expect(await everyRow()).toEqual(before.rows);
    expect(await logRows()).toEqual(before.log);
    expect(await walls()).toEqual(before.walls);
    expect(await reader.rows(tenant.id, statement, [])).toEqual(['5']);
    expect(await reader.rows('ten_other', statement, [])).toEqual(['0']);
    await expect(
      reader.rows(tenant.id, { name: 'hidden', text: 'select id from read.service_account_secret' }, []),
    ).rejects.toThrow(/permission denied/);
    await pool.end();

    // The live consumers write into the new tables, and tell the log.
    const ids = newScenario();
    const told = parts(platform, tenant, ids, 'after');
    for (const part of ['tenancy', 'deploy', 'network', 'running'] as const) await told[part]();
    await platform.settled();
    const { body } = await platform.query(
      tenant.admin,
      'query ($id: ID!) { instance(id: $id) { status ipv4 } deployments { nodes { name } } }',
      { id: ids.instance },
    );
    expect(body.data.instance).toMatchObject({ status: 'READY', ipv4: '10.64.3.2' });
    expect(body.data.deployments.nodes).toHaveLength(6);
  });

  it('while events of all contexts keep coming and clients read: nobody sees less than before, or an error', async () => {
    let going = true;
    let told = 0;
    const load = (async () => {
      while (going) {
        await everything(platform, tenant, `during-${told}`);
        told += 1;
      }
    })();
    const count = 'select count(*)::text from read.deployment';
    const reader = createReader(platform.database.reader);
    const reading = (async () => {
      for (let most = 0; going; ) {
        const [text] = await reader.rows(tenant.id, { name: 'count', text: count }, []);
        if (Number(text) < most) throw new Error(`${most} deployments were there, and ${text} are`);
        most = Number(text);
      }
    })();
    for (let round = 0; round < 3; round += 1) {
      expect(await requestRebuild(where(), 'read-models')).toMatchObject({ outcome: 'requested' });
      await rebuilt();
    }
    going = false;
    await Promise.all([load, reading]);
    await platform.settled();
    const live = await everyRow();
    expect(await requestRebuild(where(), 'read-models')).toMatchObject({ outcome: 'requested' });
    await rebuilt();
    expect(await everyRow()).toEqual(live);
    const { rows } = await platform.database.owner.query(
      `select tenant_id from read.tenant_log group by tenant_id
       having count(*) <> max(cursor) or count(distinct event_id) <> count(*)`,
    );
    expect(rows).toEqual([]);
  });
});
