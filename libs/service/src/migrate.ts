/** Forward-only migrations of one PostgreSQL schema. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import pg, { type Pool, type PoolClient } from 'pg';
import type { Logger } from 'pino';

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

const fileName = /^\d{4}_[a-z0-9_]+\.sql$/;
const lockTimeout = '60s';
/** A migration of much data takes as long as it takes: longer than the pool lets anything else be unanswered. */
const patient = { query_timeout: 86_400_000 };

async function readFolder(folder: URL): Promise<Migration[]> {
  // Without the slash the last part of the path would be taken for a file and dropped.
  const base = folder.href.endsWith('/') ? folder : new URL(`${folder.href}/`);
  const names = (await readdir(base)).filter((name) => name.endsWith('.sql')).sort();
  const wrong = names.filter((name) => !fileName.test(name));
  if (wrong.length > 0) throw new Error(`Migrations are named NNNN_name.sql: ${wrong.join(', ')} in ${base.pathname}`);
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, base), 'utf8');
      return { name: basename(name, '.sql'), sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function ledger(client: PoolClient, schema: string): Promise<Map<string, string>> {
  const quoted = pg.escapeIdentifier(schema);
  // CREATE SCHEMA asks for a right on the database even where there is nothing to do.
  const { rows } = await client.query<{ there: boolean }>('select to_regnamespace($1) is not null as there', [quoted]);
  if (!rows[0]?.there) await client.query(`create schema ${quoted}`);
  await client.query(
    `create table if not exists ${quoted}.schema_migration (
       name text primary key,
       checksum text not null,
       applied_at timestamptz not null default now()
     )`,
  );
  const applied = await client.query<{ name: string; checksum: string }>(
    `select name, checksum from ${quoted}.schema_migration`,
  );
  return new Map(applied.rows.map((row) => [row.name, row.checksum]));
}

/** What is still to be run, in order. Throws where database and files don't belong together. */
export function pending(
  schema: string,
  folders: readonly (readonly Migration[])[],
  applied: ReadonlyMap<string, string>,
): Migration[] {
  const files = folders.flat();
  const names = new Set(files.map((file) => file.name));
  if (names.size !== files.length) throw new Error(`Two migrations of ${schema} have the same name.`);
  const unknown = [...applied.keys()].filter((name) => !names.has(name)).sort();
  if (unknown.length > 0) {
    throw new Error(
      `The schema ${schema} of the database is at ${unknown.at(-1)}, made by a newer version of Atoll: this one knows ` +
        `nothing of ${unknown.join(', ')}. Update this program. Nothing was changed.`,
    );
  }
  const edited = files.filter((file) => applied.has(file.name) && applied.get(file.name) !== file.checksum);
  if (edited.length > 0) {
    throw new Error(
      `Migrations of ${schema} were edited after they were run: ${edited.map((file) => file.name).join(', ')}. ` +
        'Undo the edit and add a new migration instead.',
    );
  }
  for (const folder of folders) {
    const firstMissing = folder.findIndex((file) => !applied.has(file.name));
    const late = firstMissing < 0 ? undefined : folder.slice(firstMissing).find((file) => applied.has(file.name));
    if (late) {
      throw new Error(
        `${folder[firstMissing]?.name} of ${schema} comes before ${late.name}, which was run already. Give it a higher number.`,
      );
    }
  }
  return files.filter((file) => !applied.has(file.name));
}

/**
 * Runs the `NNNN_name.sql` files of `folders`, in order, that `<schema>.schema_migration` doesn't list yet: one
 * transaction each, under an advisory lock, search_path set to `schema`. Refuses a database that is newer than the
 * files, and a file that was edited after it was run (checksum).
 */
export async function migrate(options: {
  pool: Pool;
  schema: string;
  folders: readonly URL[];
  log: Logger;
}): Promise<void> {
  const { schema, log } = options;
  const folders = await Promise.all(options.folders.map(readFolder));
  const client = await options.pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(`set statement_timeout = 0; set lock_timeout = '${lockTimeout}'`);
    const turn = 'select pg_advisory_lock(hashtextextended($1, 0))';
    await client.query({ ...patient, text: turn, values: [`atoll migrate ${schema}`] });
    for (const migration of pending(schema, folders, await ledger(client, schema))) {
      log.info({ schema, migration: migration.name }, 'migrating');
      try {
        await client.query('begin');
        // `public` for the operators of extensions; nobody but its owner can create in it.
        await client.query(`set local search_path to ${pg.escapeIdentifier(schema)}, public`);
        await client.query({ ...patient, text: migration.sql });
        await client.query(
          `insert into ${pg.escapeIdentifier(schema)}.schema_migration (name, checksum) values ($1, $2)`,
          [migration.name, migration.checksum],
        );
        await client.query('commit');
      } catch (error) {
        throw new Error(
          `Migration ${migration.name} of ${schema} failed: ${error instanceof Error ? error.message : String(error)}`,
          { cause: error },
        );
      }
    }
  } catch (error) {
    broken = error instanceof Error ? error : new Error(String(error));
    throw broken;
  } finally {
    // The session goes with its settings and its lock: it must not come back from the pool with them.
    client.release(broken ?? true);
  }
}
