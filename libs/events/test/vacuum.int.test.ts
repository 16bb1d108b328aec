/** What was erased is in no page of the table's file, however often the row had been written before. */
import { createTestDatabase } from '@atoll/infra/testing/database';
import { createLogger } from '@atoll/service/log';
import { createPool } from '@atoll/service/postgres';
import type { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createVacuum } from '../src/personal/vacuum.ts';
import { eventually } from './pipeline.ts';

const log = createLogger('vacuum-test');
log.level = 'fatal';
let pool: Pool;
let stop: () => Promise<void>;
beforeAll(async () => {
  const database = await createTestDatabase();
  pool = createPool({ url: database.url, name: 'test', max: 4, log });
  stop = async () => {
    await pool.end();
    await database.drop();
  };
});
afterAll(() => stop());

const secret = 'zoe.oeztuerk@people.example';

async function inFile(): Promise<boolean> {
  await pool.query('checkpoint');
  const { rows } = await pool.query<{ found: boolean }>(
    `select position(convert_to($1, 'UTF8') in pg_read_binary_file(pg_relation_filepath('person'))) > 0 as found`,
    [secret],
  );
  return rows[0]?.found ?? false;
}

test('of a row that had several versions nothing is left in the file, nor behind a transaction that stood in the way', async () => {
  await pool.query('create table person (id int primary key, email text, role text) with (autovacuum_enabled = false)');
  await pool.query(`insert into person select 1, $1::text, 'viewer'`, [secret]);
  for (const role of ['developer', 'admin', 'owner']) await pool.query('update person set role = $1', [role]);
  const backup = await pool.connect();
  await backup.query('begin transaction isolation level repeatable read');
  await backup.query('select * from person');
  await pool.query('update person set email = null');
  expect(await inFile()).toBe(true);

  const vacuum = createVacuum({ pool, table: 'person', log });
  vacuum.ask();
  await vacuum.idle();
  expect(await inFile()).toBe(true);
  await backup.query('commit');
  backup.release();
  await eventually('the next try finds nobody in its way', async () => !(await inFile()));
});
