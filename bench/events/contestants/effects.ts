/** A consumer in another process: keeps a read model from JetStream, and notes when each event's effect was committed. */
import { startConsumer } from '@atoll/events/consumer';
import { bankEvents } from '@atoll/events/testing/bank';
import { createLogger } from '@atoll/service/log';
import { connectNats } from '@atoll/service/nats';
import { createPool } from '@atoll/service/postgres';
import { applyToAccounts, createAccounts } from '../accounts.ts';
import { clock } from '../clock.ts';
import { given, serve } from '../contestant.ts';
import { sampleMemory } from '../memory.ts';

const log = createLogger('bench');
const pool = createPool({ url: given('DATABASE_URL'), name: 'effects', max: 5, log });
const nc = await connectNats({ url: given('NATS_URL'), name: 'effects', log });
const table = 'deploy.effects';
await createAccounts(pool, table);
let committed: number[] = [];
let memory = sampleMemory();

const consumer = await startConsumer({
  name: 'effects',
  source: { kind: 'stream', nc, context: 'deploy', registry: bankEvents },
  pool,
  schema: 'deploy',
  handler: {
    kind: 'project',
    apply: (tx, events) => applyToAccounts(tx, table, events),
    afterCommit(events) {
      const now = clock();
      for (const { position } of events) committed.push(position, now);
    },
  },
  log,
});

export interface Effects {
  /** Position of each event and when its effect was committed, in turns. */
  readonly committed: readonly number[];
  readonly memory: readonly number[];
}

const tasks = {
  /** What was committed since it was asked the last time, once it has reached `position`. */
  async take({ position }: { position: number }): Promise<Effects> {
    if (!(await consumer.waitFor(position, Date.now() + 120_000))) {
      throw new Error(`The consumer is at ${consumer.position()} of ${position}: ${consumer.problem()}`);
    }
    const taken = { committed, memory: memory.stop() };
    committed = [];
    memory = sampleMemory();
    return taken;
  },
};
export type EffectsTasks = typeof tasks;

serve(tasks, async () => {
  memory.stop();
  await consumer.stop();
  await nc.close();
  await pool.end();
});
