/** A fresh database with the read schema, and the role that queries run as. */
import { randomBytes } from 'node:crypto';
import { engineMigrations } from '@atoll/events/migrations';
import { createTestDatabase } from '@atoll/infra/testing/database';
import { createLogger } from '@atoll/service/log';
import { createPool, migrate } from '@atoll/service/postgres';
import type { Pool } from 'pg';
import { readMigrations, readSchema } from '../src/migrations.ts';

export const log = createLogger('test');
log.level = process.env.ATOLL_LOG_LEVEL ?? 'silent';

export interface ReadDatabase {
  /** Of the owner of the schema, who is no superuser: policies hold for it. */
  readonly owner: Pool;
  /** Of atoll_reader. */
  readonly reader: Pool;
  readonly superuser: Pool;
  readonly ownerUrl: string;
  readonly readerUrl: string;
  drop(): Promise<void>;
}

/** Roles belong to the whole server, and other test files make the same ones at the same time: whoever is first. */
async function role(pool: Pool, name: string, password: string, attributes: string): Promise<void> {
  const there = async () => ((await pool.query('select from pg_roles where rolname = $1', [name])).rowCount ?? 0) > 0;
  if (await there()) return;
  try {
    await pool.query(`create role ${name} login password '${password}' ${attributes}`);
  } catch (error) {
    if (!(await there())) throw error;
  }
}

export async function createReadDatabase(options: { readers?: number } = {}): Promise<ReadDatabase> {
  const database = await createTestDatabase();
  const superuser = createPool({ url: database.url, name: 'test-superuser', max: 2, log });
  const name = new URL(database.url).pathname.slice(1);
  // Its own per database: the reader's name is in the migrations, the owner's isn't.
  const ownerName = `owner_${randomBytes(6).toString('hex')}`;
  await role(superuser, ownerName, 'test', 'nosuperuser nobypassrls');
  await role(superuser, 'atoll_reader', 'test', 'nosuperuser nobypassrls');
  await superuser.query(`grant create on database ${name} to ${ownerName}`);
  const urlOf = (user: string) => {
    const url = new URL(database.url);
    url.username = user;
    url.password = 'test';
    return url.href;
  };
  const ownerUrl = urlOf(ownerName);
  const readerUrl = urlOf('atoll_reader');
  const owner = createPool({ url: ownerUrl, name: 'test-owner', max: 8, log });
  const reader = createPool({ url: readerUrl, name: 'test-reader', max: options.readers ?? 4, log });
  await migrate({ pool: owner, schema: readSchema, folders: [engineMigrations, readMigrations], log });
  return {
    owner,
    reader,
    superuser,
    ownerUrl,
    readerUrl,
    async drop() {
      await Promise.all([owner.end(), reader.end()]);
      await superuser.query(`reassign owned by ${ownerName} to current_user; drop owned by ${ownerName}`);
      await superuser.query(`drop role ${ownerName}`).catch(() => {});
      await superuser.end();
      await database.drop();
    },
  };
}
