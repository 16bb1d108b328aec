/** The PostgreSQL server that the tests of one run share: real, embedded, in a temporary folder. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import pg from 'pg';
import { openCluster } from '../postgres/cluster.ts';
import { freePort } from '../process/ports.ts';
import { isRunning, stopChild } from '../process/stopping.ts';
import { memoryFolder, removeStale } from './folders.ts';

export interface TestServer {
  /** Superuser's URL of the database `postgres`. */
  readonly url: string;
  stop(): Promise<void>;
}

const startDeadlineMs = 60_000;

export async function startTestServer(): Promise<TestServer> {
  removeStale();
  const folder = memoryFolder('postgres');
  // mkdtemp makes it 0700; the server's user must pass through it.
  chmodSync(folder, 0o755);
  const password = randomBytes(12).toString('hex');
  const cluster = await openCluster(folder, password);
  const port = await freePort();
  const { command, args } = cluster.server(port, {
    max_connections: '400',
    shared_buffers: '128MB',
    // Test clusters are thrown away; durability settings stay on, because services refuse a server without them.
    max_wal_size: '1GB',
  });
  const child = spawn(command, [...args], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-8000);
  });
  const url = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
  const stop = async () => {
    await stopChild(child, 'SIGINT', 10_000);
    rmSync(folder, { recursive: true, force: true });
  };

  const deadline = Date.now() + startDeadlineMs;
  for (;;) {
    if (!isRunning(child)) throw new Error(`PostgreSQL ended while it started:\n${log}`);
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('select 1');
      return { url, stop };
    } catch (error) {
      if (Date.now() > deadline) {
        await stop();
        throw new Error(`PostgreSQL didn't start in ${startDeadlineMs / 1000} s:\n${log}`, { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      await client.end().catch(() => {});
    }
  }
}
