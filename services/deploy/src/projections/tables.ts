/** Keeps this context's own tables in step with its events, and rouses whoever acts on them. */
import { type Consumer, startConsumer } from '@atoll/events/consumer';
import type { EventStore } from '@atoll/events/store';
import { nodeSubjects } from '@atoll/schema/subjects';
import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import type { Pool } from 'pg';
import { changesOf } from './changes.ts';
import { writeChanges } from './write.ts';

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
