/** What a reservation can't be cheaper than: one event with one claim on one amount, appended by the engine alone. */
import { engineMigrations } from '@atoll/events/migrations';
import { createEventStore } from '@atoll/events/store';
import { bankEvents } from '@atoll/events/testing/bank';
import { PLATFORM } from '@atoll/schema/ids';
import { createLogger } from '@atoll/service/log';
import { createPool, migrate } from '@atoll/service/postgres';
import { closedLoop, type LoopOutcome, type LoopSpec } from '../events/closed-loop.ts';
import { given, serve } from '../events/contestant.ts';

const log = createLogger('bench');
const pool = createPool({ url: given('DATABASE_URL'), name: 'floor', max: 10, log });
await migrate({ pool, schema: 'deploy', folders: [engineMigrations], log });
const store = createEventStore({ pool, context: 'deploy', registry: bankEvents, log });
const origin = { tenant: PLATFORM, actor: 'user:bench', cause: null, correlation: 'bench', traceparent: null } as const;
let holders = 0;

const tasks = {
  async claims({ loop, keys }: { loop: LoopSpec; keys: number }): Promise<LoopOutcome> {
    return closedLoop(loop, async (n) => {
      holders += 1;
      const owner = `holder-${holders}`;
      const outcome = await store.append({
        stream: `account:${owner}`,
        expected: { kind: 'none' },
        events: [{ type: 'Opened', data: { owner } }],
        claims: [
          { op: 'take', kind: 'amount', set: 'quota', key: `key-${n % keys}`, owner, amount: 1, limit: 1_000_000_000 },
        ],
        origin,
        idempotency: { key: owner, request: owner },
      });
      if (outcome.outcome !== 'appended') throw new Error(outcome.outcome);
    });
  },
};
export type QuotaFloor = typeof tasks;

serve(tasks, async () => {
  await store.close();
  await pool.end();
});
