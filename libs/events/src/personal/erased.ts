/**
 * Tombstones: who is erased. Kept beside backups, so that what a restored database has brought back can be destroyed
 * again before anything reads it.
 */
import { newId } from '@atoll/service/ids';
import type { Pool } from 'pg';
import { z } from 'zod';
import { quoteSchema } from '../database/sql.ts';

export const tombstone = z.strictObject({
  schema: z.string(),
  tenant: z.string(),
  subject: z.string(),
  erasedAt: z.iso.datetime(),
});
export type Tombstone = z.infer<typeof tombstone>;

const PAGE = 1000;

/** In pages, by the ids of the keys. */
export async function* readTombstones(pool: Pool, schema: string): AsyncGenerator<readonly Tombstone[]> {
  for (let after = ''; ; ) {
    const { rows } = await pool.query<{ id: string; tenant: string; subject: string; destroyed_at: Date }>(
      `select id, tenant, subject, destroyed_at from ${quoteSchema(schema)}.subject_key
        where destroyed_at is not null and id > $1 order by id limit $2`,
      [after, PAGE],
    );
    const last = rows.at(-1);
    if (!last) return;
    after = last.id;
    yield rows.map(({ tenant, subject, destroyed_at }) => ({
      ...{ schema, tenant, subject },
      erasedAt: destroyed_at.toISOString(),
    }));
  }
}

/** How many of them were readable again. Only for a restored database whose services don't run yet. */
export async function buryAgain(pool: Pool, schema: string, tombstones: readonly Tombstone[]): Promise<number> {
  let buried = 0;
  for (const { tenant, subject, erasedAt } of tombstones) {
    const { rowCount } = await pool.query(
      `insert into ${quoteSchema(schema)}.subject_key as k (id, tenant, subject, wrapped, destroyed_at)
        values ($1, $2, $3, null, $4)
        on conflict (tenant, subject) do update set wrapped = null, destroyed_at = excluded.destroyed_at
          where k.wrapped is not null`,
      [newId('dataKey'), tenant, subject, erasedAt],
    );
    buried += rowCount ?? 0;
  }
  return buried;
}

/** Subjects of the tenant whose data can still be read. */
export async function readLiveSubjects(
  pool: Pool,
  schema: string,
  tenant: string,
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ subject: string }>(
    `select subject from ${quoteSchema(schema)}.subject_key
      where tenant = $1 and wrapped is not null order by subject limit $2`,
    [tenant, limit],
  );
  return rows.map(({ subject }) => subject);
}
