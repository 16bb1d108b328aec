/** The way to the database: of the platform that runs on a home, or by URL; and which schemas in it have an engine. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createLogger } from '@atoll/service/log';
import { createPool, isConnectionError } from '@atoll/service/postgres';
import type { Command } from 'commander';
import type { Pool } from 'pg';
import { z } from 'zod';
import { CommandFailure, exits } from './failure.ts';

export interface Target {
  readonly pool: Pool;
  /** Those with the engine's tables that the role may read, by name. */
  readonly schemas: readonly string[];
}

const readySchema = z.object({ databaseUrl: z.string() });

function databaseUrl(options: { home: string; databaseUrl?: string }): string {
  // Not an option's default: help shows these, and a URL has a password in it.
  const given = options.databaseUrl ?? process.env.ATOLL_DATABASE_URL;
  if (given) return given;
  const file = join(resolve(options.home), 'ready.json');
  // The second: where only the database runs.
  for (const path of [file, join(resolve(options.home), 'database.json')]) {
    try {
      return readySchema.parse(JSON.parse(readFileSync(path, 'utf8'))).databaseUrl;
    } catch {
      // The next one, or none.
    }
  }
  throw new CommandFailure(
    `The platform doesn't run on ${options.home}: there is no ${file}. Start it with \`npm start\`, name its home ` +
      'with --home, or give the URL of a database with --database-url.',
    exits.unavailable,
  );
}

const schemasSql = `
  select n.nspname as name,
    exists(
      select from pg_attribute a
      where a.attrelid = c.oid and a.attname = 'retry_at' and not a.attisdropped
    ) as current
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relname = 'parked_event' and c.relkind = 'r'
    and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
  order by n.nspname`;

async function connect(url: string): Promise<{ target: Target; close(): Promise<void> }> {
  const log = createLogger('events-command');
  log.level = 'silent';
  let pool: Pool;
  try {
    pool = createPool({ url, name: 'events-command', max: 2, log });
  } catch (error) {
    throw new CommandFailure(`--database-url is no URL of a PostgreSQL: ${messageOf(error)}`, exits.usage);
  }
  try {
    const { rows } = await pool.query<{ name: string; current: boolean }>(schemasSql);
    const old = rows.filter(({ current }) => !current).map(({ name }) => name);
    if (old.length > 0) {
      throw new CommandFailure(
        `The schema ${old.join(', ')} is older than this command. Start its services of this version first: they bring ` +
          'it up to date.',
      );
    }
    if (rows.length === 0) {
      throw new CommandFailure('There is no event store in this database that this role may read.');
    }
    return { target: { pool, schemas: rows.map(({ name }) => name) }, close: () => pool.end() };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Runs an action of a command against the database that the options name, and closes the connection after it. */
export async function onTarget(command: Command, work: (target: Target) => Promise<void>): Promise<void> {
  const url = databaseUrl(command.optsWithGlobals());
  try {
    const { target, close } = await connect(url);
    try {
      await work(target);
    } finally {
      await close();
    }
  } catch (error) {
    if (!isConnectionError(error)) throw error;
    throw new CommandFailure(
      `The database can't be reached: ${messageOf(error)}. Does the platform run? (\`npm start\`)`,
      exits.unavailable,
    );
  }
}
