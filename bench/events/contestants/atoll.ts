/** This engine: appends and whole commands. */

import { engineMigrations } from '@atoll/events/migrations';
import { createEventStore, handleCommand } from '@atoll/events/store';
import { type BankEvent, bank, bankEvents } from '@atoll/events/testing/bank';
import { createLogger } from '@atoll/service/log';
import { createPool, migrate } from '@atoll/service/postgres';
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
  tenantOf,
  traceparent,
} from '../workload.ts';

const log = createLogger('bench');
const pool = createPool({ url: given('DATABASE_URL'), name: 'bench', max: 10, log });
await migrate({ pool, schema: 'deploy', folders: [engineMigrations], log });
const store = createEventStore({ pool, context: 'deploy', registry: bankEvents, log });
const originOf = (stream: number, tenants = 1) =>
  ({ tenant: tenantOf(stream, tenants), actor, cause: null, correlation, traceparent }) as const;

const tasks = {
  /** Makes streams: one append each. */
  async fill({ kind, streams, length }: Filling): Promise<void> {
    const one = async (n: number) => {
      const events: BankEvent[] = Array.from({ length: length - 1 }, (_, k) => ({ type: 'Moved', data: movedData(k) }));
      await store.append({
        stream: streamName(':', kind, n),
        expected: { kind: 'none' },
        events: [{ type: 'Opened', data: { owner: ownerOf(n) } }, ...events],
        claims: [],
        origin: originOf(n),
      });
    };
    for (let n = 0; n < streams; n += 100) {
      await Promise.all(Array.from({ length: Math.min(100, streams - n) }, (_, k) => one(n + k)));
    }
  },

  /** Of the process, in bytes. */
  memory: async (): Promise<number> => process.memoryUsage.rss(),

  append: ({ loop, set }: { loop: LoopSpec; set: StreamSet }): Promise<LoopOutcome> =>
    closedLoop(loop, async (n) => {
      const stream = streamOfTurn(n, set.streams);
      const outcome = await store.append({
        stream: streamName(':', set.kind, stream),
        expected: { kind: 'any' },
        events: [{ type: 'Moved', data: movedData(n) }],
        claims: [],
        origin: originOf(stream, set.tenants),
      });
      if (outcome.outcome !== 'appended') throw new Error(`An append ended as ${outcome.outcome}.`);
    }),

  /** Streams as they are stored: nothing is kept in memory. */
  load: ({ loop, set }: { loop: LoopSpec; set: StreamSet }): Promise<LoopOutcome> =>
    closedLoop(loop, async (n) => {
      const events = await store.readStream(streamName(':', set.kind, streamOfTurn(n, set.streams)));
      if (events.length === 0) throw new Error('A stream has no events.');
    }),

  command: ({ loop, set }: { loop: LoopSpec; set: StreamSet }): Promise<LoopOutcome> =>
    closedLoop(loop, async (n) => {
      const outcome = await handleCommand(store, {
        decider: bank,
        stream: streamName(':', set.kind, streamOfTurn(n, set.streams)),
        command: { kind: 'move', amount: (n % 200) + 1 },
        origin: originOf(0),
      });
      if (!outcome.ok) throw new Error(outcome.rejection.message);
    }),
};
export type Atoll = typeof tasks;

serve(tasks, async () => {
  await store.close();
  await pool.end();
});
