/** The peer: Emmett on PostgreSQL (https://event-driven-io.github.io/emmett/), as its own documents say to use it. */
import { CommandHandler, type Event } from '@event-driven-io/emmett';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import { Pool } from 'pg';
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

const tasks = {
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
