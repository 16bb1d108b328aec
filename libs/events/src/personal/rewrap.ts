/** Wraps all data keys of a context with the current master key, so that an older one can be thrown away. */
import type { MasterKeys } from '@atoll/service/master-keys';
import type { Pool } from 'pg';
import { quoteSchema } from '../database/sql.ts';
import { masterOf, unwrap, wrap } from './data-keys.ts';

const PAGE = 500;

interface KeyRow {
  readonly id: string;
  readonly tenant: string;
  readonly subject: string;
  readonly wrapped: string;
}

export interface Rewrapped {
  readonly rewrapped: number;
  /** Keys that couldn't be opened, and why: they stay as they are. */
  readonly broken: readonly { readonly id: string; readonly reason: string }[];
}

/** Can be ended at any time and begun again; services may run meanwhile. */
export async function rewrapKeys(options: {
  pool: Pool;
  schema: string;
  masters: MasterKeys;
  page?: number;
}): Promise<Rewrapped> {
  const { pool, schema, masters } = options;
  const table = `${quoteSchema(schema)}.subject_key`;
  const current = masters.current().id;
  const broken: { id: string; reason: string }[] = [];
  let rewrapped = 0;
  let after = '';
  for (;;) {
    const { rows } = await pool.query<KeyRow>(
      `select id, tenant, subject, wrapped from ${table} where id > $1 and wrapped is not null order by id limit $2`,
      [after, options.page ?? PAGE],
    );
    for (const row of rows) {
      after = row.id;
      if (masterOf(row.wrapped) === current) continue;
      const key = unwrap(masters, schema, row);
      if (key.status === 'live') {
        // Not over a tombstone that was set meanwhile.
        const { rowCount } = await pool.query(`update ${table} set wrapped = $3 where id = $1 and wrapped = $2`, [
          row.id,
          row.wrapped,
          wrap(masters, schema, row, key.key),
        ]);
        key.key.fill(0);
        rewrapped += rowCount ?? 0;
      } else if (key.status === 'broken') broken.push({ id: row.id, reason: key.reason });
    }
    if (rows.length === 0) return { rewrapped, broken };
  }
}

/** How many keys are wrapped by which master key; a key of the file that isn't among them can be thrown away. */
export async function keysByMaster(pool: Pool, schema: string): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ master: string; keys: number }>(
    `select split_part(wrapped, '.', 2) as master, count(*)::integer as keys from ${quoteSchema(schema)}.subject_key
      where wrapped is not null group by 1 order by 1`,
  );
  return new Map(rows.map(({ master, keys }) => [master, keys]));
}
