import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createTestDatabase } from '@atoll/infra/testing/database';
import type { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '../src/log.ts';
import { createPool, isConnectionError, migrate, waitForServer } from '../src/postgres.ts';

const log = createLogger('test', { write: () => {} });
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let pool: Pool;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ url: database.url, name: 'test', max: 4, log });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migrations-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  await pool.query('drop schema if exists house cascade');
});

const put = (name: string, sql: string) => writeFile(join(folder, name), sql);
const run = () => migrate({ pool, schema: 'house', folders: [pathToFileURL(folder)], log });

describe('createPool', () => {
  test('reads bigint, and arrays of it, as numbers', async () => {
    const { rows } = await pool.query(
      `select 9007199254740991::int8 as one, '{1,null,2}'::int8[] as many, 1::int4 as i`,
    );
    expect(rows).toEqual([{ one: 9007199254740991, many: [1, null, 2], i: 1 }]);
  });

  test('survives that the server cuts its connections', async () => {
    const { rows } = await pool.query('select pg_backend_pid() as pid');
    const other = createPool({ url: database.url, name: 'other', max: 1, log });
    await other.query('select pg_terminate_backend($1)', [rows[0].pid]);
    await other.end();
    await expect.poll(() => pool.query('select 1 as a').catch(() => null)).toMatchObject({ rows: [{ a: 1 }] });
  });

  test('tells errors of the connection from errors of the statement', async () => {
    const nobody = createPool({ url: 'postgresql://x:y@127.0.0.1:1/z', name: 'nobody', max: 1, log });
    const refused = await nobody.query('select 1').catch((error: unknown) => error);
    const wrong = await pool.query('selec').catch((error: unknown) => error);
    const cut = await pool.query('select pg_terminate_backend(pg_backend_pid())').catch((error: unknown) => error);
    await nobody.end();
    expect([refused, wrong, cut].map(isConnectionError)).toEqual([true, false, true]);
  });
});

