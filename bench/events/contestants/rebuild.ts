/**
 * This engine's rebuild: a new version of the read model beside the live one, switched when it has caught up. In its two
 * kinds: SQL over sets of events inside PostgreSQL, and a fold in this process.
 */
import { type Consumer, startConsumer } from '@atoll/events/consumer';
import { startRebuilds } from '@atoll/events/rebuild';
import type { RebuildableProjection } from '@atoll/events/rebuild/rebuildable';
import { listProjections, requestRebuild } from '@atoll/events/rebuild/rows';
import { applyGiven } from '@atoll/events/rebuild/sql-projection';
import { createEventStore } from '@atoll/events/store';
import { bankEvents } from '@atoll/events/testing/bank';
import { createLogger } from '@atoll/service/log';
import { createPool } from '@atoll/service/postgres';
import { accountsProjection, applyToAccounts, createAccounts, totals } from '../accounts.ts';
import { given, serve } from '../contestant.ts';
import { sampleMemory } from '../memory.ts';

const LOOK_MS = 20;
const MAX_MS = 1_200_000;

const log = createLogger('bench');
const pool = createPool({ url: given('DATABASE_URL'), name: 'bench', max: 6, log });
const store = createEventStore({ pool, context: 'deploy', registry: bankEvents, log });
const source = { kind: 'store', store } as const;
const where = { pool, schema: 'deploy' };

const kinds = ['sql', 'fold'] as const;
export type Kind = (typeof kinds)[number];
const tableOf = (kind: Kind) => `accounts_${kind}`;
const projectionOf = (kind: Kind): RebuildableProjection => ({
  name: kind,
  revision: 1,
  tables: [tableOf(kind)],
  sources: [{ consumer: kind, source }],
  effect:
    kind === 'sql'
      ? { kind, projection: accountsProjection(tableOf(kind)) }
      : { kind, apply: (tx, events) => applyToAccounts(tx, tableOf(kind), events) },
});

for (const kind of kinds) await createAccounts(pool, `deploy.${tableOf(kind)}`);

/** The live ones; tables are named without schema, as in a rebuild. */
const startLive = (kind: Kind): Promise<Consumer> =>
  startConsumer({
    name: kind,
    source,
    pool,
    schema: 'deploy',
    handler: {
      kind: 'project',
      async apply(tx, events) {
        await tx.query('set local search_path to deploy');
        if (kind === 'fold') await applyToAccounts(tx, tableOf(kind), events);
        else await applyGiven(accountsProjection(tableOf(kind)))(tx, events);
      },
    },
    log,
  });
const live = new Map<Kind, Consumer>();

const rebuilds = await startRebuilds({ pool, schema: 'deploy', projections: kinds.map(projectionOf), log });

export interface Rebuilt {
  readonly perSecond: number;
  readonly totals: string;
  readonly memory: readonly number[];
}

const tasks = {
  /** From the first event to the last, as a live consumer of the own store; events a second. */
  async catchUp({ kind }: { kind: Kind }): Promise<Rebuilt> {
    const last = await store.lastPosition();
    const memory = sampleMemory();
    const began = performance.now();
    const consumer = await startLive(kind);
    live.set(kind, consumer);
    if (!(await consumer.waitFor(last, Date.now() + MAX_MS))) throw new Error(consumer.problem() ?? 'It is too slow.');
    const perSecond = (last * 1000) / (performance.now() - began);
    return { perSecond, totals: await totals(pool, `deploy.${tableOf(kind)}`), memory: memory.stop() };
  },

  /**
   * From its beginning until the new version is live and the old one dropped; events a second. (It begins within half a
   * second after it was asked for.)
   */
  async rebuild({ kind }: { kind: Kind }): Promise<Rebuilt> {
    const last = await store.lastPosition();
    const memory = sampleMemory();
    const asked = performance.now();
    const { outcome } = await requestRebuild(where, kind);
    if (outcome !== 'requested') throw new Error(`The rebuild is ${outcome}.`);
    let took = Number.NaN;
    while (Number.isNaN(took)) {
      const found = (await listProjections(where)).find(({ name }) => name === kind)?.rebuild;
      if (found?.phase === 'failed' || performance.now() - asked > MAX_MS) {
        throw new Error(`The rebuild is ${found?.phase}: ${found?.note}`);
      }
      if (found?.phase === 'done') took = Number(found.endedAt) - Number(found.startedAt);
      else await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    const perSecond = (last * 1000) / took;
    return { perSecond, totals: await totals(pool, `deploy.${tableOf(kind)}`), memory: memory.stop() };
  },
};
export type RebuildTasks = typeof tasks;

serve(tasks, async () => {
  await rebuilds.stop();
  for (const consumer of live.values()) await consumer.stop();
  await store.close();
  await pool.end();
});
