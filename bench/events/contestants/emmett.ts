/** The peer: Emmett on PostgreSQL (https://event-driven-io.github.io/emmett/), as its own documents say to use it. */
import { SQL } from '@event-driven-io/dumbo';
import { CommandHandler, type Event } from '@event-driven-io/emmett';
import {
  getPostgreSQLEventStore,
  postgreSQLRawBatchSQLProjection,
  postgreSQLRawSQLProjection,
  rebuildPostgreSQLProjections,
} from '@event-driven-io/emmett-postgresql';
import { Pool } from 'pg';
import { createAccounts, totals } from '../accounts.ts';
import { closedLoop, type LoopOutcome, type LoopSpec } from '../closed-loop.ts';
import { given, serve } from '../contestant.ts';
import {
  actor,
  correlation,
  type Filling,
  movedData,
  ownerOf,
  type StreamSet,
  streamName,
  streamOfTurn,
  traceparent,
} from '../workload.ts';

type Metadata = { tenant: string; actor: string; correlation: string; traceparent: string };
type Opened = Event<'Opened', { owner: string }, Metadata>;
type Moved = Event<'Moved', { amount: number; note: string }, Metadata>;
type BankEvent = Opened | Moved;

type State = { status: 'none' } | { status: 'open'; balance: number };

const url = given('DATABASE_URL');
const metadata: Metadata = { tenant: 'platform', actor, correlation, traceparent };

/** With the schema made beforehand: a session then has no check to make. */
function openStore(connections: number) {
  const pool = new Pool({ connectionString: url, max: connections });
  const store = getPostgreSQLEventStore(url, {
    connectionOptions: { pool },
    schema: { autoMigration: 'None' },
  });
  return { store, pool };
}
const made = getPostgreSQLEventStore(url);
await made.schema.migrate();
await made.close();
let { store, pool } = openStore(10);

const moved = (n: number): Moved => ({ type: 'Moved', data: movedData(n), metadata });

const handle = CommandHandler<State, BankEvent>({
  initialState: () => ({ status: 'none' }),
  evolve(state, { type, data }) {
    if (type === 'Opened') return { status: 'open', balance: 0 };
    return state.status === 'open' ? { status: 'open', balance: state.balance + data.amount } : state;
  },
});

/** As its documents show a projection: the SQL of each event. */
const accountsByEvent = postgreSQLRawSQLProjection<BankEvent>({
  name: 'accounts-by-event',
  canHandle: ['Opened', 'Moved'],
  evolve(event) {
    const { streamName } = (event as BankEvent & { metadata: { streamName: string } }).metadata;
    const [amount, moves] = event.type === 'Moved' ? [event.data.amount, 1] : [0, 0];
    return SQL`insert into accounts as a values (${streamName}, ${amount}, ${moves})
      on conflict (id) do update set balance = a.balance + excluded.balance, moves = a.moves + excluded.moves`;
  },
});

/** Folded per batch and written by one statement: as fast as its interface lets a projection be. */
const accounts = postgreSQLRawBatchSQLProjection<BankEvent>({
  name: 'accounts',
  canHandle: ['Opened', 'Moved'],
  evolve(events) {
    const changes = new Map<string, { id: string; balance: number; moves: number }>();
    for (const event of events) {
      const id = (event as BankEvent & { metadata: { streamName: string } }).metadata.streamName;
      const change = changes.get(id) ?? { id, balance: 0, moves: 0 };
      changes.set(id, change);
      if (event.type !== 'Moved') continue;
      change.balance += event.data.amount;
      change.moves += 1;
    }
    return [
      SQL`insert into accounts as a
          select * from jsonb_to_recordset(${JSON.stringify([...changes.values()])}::jsonb)
            as c (id text, balance bigint, moves integer)
          on conflict (id) do update set balance = a.balance + excluded.balance, moves = a.moves + excluded.moves`,
    ];
  },
});

const tasks = {
  /** Everything that is stored; events a second. `batch` null: as it comes, event by event. */
  async rebuild({ batch }: { batch: number | null }): Promise<{ perSecond: number; totals: string }> {
    const reading = new Pool({ connectionString: url, max: 1 });
    await createAccounts(reading, 'accounts');
    await reading.query('truncate accounts');
    const { rows } = await reading.query<{ count: string }>('select count(*) from emt_messages');
    const began = performance.now();
    const consumer = rebuildPostgreSQLProjections({
      connectionString: url,
      ...(batch === null ? {} : { pulling: { batchSize: batch } }),
      projections: [batch === null ? accountsByEvent : accounts],
    });
    await consumer.start();
    await consumer.close();
    const perSecond = (Number(rows[0]?.count) * 1000) / (performance.now() - began);
    const made = await totals(reading, 'accounts');
    await reading.end();
    return { perSecond, totals: made };
  },

  async connections(count: number): Promise<void> {
    await store.close();
    if (!pool.ended) await pool.end();
    ({ store, pool } = openStore(count));
  },

  async fill({ kind, streams, length }: Filling): Promise<void> {
    const one = async (n: number) => {
      const opened: Opened = { type: 'Opened', data: { owner: ownerOf(n) }, metadata };
      await store.appendToStream<BankEvent>(streamName('-', kind, n), [
        opened,
        ...Array.from({ length: length - 1 }, (_, k) => moved(k)),
      ]);
    };
    for (let n = 0; n < streams; n += 100) {
      await Promise.all(Array.from({ length: Math.min(100, streams - n) }, (_, k) => one(n + k)));
    }
  },

  append: ({ loop, set }: { loop: LoopSpec; set: StreamSet }): Promise<LoopOutcome> =>
    closedLoop(loop, (n) =>
      store.appendToStream<BankEvent>(streamName('-', set.kind, streamOfTurn(n, set.streams)), [moved(n)]),
    ),

  command: ({ loop, set }: { loop: LoopSpec; set: StreamSet }): Promise<LoopOutcome> =>
    closedLoop(loop, (n) =>
      handle(store, streamName('-', set.kind, streamOfTurn(n, set.streams)), (state) => {
        if (state.status === 'none') throw new Error('There is no such account.');
        return moved(n);
      }),
    ),
};
export type Emmett = typeof tasks;

serve(tasks, async () => {
  await store.close();
  if (!pool.ended) await pool.end();
});
