/** Servers whose settings make durability a lie, however they were set, are refused before anything is asked of them. */
import { startTestServer, type TestServer } from '@atoll/infra/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../src/log.ts';
import { checkServer, createPool, UnfitServer, waitForServer, watchServer } from '../src/postgres.ts';

const log = createLogger('test', { write: () => {} });
let server: TestServer;
let admin: pg.Client;
beforeAll(async () => {
  // One of its own: its settings are changed.
  server = await startTestServer();
  admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`create role careless login superuser password 'x'`);
  await admin.query('create database atoll');
  await admin.query(
    `create database latin encoding 'LATIN1' locale_provider libc lc_collate 'C' lc_ctype 'C' template template0`,
  );
});
afterAll(async () => {
  await admin.end();
  await server.stop();
});

const urlOf = (change: { database?: string; role?: string; options?: string } = {}) => {
  const url = new URL(server.url);
  url.pathname = `/${change.database ?? 'atoll'}`;
  if (change.role) {
    url.username = change.role;
    url.password = 'x';
  }
  if (change.options) url.searchParams.set('options', change.options);
  return url.href;
};
const open = (change?: Parameters<typeof urlOf>[0]) => createPool({ url: urlOf(change), name: 'test', max: 2, log });
async function refusal(change?: Parameters<typeof urlOf>[0]): Promise<unknown> {
  const pool = open(change);
  const answer = await checkServer(pool).catch((error: unknown) => error);
  await pool.end();
  return answer;
}
const settings = ['fsync', 'full_page_writes', 'synchronous_commit'] as const;
async function reload(statement: string): Promise<void> {
  await admin.query(statement);
  await admin.query('select pg_reload_conf()');
}

test('a server that keeps what it acknowledges is taken', async () => {
  expect(await refusal()).toBeUndefined();
});

describe('switched off', () => {
  test.each(settings)('for the whole server, %s', async (name) => {
    await reload(`alter system set ${name} = off`);
    try {
      await expect.poll(() => refusal()).toBeInstanceOf(UnfitServer);
      const error = await refusal();
      expect(String(error)).toContain(`${name} is off`);
      expect(String(error)).toContain(`set ${name} = on in the server's configuration`);
    } finally {
      await reload(`alter system reset ${name}`);
    }
    await expect.poll(() => refusal()).toBeUndefined();
  });

  test.each([
    ['role', 'alter role careless', { role: 'careless' }, 'alter role careless reset synchronous_commit'],
    ['database', 'alter database atoll', {}, 'alter database atoll reset synchronous_commit'],
    [
      'role in a database',
      'alter role careless in database atoll',
      { role: 'careless' },
      'alter role careless in database atoll reset synchronous_commit',
    ],
    ['role that is everybody', 'alter role all', {}, 'alter role all reset synchronous_commit'],
  ])('for a %s, and the text says how to take it back', async (_, statement, who, remedy) => {
    await admin.query(`${statement} set synchronous_commit = off`);
    try {
      const error = await refusal(who);
      expect(error).toBeInstanceOf(UnfitServer);
      expect(String(error)).toContain(remedy);
    } finally {
      await admin.query(remedy);
    }
    expect(await refusal(who)).toBeUndefined();
  });

  test('for the connection', async () => {
    const error = await refusal({ options: '-c synchronous_commit=off' });
    expect(String(error)).toContain('take it out of the URL');
  });
});

test('a database that can not hold every text is refused', async () => {
  expect(String(await refusal({ database: 'latin' }))).toMatch(/latin has the encoding LATIN1.*encoding 'UTF8'/);
});

test('waiting for a server ends at once where it is unfit', async () => {
  const pool = open({ options: '-c synchronous_commit=off' });
  await expect(waitForServer(pool, { timeoutMs: 30_000 })).rejects.toThrow(UnfitServer);
  await pool.end();
});

test('a server that comes back with other settings gets no statement', async () => {
  const pool = open();
  await pool.query('create table if not exists kept (id int)');
  // What a restart does to connections, with settings that were changed meanwhile.
  await admin.query('alter database atoll set synchronous_commit = off');
  try {
    await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = 'atoll'`);
    await expect
      .poll(() => pool.query('insert into kept values (1)').catch((error: unknown) => error))
      .toBeInstanceOf(UnfitServer);
    await admin.query('alter database atoll reset synchronous_commit');
    expect((await pool.query('select count(*)::int as n from kept')).rows).toEqual([{ n: 0 }]);
  } finally {
    await admin.query('alter database atoll reset synchronous_commit');
    await pool.end();
  }
});

test('settings that change under open connections are noticed', async () => {
  const pool = open();
  await pool.query('select 1');
  const noticed = Promise.withResolvers<Error>();
  const watch = watchServer({ pool, log, everyMs: 20, unfit: noticed.resolve });
  try {
    await reload('alter system set fsync = off');
    expect(String(await noticed.promise)).toContain('fsync is off');
  } finally {
    watch.stop();
    await reload('alter system reset fsync');
    await pool.end();
  }
});
