/** This engine's consumer: keeps a read model, effect and checkpoint in one transaction. */
import { startConsumer } from '@atoll/events/consumer';
import { createEventStore } from '@atoll/events/store';
import { bankEvents } from '@atoll/events/testing/bank';
import { createLogger } from '@atoll/service/log';
import { connectNats } from '@atoll/service/nats';
import { createPool } from '@atoll/service/postgres';
import { applyToAccounts, createAccounts, totals } from '../accounts.ts';
import { given, serve } from '../contestant.ts';

const log = createLogger('bench');
const pool = createPool({ url: given('DATABASE_URL'), name: 'bench', max: 5, log });
const nc = await connectNats({ url: given('NATS_URL'), name: 'consumer', log });
const store = createEventStore({ pool, context: 'deploy', registry: bankEvents, log });
const sources = {
  stream: { kind: 'stream', nc, context: 'deploy', registry: bankEvents },
  store: { kind: 'store', store },
} as const;
let runs = 0;

export interface Consumed {
  readonly perSecond: number;
  readonly totals: string;
  readonly rss: number;
}

const tasks = {
  /** A new consumer, from the first event to the last; events a second. */
  async consume({ last, from }: { last: number; from: keyof typeof sources }): Promise<Consumed> {
    runs += 1;
    const table = `deploy.live_${runs}`;
    await createAccounts(pool, table);
    const began = performance.now();
    const consumer = await startConsumer({
      name: `live-${runs}`,
      source: sources[from],
      pool,
      schema: 'deploy',
      handler: { kind: 'project', apply: (tx, events) => applyToAccounts(tx, table, events) },
      log,
    });
    try {
      if (!(await consumer.waitFor(last, Date.now() + 300_000))) {
        throw new Error(`The consumer is at ${consumer.position()} of ${last}: ${consumer.problem()}`);
      }
      const perSecond = (last * 1000) / (performance.now() - began);
      return { perSecond, totals: await totals(pool, table), rss: process.memoryUsage.rss() };
    } finally {
      await consumer.stop();
    }
  },
};
export type Consume = typeof tasks;

serve(tasks, async () => {
  await store.close();
  await nc.close();
  await pool.end();
});
