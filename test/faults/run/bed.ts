/**
 * What a run of faults stands on: PostgreSQL, NATS, a proxy before each, and the processes of the workload. A bed is
 * made anew from time to time, so that the oracle can look at all of it each time.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { engineMigrations } from '@atoll/events/migrations';
import { temporaryFolder } from '@atoll/infra/testing/folders';
import { createLogger, type Logger } from '@atoll/service/log';
import { connectNats, type NatsConnection } from '@atoll/service/nats';
import { createPool, migrate } from '@atoll/service/postgres';
import type { Pool } from 'pg';
import { createProcessHandle, type ProcessHandle } from '../process/handle.ts';
import { type FaultProxy, startProxy } from '../proxy.ts';
import type { NatsHandle, ServerHandle } from '../servers.ts';
import { readTables } from '../workload/projector.ts';
import { ACCOUNTS, LEDGER, READ, type Role } from '../workload/role.ts';
import { type Ground, type GroundKind, openGround } from './ground.ts';
import { makeRivals, rivalOptions } from './rivals.ts';

/** How many processes of each role there are. */
export type Crew = Readonly<Record<Role, number>>;
/** Two wherever one process must take another's place. */
export const fullCrew: Crew = { writer: 2, relay: 2, reactor: 2, projector: 2, subscriber: 1 };

export interface Bed {
  readonly ground: Ground;
  readonly postgres: ServerHandle;
  readonly nats: NatsHandle;
  /** What the processes connect to. */
  readonly proxies: { readonly postgres: FaultProxy; readonly nats: FaultProxy };
  readonly processes: readonly ProcessHandle[];
  of(...roles: readonly string[]): readonly ProcessHandle[];
  /** Straight to the servers: for the oracle, and for faults that are made by a statement. */
  readonly pool: Pool;
  readonly nc: NatsConnection;
  /** The client's own connection, which no fault touches: what is unknown is so because of the others. */
  readonly clientNc: NatsConnection;
  /** The log that the subscriber writes. */
  readonly logFile: string;
  readonly log: Logger;
  /** Everything that a fault may have left behind is whole again, and every process runs. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

export async function openBed(options: {
  /** Of all beds on plain ground. */
  postgres: ServerHandle;
  ground?: GroundKind;
  /** A folder for what Node has compiled. */
  compileCache: string;
  crew?: Crew;
}): Promise<Bed> {
  const { compileCache, crew = fullCrew } = options;
  const log = createLogger('faults');
  log.level = process.env.ATOLL_LOG_LEVEL ?? 'fatal';
  const folder = temporaryFolder('faults');
  const armFolder = join(folder, 'failpoints');
  mkdirSync(armFolder);

  const ground = await openGround(options.ground ?? 'plain', options.postgres);
  const { postgres, nats } = ground;
  const name = `bed_${randomBytes(6).toString('hex')}`;
  const server = createPool({ url: postgres.url, name: 'bed', max: 1, log });
  await server.query(`create database ${name}`);
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  const pool = createPool({ url: url.href, name: 'oracle', max: 4, log });
  for (const schema of [ACCOUNTS, LEDGER, READ]) {
    await migrate({ pool, schema, folders: [engineMigrations], log });
  }
  await pool.query(readTables);

  if (ground.kind === 'rivals') await makeRivals(pool);

  const proxies = { postgres: await startProxy(url.href), nats: await startProxy(nats.url) };
  const nc = await connectNats({ url: nats.url, name: 'oracle', log });
  const clientNc = await connectNats({ url: nats.url, name: 'client', log });
  const logFile = join(folder, 'subscriber.log');
  const processUrl = new URL(proxies.postgres.url);
  if (ground.kind === 'rivals') processUrl.searchParams.set('options', rivalOptions);
  const env = {
    ATOLL_NATS_URL: proxies.nats.url,
    ATOLL_DATABASE_URL: processUrl.href,
    ATOLL_FAULTS_LOG: logFile,
    // Processes are started by the hundred: what the first has compiled, the others read.
    NODE_COMPILE_CACHE: compileCache,
    ATOLL_LOG_LEVEL: process.env.ATOLL_LOG_LEVEL ?? 'error',
  };
  const processes = Object.entries(crew).flatMap(([role, count]) =>
    Array.from({ length: count }, (_, index) =>
      createProcessHandle({
        name: `${role}-${index + 1}`,
        role,
        env: { ...env, ...ground.clocks?.processes[index % 2 === 0 ? 0 : 1].env },
        armFolder,
      }),
    ),
  );
  await Promise.all(processes.map((one) => one.start()));

  return {
    ground,
    postgres,
    nats,
    proxies,
    processes,
    of: (...wanted) => processes.filter(({ role }) => wanted.includes(role)),
    pool,
    nc,
    clientNc,
    logFile,
    log,
    async heal() {
      await Promise.all([proxies.postgres.clear(), proxies.nats.clear()]);
      for (const one of processes) one.resume();
      await Promise.all(processes.map((one) => one.start()));
      await Promise.all(processes.map((one) => one.arm('')));
    },
    async close() {
      await Promise.all(processes.map((one) => one.kill()));
      await Promise.all([nc.close(), clientNc.close()]);
      await Promise.all([proxies.postgres.stop(), proxies.nats.stop()]);
      await pool.end();
      // On other ground it goes with its server.
      if (ground.kind === 'plain' || ground.kind === 'rivals') await server.query(`drop database ${name} with (force)`);
      await server.end();
      await ground.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
