/** Keeps this context's own tables in step with its events, and rouses whoever acts on them. */
import { type Consumer, startConsumer } from '@atoll/events/consumer';
import { startRebuilds } from '@atoll/events/rebuild';
import type { EventStore } from '@atoll/events/store';
import { nodeSubjects } from '@atoll/schema/subjects';
import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import type { Pool } from 'pg';
import { changesOf } from './changes.ts';
import { seed, tables, writeChanges } from './write.ts';

export const TABLES_CONSUMER = 'deploy-tables';

export function startTables(options: {
  store: EventStore;
  pool: Pool;
  schema: string;
  nc: NatsConnection;
  log: Logger;
  /** Something in the tables changed. */
  onChange: () => void;
}): Promise<Consumer> {
  const { store, pool, schema, nc, log, onChange } = options;
  return startConsumer({
    name: TABLES_CONSUMER,
    source: { kind: 'store', store },
    pool,
    schema,
    log,
    handler: {
      kind: 'project',
      apply: (tx, events) => writeChanges(tx, changesOf(events)),
      // A wake that gets lost only costs time: agents pull by themselves, controllers look again.
      afterCommit(events) {
        onChange();
        if (nc.isClosed()) return;
        const wake = JSON.stringify({ topic: 'workloads' });
        for (const nodeId of changesOf(events).documents.keys()) nc.publish(nodeSubjects.wake(nodeId), wake);
      },
    },
  });
}

/** To be raised when the same events give other rows. */
const revision = 8;

/**
 * What the rollout controller has marked as settled is not rebuilt: it looks at every deployment once more. Nor is anybody
 * told: the new tables say what the old ones said, or what they should have.
 */
export const startTableRebuilds = (options: { store: EventStore; pool: Pool; schema: string; log: Logger }) =>
  startRebuilds({
    ...options,
    projections: [
      {
        name: TABLES_CONSUMER,
        revision,
        tables,
        seed,
        sources: [{ consumer: TABLES_CONSUMER, source: { kind: 'store', store: options.store } }],
        effect: { kind: 'fold', apply: (tx, events) => writeChanges(tx, changesOf(events)) },
      },
    ],
  });
