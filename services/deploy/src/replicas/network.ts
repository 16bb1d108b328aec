/** Facts of the network context that placement needs: which namespaces ask for nodes of their own. */
import { type Consumer, startConsumer } from '@atoll/events/consumer';
import type { EventRecord } from '@atoll/schema/envelope';
import { type NetworkEvent, networkEvents } from '@atoll/schema/network/events';
import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import type { Pool, PoolClient } from 'pg';

/** True where it changed something here. */
async function apply(tx: PoolClient, event: EventRecord & NetworkEvent): Promise<boolean> {
  if (event.type !== 'NamespaceIsolationSet' && event.type !== 'NamespaceDrained') return false;
  const { namespaceId } = event.data;
  const own = event.type === 'NamespaceIsolationSet' && event.data.level === 'HOST';
  await tx.query(
    own
      ? 'insert into deploy.host_namespace (namespace_id) values ($1) on conflict do nothing'
      : 'delete from deploy.host_namespace where namespace_id = $1',
    [namespaceId],
  );
  // What waits for room there is looked at again: other nodes can take it now.
  await tx.query('update deploy.deployment set settled_version = 0 where namespace_id = $1 and blocked', [namespaceId]);
  return true;
}

export function startNetworkReplica(options: {
  nc: NatsConnection;
  pool: Pool;
  schema: string;
  log: Logger;
  /** Placement may have other nodes to choose from. */
  onChange: () => void;
}): Promise<Consumer> {
  const { nc, pool, schema, log, onChange } = options;
  let changed = false;
  return startConsumer({
    name: 'replica-network',
    source: { kind: 'stream', nc, context: 'network', registry: networkEvents },
    pool,
    schema,
    log,
    handler: {
      kind: 'project',
      async apply(tx, events) {
        changed = false;
        for (const event of events) changed = (await apply(tx, event as EventRecord & NetworkEvent)) || changed;
      },
      afterCommit() {
        if (changed) onChange();
      },
    },
  });
}
