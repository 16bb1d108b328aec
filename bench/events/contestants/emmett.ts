/** The peer: Emmett on PostgreSQL (https://event-driven-io.github.io/emmett/), as its own documents say to use it. */
import { SQL } from '@event-driven-io/dumbo';
import { CommandHandler, type Event } from '@event-driven-io/emmett';
import {
  getPostgreSQLEventStore,
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

/** As its documents show a projection. (One that takes batches is given them event by event, too.) */
const accounts = postgreSQLRawSQLProjection<BankEvent>({
  name: 'accounts',
  canHandle: ['Opened', 'Moved'],
  evolve(event) {
    const { streamName } = (event as BankEvent & { metadata: { streamName: string } }).metadata;
    const [amount, moves] = event.type === 'Moved' ? [event.data.amount, 1] : [0, 0];
    return SQL`insert into accounts as a values (${streamName}, ${amount}, ${moves})
      on conflict (id) do update set balance = a.balance + excluded.balance, moves = a.moves + excluded.moves`;
  },
});

const tasks = {
  /** Everything that is stored; events a second. `batch` null: as it comes; else with no pause between the batches. */
  async rebuild({ batch }: { batch: number | null }): Promise<{ perSecond: number; totals: string }> {
    const other = new Pool({ connectionString: url, max: 1 });
    try {
      await createAccounts(other, 'accounts');
      await other.query('truncate accounts');
      // Otherwise the second one goes on where the first one ended.
      await other.query('delete from emt_processors');
      const { rows } = await other.query<{ count: string }>('select count(*) from emt_messages');
      const began = performance.now();
      const consumer = rebuildPostgreSQLProjections({
        connectionString: url,
        ...(batch === null ? {} : { pulling: { batchSize: batch, pullingFrequencyInMs: 1 } }),
        projections: [accounts],
      });
      await consumer.start();
      const perSecond = (Number(rows[0]?.count) * 1000) / (performance.now() - began);
      await consumer.close();
      return { perSecond, totals: await totals(other, 'accounts') };
    } finally {
      await other.end();
    }
  },

  async connections(count: number): Promise<void> {
    await store.close();
    if (!pool.ended) await pool.end();
    ({ store, pool } = openStore(count));
  },

  async fill({ kind, streams, length, atOnce = 100 }: Filling): Promise<void> {
    const one = async (n: number) => {
      const opened: Opened = { type: 'Opened', data: { owner: ownerOf(n) }, metadata };
      await store.appendToStream<BankEvent>(streamName('-', kind, n), [
        opened,
        ...Array.from({ length: length - 1 }, (_, k) => moved(k)),
      ]);
    };
    for (let n = 0; n < streams; n += atOnce) {
      await Promise.all(Array.from({ length: Math.min(atOnce, streams - n) }, (_, k) => one(n + k)));
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
