/** Servers that a test may break: what the fault runner knows of any of them, and the two that Atoll stands on. */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { temporaryFolder } from '@atoll/infra/testing/folders';
import { startTestNats, type TestNats, type TestNatsOptions } from '@atoll/infra/testing/nats';
import { startTestServer, type TestServerOptions } from '@atoll/infra/testing/postgres';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';

export interface ServerHandle {
  readonly url: string;
  /** Another one after each restart. */
  readonly pid: number;
  /** All its processes stand still (SIGSTOP); connections stay open. */
  pause(): void;
  resume(): void;
  /** kill -9; its data stays. */
  kill(): Promise<void>;
  /** Starts it again with the same address and data, after a kill where it still runs; resolves once it answers. */
  restart(): Promise<void>;
  /** Orderly end; its data goes, too. */
  stop(): Promise<void>;
}

/** A PostgreSQL of the test's own; `url` is the superuser's, of the database `postgres`. */
export const startPostgres = (options: TestServerOptions = {}): Promise<ServerHandle> => startTestServer(options);

export interface NatsHandle extends ServerHandle {
  /** Keeps what the store holds now, as a backup made while the server runs would. */
  copyStore(): void;
  /** kill -9, the store as it was at `copyStore` (or `empty`), and a start on it. */
  replaceStore(by: 'copy' | 'empty'): Promise<void>;
}

export async function startNats(options: TestNatsOptions = {}): Promise<NatsHandle> {
  const nats: TestNats = await startTestNats(options);
  const copy = temporaryFolder('nats-copy');
  return {
    url: nats.url,
    get pid() {
      return nats.pid;
    },
    pause: nats.pause,
    resume: nats.resume,
    kill: nats.kill,
    restart: nats.restart,
    async stop() {
      await nats.stop();
      rmSync(copy, { recursive: true, force: true });
    },
    copyStore() {
      rmSync(copy, { recursive: true, force: true });
      cpSync(nats.storeDir, copy, { recursive: true });
    },
    async replaceStore(by) {
      await nats.kill();
      rmSync(nats.storeDir, { recursive: true, force: true });
      if (by === 'copy') cpSync(copy, nats.storeDir, { recursive: true });
      else mkdirSync(nats.storeDir, { recursive: true });
      await nats.restart();
    },
  };
}

/** Whether a new client gets an answer within two seconds. */
export async function postgresAnswers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000, query_timeout: 2000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/** Whether there is no room for a table; nor may there be for the log that would tell of it. */
export async function hasNoRoom(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, query_timeout: 10_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(`create table too_much as select repeat('x', 1000) from generate_series(1, 20000)`);
    return false;
  } catch (error) {
    return error instanceof Error && /No space left|Connection terminated/.test(error.message);
  } finally {
    await client.end().catch(() => {});
  }
}

/** As `postgresAnswers`; JetStream is asked, too. */
export async function natsAnswers(url: string): Promise<boolean> {
  try {
    const nc = await connect({ servers: url.replace('nats://', ''), timeout: 2000, maxReconnectAttempts: 0 });
    try {
      await (await jetstreamManager(nc, { timeout: 2000 })).getAccountInfo();
      return true;
    } finally {
      await nc.close();
    }
  } catch {
    return false;
  }
}
