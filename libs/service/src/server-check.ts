/**
 * Whether a PostgreSQL server keeps what it acknowledges. Asked at the start, on every new connection (a server that
 * was started again may have other settings), and every few seconds (settings can change under open connections).
 */
import type { ClientBase, Pool } from 'pg';
import type { Logger } from 'pino';

/** The server's settings or version don't allow what Atoll promises. Nothing was asked of it. */
export class UnfitServer extends Error {
  override readonly name = 'UnfitServer';
}

const oldestVersion = 150_000;
const durable = ['fsync', 'full_page_writes', 'synchronous_commit'] as const;
const asked = [...durable, 'server_version_num', 'server_encoding'];

export interface Setting {
  readonly name: string;
  readonly setting: string;
  /** Where it was set, as pg_settings says it. */
  readonly source: string;
  readonly database: string;
  readonly role: string;
}

const sql = `select name, setting, source, current_database() as database, current_user as role
  from pg_settings where name = any($1)`;

/** What somebody has to do about a setting that is off. */
function remedy({ name, source, database, role }: Setting): string {
  switch (source) {
    case 'database':
      return `it is set for the database: alter database ${database} reset ${name}`;
    case 'user':
      return `it is set for the role: alter role ${role} reset ${name}`;
    case 'database user':
      return `it is set for the role in this database: alter role ${role} in database ${database} reset ${name}`;
    case 'global':
      return `it is set for all roles: alter role all reset ${name}`;
    case 'client':
    case 'environment variable':
      return 'it is set by this program’s own connection: take it out of the URL and of PGOPTIONS';
    default:
      return `set ${name} = on in the server's configuration and reload it`;
  }
}

/** Pure: everything that is wrong with a server. */
export function serverProblems(settings: readonly Setting[]): readonly string[] {
  const byName = new Map(settings.map((setting) => [setting.name, setting]));
  const problems = durable.flatMap((name) => {
    const setting = byName.get(name);
    if (setting === undefined) return [`it doesn't tell its ${name}: is it PostgreSQL?`];
    if (setting.setting !== 'off') return [];
    return [`${name} is off, and committed facts could be lost: set ${name} = on (${remedy(setting)})`];
  });
  const version = Number(byName.get('server_version_num')?.setting);
  if (!(version >= oldestVersion)) {
    problems.push(`its version is ${Math.floor(version / 10_000)}: use PostgreSQL 15 or newer`);
  }
  const encoding = byName.get('server_encoding');
  if (encoding?.setting !== 'UTF8') {
    problems.push(
      `the database ${encoding?.database} has the encoding ${encoding?.setting}, which can't hold every text: make it ` +
        `anew with create database … encoding 'UTF8' template template0`,
    );
  }
  return problems;
}

async function check(client: Pick<ClientBase, 'query'> | Pool): Promise<void> {
  const { rows } = await client.query<Setting>(sql, [asked]);
  const problems = serverProblems(rows);
  if (problems.length > 0) throw new UnfitServer(`This PostgreSQL server can't be used: ${problems.join('; ')}.`);
}

/**
 * Refuses (throws `UnfitServer`, saying what to set) a server older than 15, a database whose encoding isn't UTF8, and
 * fsync, full_page_writes or synchronous_commit off, wherever they were switched off.
 */
export const checkServer = (pool: Pool): Promise<void> => check(pool);

/** For `verify` of a pool: a new connection to an unfit server is never handed out. */
export function verifyServer(client: ClientBase, done: (error?: Error) => void): void {
  check(client).then(
    () => done(),
    (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
  );
}

const everyMs = 5000;

/**
 * Asks again every few seconds; `unfit` is called once, with the reason. What can't be asked is no answer: that is for
 * others to notice.
 */
export function watchServer(options: {
  pool: Pool;
  log: Logger;
  unfit: (error: UnfitServer) => void;
  everyMs?: number;
}): { stop(): void } {
  const { pool, log, unfit } = options;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  async function look(): Promise<void> {
    try {
      await checkServer(pool);
    } catch (error) {
      if (stopped) return;
      if (error instanceof UnfitServer) {
        stopped = true;
        unfit(error);
        return;
      }
      log.debug({ err: error }, 'the settings of the database could not be asked');
    }
    if (!stopped) timer = setTimeout(look, options.everyMs ?? everyMs);
  }
  timer = setTimeout(look, options.everyMs ?? everyMs);
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