describe('waitForServer', () => {
  test('gives up at its deadline, naming the reason', async () => {
    const nobody = createPool({ url: 'postgresql://x:y@127.0.0.1:1/z', name: 'nobody', max: 1, log });
    await expect(waitForServer(nobody, { timeoutMs: 200 })).rejects.toThrow(/can't be reached.*ECONNREFUSED/);
    await nobody.end();
  });
});

describe('migrate', () => {
  test('runs each file once, in order, in its schema', async () => {
    await put('0001_first.sql', 'create table room (id int primary key)');
    await put('0002_second.sql', 'alter table room add name text; insert into room values (1, $$a$$);');
    await run();
    await run();
    expect((await pool.query('select * from house.room')).rows).toEqual([{ id: 1, name: 'a' }]);
  });

  test('lets a migration, and the wait for one, take longer than any other statement may', async () => {
    await put('0001_first.sql', 'create table room (id int primary key); select pg_sleep(0.6)');
    const hasty = createPool({ url: database.url, name: 'test', max: 2, log, silenceMs: 200 });
    const start = () => migrate({ pool: hasty, schema: 'house', folders: [pathToFileURL(folder)], log });
    await Promise.all([start(), start()]).finally(() => hasty.end());
    expect((await pool.query('select * from house.room')).rows).toEqual([]);
  });

  test('runs them once, however many processes start at the same time', async () => {
    await put('0001_first.sql', 'create table room (id int primary key); select pg_sleep(0.05)');
    await put('0002_second.sql', 'insert into room values (1)');
    await Promise.all([run(), run(), run(), run()]);
    expect((await pool.query('select count(*) from house.room')).rows).toEqual([{ count: 1 }]);
  });

  test('leaves nothing of a file that fails, and goes on from there', async () => {
    await put('0001_first.sql', 'create table room (id int)');
    await put('0002_second.sql', 'create table cellar (id int); select nonsense');
    await expect(run()).rejects.toThrow(/0002_second of house failed.*nonsense/);
    expect((await pool.query(`select to_regclass('house.cellar') as cellar`)).rows).toEqual([{ cellar: null }]);
    await put('0002_second.sql', 'create table cellar (id int)');
    await run();
    expect((await pool.query('select count(*) from house.cellar')).rows).toEqual([{ count: 0 }]);
  });

  const ledger = async () => (await pool.query('select name, checksum from house.schema_migration order by name')).rows;

  test('refuses a database that a newer version has migrated, and changes nothing', async () => {
    await put('0001_first.sql', 'create table room (id int)');
    await put('0003_third.sql', 'create table cellar (id int)');
    await run();
    const before = await ledger();
    await rm(join(folder, '0003_third.sql'));
    // Something of its own that an older version would still have to do.
    await put('0002_second.sql', 'drop table room');
    await expect(run()).rejects.toThrow(/is at 0003_third, made by a newer version of Atoll.*Update this program/);
    expect(await ledger()).toEqual(before);
    expect((await pool.query(`select to_regclass('house.room') is not null as there`)).rows).toEqual([{ there: true }]);
  });

  test('refuses a file that was edited after it was run, and runs none of the others', async () => {
    await put('0001_first.sql', 'create table room (id int)');
    await run();
    await put('0001_first.sql', 'create table room (id bigint)');
    await put('0002_second.sql', 'drop table room');
    await expect(run()).rejects.toThrow(/edited after they were run: 0001_first.*add a new migration/);
    expect(await ledger()).toHaveLength(1);
  });

  test('takes a database of an older version forward, with what is in it', async () => {
    await put('0001_first.sql', 'create table room (id int primary key); insert into room values (1)');
    await run();
    await put('0002_second.sql', `alter table room add column name text not null default 'unnamed'`);
    await run();
    expect((await pool.query('select * from house.room')).rows).toEqual([{ id: 1, name: 'unnamed' }]);
  });

  test('leaves nothing of a file in the middle of which its process or its connection dies', async () => {
    await put('0001_first.sql', 'create table room (id int)');
    await put('0002_second.sql', 'create table cellar (id int); select pg_sleep(60); create table roof (id int)');
    const interrupted = run().catch((error: unknown) => error);
    const asleep = `select pid from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid() and wait_event = 'PgSleep'`;
    await expect.poll(async () => (await pool.query(asleep)).rowCount, { timeout: 10_000 }).toBe(1);
    await pool.query(`select pg_terminate_backend(pid) from (${asleep}) s`);
    expect(String(await interrupted)).toMatch(/0002_second of house failed/);
    const tables = `select relname from pg_class where relnamespace = 'house'::regnamespace and relkind = 'r' order by 1`;
    expect((await pool.query(tables)).rows).toEqual([{ relname: 'room' }, { relname: 'schema_migration' }]);
    // And the lock went with it: the next one isn't kept waiting.
    await put('0002_second.sql', 'create table cellar (id int)');
    await run();
    expect(await ledger()).toHaveLength(2);
  });

  test('refuses names that it can not order', async () => {
    await put('first.sql', 'select 1');
    await expect(run()).rejects.toThrow(/NNNN_name.sql: first.sql/);
  });

  test('runs as a role that owns the schema and has no right on the database', async () => {
    await pool.query(
      `create role tenant_of_house login password 'x'; create schema house authorization tenant_of_house`,
    );
    const url = new URL(database.url);
    url.username = 'tenant_of_house';
    url.password = 'x';
    const narrow = createPool({ url: url.href, name: 'narrow', max: 2, log });
    await mkdir(folder, { recursive: true });
    await put('0001_first.sql', 'create table room (id int)');
    try {
      await migrate({ pool: narrow, schema: 'house', folders: [pathToFileURL(folder)], log });
      expect((await narrow.query('select count(*) from house.room')).rows).toEqual([{ count: 0 }]);
    } finally {
      await narrow.end();
      await pool.query('drop schema house cascade; drop role tenant_of_house');
    }
  });
});
