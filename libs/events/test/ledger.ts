/** A projection for the tests of rebuilds: balances of accounts, folded in memory or by SQL, and many events at once. */
import type { EventRecord } from '@atoll/schema/envelope';
import type { Pool, PoolClient } from 'pg';
import type { ConsumerHandler } from '../src/consume/consumer-handler.ts';
import type { RebuildableProjection } from '../src/rebuild/rebuildable.ts';
import { applyGiven, type SqlProjection } from '../src/rebuild/sql-projection.ts';

export const ledgerTable = `
  create table deploy.ledger (
    account text collate "C" primary key,
    owner text not null default '',
    balance bigint not null default 0,
    moves integer not null default 0,
    last_position bigint not null,
    constraint ledger_moves_not_negative check (moves >= 0)
  );
  create index ledger_by_owner on deploy.ledger (owner, account);
  create index ledger_rich on deploy.ledger (balance) where balance > 1000;
  comment on table deploy.ledger is 'What is in each account.';
  alter table deploy.ledger enable row level security;
  alter table deploy.ledger force row level security;
  create policy everybody on deploy.ledger for select using (account <> 'hidden');
  create policy owner on deploy.ledger to current_user using (true) with check (true);
  grant select on deploy.ledger to public;`;

interface LedgerChange {
  owner: string;
  balance: number;
  moves: number;
  last_position: number;
}

/** Reads only what the events say: the fold of a batch, and one statement for it. */
export async function foldLedger(tx: PoolClient, events: readonly EventRecord[]): Promise<void> {
  const changes = new Map<string, LedgerChange>();
  for (const { stream, type, data, position } of events) {
    const change = changes.get(stream) ?? { owner: '', balance: 0, moves: 0, last_position: 0 };
    changes.set(stream, change);
    change.last_position = position;
    if (type === 'Opened') change.owner = (data as { owner: string }).owner;
    if (type === 'Moved') {
      change.balance += (data as { amount: number }).amount;
      change.moves += 1;
    }
  }
  await tx.query({
    name: 'ledger-fold',
    text: `
      insert into ledger as l (account, owner, balance, moves, last_position)
      select account, owner, balance, moves, last_position from jsonb_to_recordset($1) as c
        (account text, owner text, balance bigint, moves integer, last_position bigint)
      on conflict (account) do update set
        owner = case when excluded.owner = '' then l.owner else excluded.owner end,
        balance = l.balance + excluded.balance,
        moves = l.moves + excluded.moves,
        last_position = excluded.last_position`,
    values: [JSON.stringify([...changes].map(([account, change]) => ({ account, ...change })))],
  });
}

export const ledgerSql: SqlProjection = {
  types: ['Opened', 'Moved'],
  columns: ['position', 'type', 'stream', 'data'],
  statements: [
    (events) => `
      insert into ledger as l (account, owner, balance, moves, last_position)
      select stream,
        coalesce(max(data ->> 'owner') filter (where type = 'Opened'), ''),
        coalesce(sum((data ->> 'amount')::bigint) filter (where type = 'Moved'), 0),
        count(*) filter (where type = 'Moved'),
        max(position)
      from ${events} group by stream
      on conflict (account) do update set
        owner = case when excluded.owner = '' then l.owner else excluded.owner end,
        balance = l.balance + excluded.balance,
        moves = l.moves + excluded.moves,
        last_position = excluded.last_position`,
  ],
};

export const effects = {
  fold: { kind: 'fold', apply: foldLedger },
  sql: { kind: 'sql', projection: ledgerSql },
} as const satisfies Record<string, RebuildableProjection['effect']>;

export const liveHandler = (kind: keyof typeof effects): ConsumerHandler => ({
  kind: 'project',
  apply: kind === 'sql' ? applyGiven(ledgerSql) : foldLedger,
});

/** `accounts` are opened, then moved in turn, until there are `count` more events. Times rise by a millisecond. */
export async function fillLog(pool: Pool, count: number, accounts: number): Promise<void> {
  await pool.query(
    `with head as (select coalesce(max(position), 0) as position from deploy.event),
       given as (
         select head.position + g as position, (g - 1) % $2 as account, (g - 1) / $2 + 1 as version
         from head, generate_series(1, $1::bigint) g
       )
     insert into deploy.event
     select position, 'evt_' || lpad(position::text, 26, '0'), case version when 1 then 'Opened' else 'Moved' end, 1,
       'platform', 'account:' || (select position from head) || '-' || account, version,
       '2026-11-23T00:00:00Z'::timestamptz + position * interval '1 ms', 'user:test', null, 'test', null,
       case version when 1 then jsonb_build_object('owner', 'owner-' || account)
         else jsonb_build_object('amount', (position * 7919) % 1000 - 300) end
     from given`,
    [count, accounts],
  );
}

/** The rows, in the order of the key: what must be equal. */
export async function ledgerRows(pool: Pool, table = 'deploy.ledger'): Promise<string> {
  const { rows } = await pool.query<{ digest: string; n: number }>(
    `select count(*)::int as n, md5(string_agg(t::text, E'\\n' order by account)) as digest from ${table} t`,
  );
  return `${rows[0]?.n} rows, ${rows[0]?.digest}`;
}
