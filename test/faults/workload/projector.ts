/**
 * Keeps the read models: sums that are added to, so that an event applied twice or never shows in them, and a record of
 * every application, in its order.
 */
import { type ConsumerHandler, startConsumer } from '@atoll/events/consumer';
import { startRebuilds } from '@atoll/events/rebuild';
import type { EventRecord } from '@atoll/schema/envelope';
import type { EventRegistry } from '@atoll/schema/registry';
import type { PoolClient } from 'pg';
import { type AccountEvent, accountEvents } from './account.ts';
import { ledgerEvents } from './ledger.ts';
import { ACCOUNTS, LEDGER, READ, type RoleContext } from './role.ts';

/** Run once by the bed, behind the engine's own migrations of the schema. */
export const readTables = `
  create table ${READ}.sum (model text, stream text, amount bigint not null, events bigint not null, primary key (model, stream));
  create table ${READ}.applied (model text, position bigint, event_id text);
  create table ${READ}.poison (works boolean);
  insert into ${READ}.poison values (true);
`;

const amountOf = ({ data }: EventRecord): number => {
  const { amount } = data as { amount?: number };
  return amount ?? 0;
};

async function refusePoison(tx: PoolClient, events: readonly EventRecord[]): Promise<void> {
  const isPoison = ({ type, data }: EventRecord & AccountEvent) => type === 'Moved' && data.poison;
  if (!events.some((event) => isPoison(event as EventRecord & AccountEvent))) return;
  const { rows } = await tx.query<{ works: boolean }>(`select works from ${READ}.poison`);
  if (!rows[0]?.works) throw new Error('This event is poison at the moment.');
}

/** `schema`: a prefix; without it the tables of a rebuild are found by the search path. */
async function add(tx: PoolClient, schema: `${typeof READ}.` | '', events: readonly EventRecord[]): Promise<void> {
  await refusePoison(tx, events);
  const models = events.map(({ context }) => context);
  await tx.query(
    `insert into ${schema}sum as s (model, stream, amount, events)
      select model, stream, sum(amount), count(*)
      from unnest($1::text[], $2::text[], $3::bigint[]) as e (model, stream, amount) group by model, stream
      on conflict (model, stream) do update
        set amount = s.amount + excluded.amount, events = s.events + excluded.events`,
    [models, events.map(({ stream }) => stream), events.map(amountOf)],
  );
  await tx.query(
    `insert into ${schema}applied (model, position, event_id) select * from unnest($1::text[], $2::bigint[], $3::text[])`,
    [models, events.map(({ position }) => position), events.map(({ id }) => id)],
  );
}

/** What the read models are called by where a rebuild of them is asked for. */
export const MODELS = 'models';

export async function runProjector({ pool, nc, log, onStop }: RoleContext): Promise<void> {
  const registries: readonly (readonly [typeof ACCOUNTS | typeof LEDGER, EventRegistry])[] = [
    [ACCOUNTS, accountEvents],
    [LEDGER, ledgerEvents],
  ];
  const sources = registries.map(([context, registry]) => ({
    consumer: context,
    source: { kind: 'stream', nc, context, registry } as const,
  }));
  const handler: ConsumerHandler = { kind: 'project', apply: (tx, events) => add(tx, `${READ}.`, events) };
  for (const { consumer: name, source } of sources) {
    const consumer = await startConsumer({ name, source, pool, schema: READ, handler, log });
    onStop(`consumer of ${name}`, () => consumer.stop());
  }
  const rebuilds = await startRebuilds({
    pool,
    schema: READ,
    projections: [
      {
        name: MODELS,
        revision: 1,
        tables: ['sum', 'applied'],
        sources,
        effect: { kind: 'fold', apply: (tx, events) => add(tx, '', events) },
      },
    ],
    log,
  });
  onStop('rebuilds', () => rebuilds.stop());
}
