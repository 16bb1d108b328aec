/**
 * The servers that all contestants share: PostgreSQL with its data on disk and its durability settings on, so that an
 * fsync costs what it costs, and nats-server with JetStream on disk.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestNats, type TestNats } from '@atoll/infra/testing/nats';
import { startTestServer } from '@atoll/infra/testing/postgres';
import pg from 'pg';

export interface Servers {
  readonly nats: TestNats;
  /** A fresh, empty database; its URL. */
  database(): Promise<string>;
  stop(): Promise<void>;
}

export async function startServers(): Promise<Servers> {
  const folder = mkdtempSync(join(tmpdir(), `atoll-test-${process.pid}-bench-`));
  const [postgres, nats] = await Promise.all([
    startTestServer({
      folder,
      settings: { shared_buffers: '1GB', max_wal_size: '8GB', checkpoint_timeout: '15min', max_connections: '200' },
    }),
    startTestNats(),
  ]);
  let databases = 0;
  return {
    nats,
    async database() {
      databases += 1;
      const name = `bench_${databases}`;
      const client = new pg.Client({ connectionString: postgres.url });
      await client.connect();
      try {
        await client.query(`create database ${name}`);
      } finally {
        await client.end();
      }
      const url = new URL(postgres.url);
      url.pathname = `/${name}`;
      return url.href;
    },
    async stop() {
      await Promise.all([postgres.stop(), nats.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
