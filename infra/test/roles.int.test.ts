import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { externalDatabase } from '../local/postgres.ts';
import { READER, roleOf } from '../local/roles.ts';
import { openSecrets } from '../local/secrets.ts';
import { startTestServer, type TestServer } from '../testing/postgres.ts';

// Roles belong to the whole server: this file has one of its own.
let server: TestServer;
let folder: string;
let database: Awaited<ReturnType<typeof externalDatabase>>;

const setUp = () => externalDatabase(server.url, openSecrets(join(folder, 'secrets.json')));

beforeAll(async () => {
  server = await startTestServer();
  folder = mkdtempSync(join(tmpdir(), 'roles-'));
  database = await setUp();
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

async function as(role: string, statement: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: database.roleUrl(role) });
  await client.connect();
  try {
    return await client.query(statement);
  } finally {
    await client.end();
  }
}

const schemas: Record<string, string> = { tenancy: 'tenancy', deploy: 'deploy', network: 'network', gateway: 'read' };
const services = Object.keys(schemas);

describe('the roles of the database', () => {
  test.each(services)('%s works in its own schema', async (service) => {
    await as(
      roleOf(service),
      `create table ${schemas[service]}.mine (a int); insert into ${schemas[service]}.mine values (1)`,
    );
    expect((await as(roleOf(service), `select a from ${schemas[service]}.mine`)).rows).toEqual([{ a: 1 }]);
  });

  test.each(services)('%s works in the schemas beside its own, where rebuilds put their tables', async (service) => {
    for (const beside of ['next', 'last']) {
      const table = `${schemas[service]}_${beside}.mine`;
      await as(roleOf(service), `create table ${table} (a int); drop table ${table}`);
    }
  });

  test.each(services)('%s reaches no other schema, nor makes one', async (service) => {
    for (const other of services.filter((name) => name !== service)) {
      await expect(as(roleOf(service), `select * from ${schemas[other]}.mine`)).rejects.toThrow(/permission denied/);
      for (const schema of ['', '_next', '_last'].map((beside) => `${schemas[other]}${beside}`)) {
        await expect(as(roleOf(service), `create table ${schema}.theirs (a int)`)).rejects.toThrow(/permission denied/);
      }
    }
    await expect(as(roleOf(service), 'create schema more')).rejects.toThrow(/permission denied/);
    await expect(as(roleOf(service), 'create table public.open (a int)')).rejects.toThrow(/permission denied/);
  });

  test('the reader reads what it is granted, and writes nothing', async () => {
    await as(roleOf('gateway'), `grant select on read.mine to ${READER}`);
    expect((await as(READER, 'select a from read.mine')).rows).toEqual([{ a: 1 }]);
    await expect(as(READER, 'insert into read.mine values (2)')).rejects.toThrow(/permission denied/);
    await expect(as(READER, 'create table read.theirs (a int)')).rejects.toThrow(/permission denied/);
    await expect(as(READER, 'select * from tenancy.mine')).rejects.toThrow(/permission denied/);
  });

  test('none is more than it must be', async () => {
    const { rows } = await as(
      READER,
      `select rolname from pg_roles where rolname like 'atoll%' and (rolsuper or rolbypassrls or rolcreatedb or rolcreaterole)`,
    );
    expect(rows).toEqual([]);
  });

  test('is set up again with nothing lost', async () => {
    database = await setUp();
    expect((await as(roleOf('tenancy'), 'select a from tenancy.mine')).rows).toEqual([{ a: 1 }]);
  });

  test('nobody else comes in', async () => {
    const url = new URL(server.url);
    const admin = new pg.Client({ connectionString: url.href });
    await admin.connect();
    await admin.query(`create role stranger login password 'x'`);
    await admin.end();
    url.username = 'stranger';
    url.password = 'x';
    url.pathname = '/atoll';
    const stranger = new pg.Client({ connectionString: url.href });
    await expect(stranger.connect()).rejects.toThrow(/permission denied for database/);
  });
});
