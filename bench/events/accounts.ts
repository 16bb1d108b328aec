/** A read model to keep: what each account has, and how often it was moved. */
import type { SqlProjection } from '@atoll/events/rebuild/sql-projection';
import type { EventRecord } from '@atoll/schema/envelope';
import type { Pool, PoolClient } from 'pg';

/** Rows that are changed all the time, and no index on what is changed: with room in its page a row stays there (HOT). */
export const createAccounts = (pool: Pool, table: string) =>
  pool.query(
    `create table if not exists ${table} (id text primary key, balance bigint not null, moves integer not null)
     with (fillfactor = 50)`,
  );

interface Change {
  balance: number;
  moves: number;
}

/** Folded per account first, then one statement, as a projection would be written that means to be fast. */
export async function applyToAccounts(tx: PoolClient, table: string, events: readonly EventRecord[]): Promise<void> {
  const changes = new Map<string, Change>();
  for (const { stream, type, data } of events) {
    const change = changes.get(stream) ?? { balance: 0, moves: 0 };
    changes.set(stream, change);
    if (type !== 'Moved') continue;
    change.balance += (data as { amount: number }).amount;
    change.moves += 1;
  }
  const rows = [...changes.values()];
  await tx.query({
    name: `accounts ${table}`,
    text: `insert into ${table} as a select * from unnest($1::text[], $2::bigint[], $3::integer[])
           on conflict (id) do update set balance = a.balance + excluded.balance, moves = a.moves + excluded.moves`,
    values: [[...changes.keys()], rows.map(({ balance }) => balance), rows.map(({ moves }) => moves)],
  });
}

/** The same, for a rebuild inside PostgreSQL. */
export const accountsProjection = (table: string): SqlProjection => ({
  types: ['Opened', 'Moved'],
  statements: [
    (events) => `insert into ${table} as a
      select stream, coalesce(sum((data ->> 'amount')::bigint), 0), count(*) filter (where type = 'Moved')
      from ${events} group by stream
      on conflict (id) do update set balance = a.balance + excluded.balance, moves = a.moves + excluded.moves`,
  ],
});

/** What must be the same whoever made it. */
export async function totals(pool: Pool, table: string): Promise<string> {
  const { rows } = await pool.query<{ accounts: string; balance: string; moves: string }>(
    `select count(*) accounts, coalesce(sum(balance), 0) balance, coalesce(sum(moves), 0) moves from ${table}`,
  );
  const [found] = rows;
  return `${found?.accounts} accounts, ${found?.balance} in ${found?.moves} moves`;
}
