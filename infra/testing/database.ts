/** Fresh databases for tests and benches, on the real PostgreSQL of the run. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { startTestServer, type TestServer } from './postgres.ts';

export interface TestDatabase {
  /** The superuser's URL. */
  readonly url: string;
  /** Removes it, with all connections to it. */
  drop(): Promise<void>;
}

/** Outside of a test run (a bench, a script) this process has a server of its own while it has databases. */
let own: Promise<TestServer> | undefined;
let databases = 0;

async function serverUrl(): Promise<string> {
  const shared = process.env.ATOLL_TEST_DATABASE_URL;
  if (shared) return shared;
  own ??= startTestServer();
  return (await own).url;
}

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A fresh, empty database. `template` names a database to copy, which nobody may be connected to. */
export async function createTestDatabase(options: { template?: string } = {}): Promise<TestDatabase> {
  databases += 1;
  const server = await serverUrl();
  const name = `test_${randomBytes(8).toString('hex')}`;
  const template = options.template ? ` template ${pg.escapeIdentifier(options.template)}` : '';
  // Copying files (not the WAL) is the quicker way for a small template, by a factor of three.
  await run(server, `create database ${name}${template} strategy file_copy`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async drop() {
      await run(server, `drop database if exists ${name} with (force)`);
      databases -= 1;
      if (databases === 0 && own) {
        const stopping = own;
        own = undefined;
        await (await stopping).stop();
      }
    },
  };
}
