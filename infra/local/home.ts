/** The folder with all state of a local platform, and where in it what is. */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface Home {
  readonly path: string;
  /** Names what this home has outside of its folder: namespaces, the folder of sockets. 8 hex digits of its path. */
  readonly short: string;
  /** Sockets and what lasts no longer than the machine runs: paths of sockets must stay below 108 characters. */
  readonly runDir: string;
  readonly lock: string;
  readonly children: string;
  readonly secrets: string;
  readonly ports: string;
  readonly nodes: string;
  readonly issuerKey: string;
  /** Keys, users and clients of the issuer that people log in at. */
  readonly login: string;
  /** The key that signs the ends of the tenants' logs, and those that were signed. */
  readonly logKey: string;
  readonly logHeads: string;
  readonly dataKeys: string;
  readonly ready: string;
  /** The way to the database, while nothing else runs. */
  readonly database: string;
  readonly logs: string;
  readonly postgres: string;
  readonly nats: string;
  readonly registry: string;
  readonly docker: string;
  readonly traces: string;
  nodeState(name: string): string;
}

/** Shows that a folder is a home, and may be emptied by --reset. */
const marker = 'ATOLL_HOME';
const markerText = 'State of a local Atoll platform. Made by `npm start`; see docs/operations.md.\n';

export const isHome = (folder: string): boolean => existsSync(join(folder, marker));

export function openHome(folder: string): Home {
  const wanted = resolve(folder);
  const fresh = !existsSync(wanted) || readdirSync(wanted).length === 0;
  if (!fresh && !isHome(wanted)) {
    throw new Error(`${wanted} has files in it and is no home of Atoll. Give another folder with --home.`);
  }
  mkdirSync(wanted, { recursive: true });
  // As root, PostgreSQL runs as another user and must pass through; whatever is secret in it is 0600 by itself.
  chmodSync(wanted, process.getuid?.() === 0 ? 0o711 : 0o700);
  writeFileSync(join(wanted, marker), markerText);

  const path = realpathSync(wanted);
  const short = createHash('sha256').update(path).digest('hex').slice(0, 8);
  const root = process.getuid?.() === 0;
  const home: Home = {
    path,
    short,
    runDir: root && process.platform === 'linux' ? `/run/atoll-${short}` : join(path, 'run'),
    lock: join(path, 'lock.json'),
    children: join(path, 'children.json'),
    secrets: join(path, 'secrets.json'),
    ports: join(path, 'ports.json'),
    nodes: join(path, 'nodes.json'),
    issuerKey: join(path, 'issuer.jwk.json'),
    login: join(path, 'login.json'),
    logKey: join(path, 'log.jwk.json'),
    logHeads: join(path, 'log-heads.jsonl'),
    dataKeys: join(path, 'data-keys.json'),
    ready: join(path, 'ready.json'),
    database: join(path, 'database.json'),
    logs: join(path, 'logs'),
    postgres: join(path, 'postgres'),
    nats: join(path, 'nats'),
    registry: join(path, 'registry'),
    docker: join(path, 'docker'),
    traces: join(path, 'traces'),
    nodeState: (name) => join(path, 'nodes', name),
  };
  makeFolders(home);
  return home;
}

function makeFolders(home: Home): void {
  for (const folder of [home.logs, home.nats, home.registry, home.docker, home.traces, home.runDir]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
}

/** Throws away all state but the lock, which the caller holds. */
export function emptyHome(home: Home): void {
  for (const entry of readdirSync(home.path)) {
    const path = join(home.path, entry);
    if (entry !== marker && path !== home.lock) rmSync(path, { recursive: true, force: true });
  }
  makeFolders(home);
}
