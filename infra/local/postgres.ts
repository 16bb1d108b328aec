/** The database server: an embedded PostgreSQL of this home, or one by URL. */
import { mkdirSync } from 'node:fs';
import pg from 'pg';
import { openCluster } from '../postgres/cluster.ts';
import { childEnvironment } from './environment.ts';
import type { Home } from './home.ts';
import { DATABASE, setUpDatabase } from './roles.ts';
import type { Secrets } from './secrets.ts';
import type { ProcessSpec } from './supervisor.ts';

const settings = {
  max_connections: '200',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  // Short statements: compiling them takes longer than running them.
  jit: 'off',
  log_min_messages: 'warning',
  log_line_prefix: '%m [%p] %q%u@%d ',
};

/** Null when the server takes connections and statements. */
export async function databaseReadiness(url: string): Promise<string | null> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000, query_timeout: 2000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await client.end().catch(() => {});
  }
}

export interface Database {
  /** The superuser's URL of Atoll's database. */
  readonly adminUrl: string;
  /** The URL of one of Atoll's own roles. */
  roleUrl(role: string): string;
  /** Null for a server that runs without us. */
  readonly spec: ProcessSpec | null;
}

function urlOf(base: string, database: string, login?: { user: string; password: string }): string {
  const url = new URL(base);
  url.pathname = `/${database}`;
  if (login) {
    url.username = login.user;
    url.password = encodeURIComponent(login.password);
  }
  return url.href;
}

/** Uses the server at `url`, and sets up its database now. */
export async function externalDatabase(url: string, secrets: Secrets): Promise<Database> {
  try {
    await setUpDatabase(url, secrets);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The PostgreSQL of ATOLL_DATABASE_URL can't be used: ${reason}.`, { cause: error });
  }
  return {
    adminUrl: urlOf(url, DATABASE),
    roleUrl: (role) => urlOf(url, DATABASE, { user: role, password: secrets.password(role) }),
    spec: null,
  };
}

export function embeddedDatabase(home: Home, port: number, secrets: Secrets): Database {
  const password = secrets.password('postgres');
  const base = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
  return {
    adminUrl: urlOf(base, DATABASE),
    roleUrl: (role) => urlOf(base, DATABASE, { user: role, password: secrets.password(role) }),
    spec: {
      name: 'postgres',
      needs: [],
      async launch() {
        mkdirSync(home.postgres, { recursive: true, mode: 0o711 });
        const cluster = await openCluster(home.postgres, password);
        return {
          ...cluster.server(port, settings),
          cwd: home.postgres,
          env: childEnvironment({ LC_ALL: 'C' }),
          channel: false,
          bound: true,
        };
      },
      ready: () => databaseReadiness(base),
      prepare: () => setUpDatabase(base, secrets),
      // After kill -9 it refuses to start until the last of the killed server's processes is gone.
      firstAttempts: 8,
      // Fast: ends the connections and writes a checkpoint.
      stopSignal: 'SIGINT',
      stopGraceMs: 30_000,
    },
  };
}
