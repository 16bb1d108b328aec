/** Real PostgreSQL servers for tests: the one that the tests of one run share, and those that a test breaks. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import pg from 'pg';
import { openCluster } from '../postgres/cluster.ts';
import { freePort } from '../process/ports.ts';
import { isRunning, stopChild } from '../process/stopping.ts';
import { signalTree } from '../process/tree.ts';
import { memoryFolder, removeStale } from './folders.ts';

export interface TestServer {
  /** Superuser's URL of the database `postgres`. */
  readonly url: string;
  /** Of the server's first process; another one after each restart. */
  readonly pid: number;
  /** Orderly stop; its data goes, too. */
  stop(): Promise<void>;
  /** All its processes stand still (SIGSTOP) until `resume`; connections stay open. */
  pause(): void;
  resume(): void;
  /** kill -9 of all its processes at once; its data stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data, after a kill where it still runs. */
  restart(): Promise<void>;
}

export interface TestServerOptions {
  /** Its data is in `folder`/data. Default: a temporary one, in memory, which goes at the end. */
  readonly folder?: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** Added to the server's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

const startDeadlineMs = 60_000;

/** Resolves once it answers a query. */
async function answers(child: ChildProcess, url: string, log: () => string): Promise<void> {
  const deadline = Date.now() + startDeadlineMs;
  for (;;) {
    if (!isRunning(child)) throw new Error(`PostgreSQL ended while it started:\n${log()}`);
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('select 1');
      return;
    } catch (error) {
      if (Date.now() > deadline) {
        throw new Error(`PostgreSQL didn't start in ${startDeadlineMs / 1000} s:\n${log()}`, { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      await client.end().catch(() => {});
    }
  }
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  removeStale();
  const folder = options.folder ?? memoryFolder('postgres');
  // mkdtemp makes it 0700; the server's user must pass through it.
  chmodSync(folder, 0o755);
  const password = randomBytes(12).toString('hex');
  const cluster = await openCluster(folder, password);
  const port = await freePort();
  const settings = {
    max_connections: '400',
    shared_buffers: '128MB',
    // Test clusters are thrown away; durability settings stay on, because services refuse a server without them.
    max_wal_size: '1GB',
    ...options.settings,
  };
  const { command, args } = cluster.server(port, settings, options.env);
  const url = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
  let child: ChildProcess;
  async function launch(): Promise<void> {
    child = spawn(command, [...args], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    let log = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-8000);
    });
    await answers(child, url, () => log);
  }
  const pid = () => child.pid ?? 0;
  async function kill(): Promise<void> {
    if (!isRunning(child)) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    signalTree(pid(), 'SIGKILL');
    await gone;
  }
  async function stop(): Promise<void> {
    if (isRunning(child)) signalTree(pid(), 'SIGCONT');
    await stopChild(child, 'SIGINT', 10_000);
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
  }

  await launch().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    url,
    get pid() {
      return pid();
    },
    stop,
    pause: () => signalTree(pid(), 'SIGSTOP'),
    resume: () => signalTree(pid(), 'SIGCONT'),
    kill,
    async restart() {
      await kill();
      await launch();
    },
  };
}
