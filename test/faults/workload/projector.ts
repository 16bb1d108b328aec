/**
 * Keeps the read models: sums that are added to, so that an event applied twice or never shows in them, and a record of
 * every application, in its order.
 */
import { type ConsumerHandler, startConsumer } from '@atoll/events/consumer';
import type { EventRecord } from '@atoll/schema/envelope';
import type { EventRegistry } from '@atoll/schema/registry';
import type { PoolClient } from 'pg';
import { type AccountEvent, accountEvents } from './account.ts';
import { ledgerEvents } from './ledger.ts';
import { ACCOUNTS, LEDGER, READ, type RoleContext } from './role.ts';

/** Run once by the bed, behind the engine's own migrations of the schema. */
export const readTables = `
  create table ${READ}.sum (model text, stream text, amount bigint not null, events bigint not null, primary key (model, stream));
  create table ${READ}.applied (n bigserial, model text, position bigint, event_id text, parked boolean);
  create table ${READ}.poison (works boolean);
  insert into ${READ}.poison values (false);
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

const projecting = (model: string): ConsumerHandler => ({
  kind: 'project',
  async apply(tx, events) {
    await refusePoison(tx, events);
    await tx.query(
      `insert into ${READ}.sum (model, stream, amount, events)
        select $1, stream, sum(amount), count(*) from unnest($2::text[], $3::bigint[]) as e (stream, amount) group by stream
        on conflict (model, stream) do update
          set amount = sum.amount + excluded.amount, events = sum.events + excluded.events`,
      [model, events.map(({ stream }) => stream), events.map(amountOf)],
    );
    await tx.query(
      `insert into ${READ}.applied (model, position, event_id) select $1, * from unnest($2::bigint[], $3::text[])`,
      [model, events.map(({ position }) => position), events.map(({ id }) => id)],
    );
  },
});

export async function runProjector({ pool, nc, log, onStop }: RoleContext): Promise<void> {
  const sources: readonly (readonly [typeof ACCOUNTS | typeof LEDGER, EventRegistry])[] = [
    [ACCOUNTS, accountEvents],
    [LEDGER, ledgerEvents],
  ];
  for (const [context, registry] of sources) {
    const source = { kind: 'stream', nc, context, registry } as const;
    const consumer = await startConsumer({
      name: context,
      source,
      pool,
      schema: READ,
      handler: projecting(context),
      log,
    });
    onStop(`consumer of ${context}`, () => consumer.stop());
  }
}
