/** Lets go of nodes that are gone: long silent, and with no endpoint left. Their addresses are free for others. */
import type { EventStore } from '@atoll/events/store';
import type { Id } from '@atoll/schema/ids';
import type { Pool } from 'pg';
import type { Reachability } from '../nodes/reachability.ts';
import { detachNode } from '../nodes/underlay.ts';

const nodesPerRun = 100;

export async function reconcileNodes(options: {
  readonly db: Pool;
  readonly store: EventStore;
  readonly reachability: Reachability;
  readonly goneAfterMs: number;
}): Promise<void> {
  const { db, store, reachability, goneAfterMs } = options;
  const { rows } = await db.query<{ node_id: Id<'node'> }>(
    `select n.node_id from network.node n left join network.node_applied p using (node_id)
     where greatest(p.reported_at, $1::timestamptz) <= now() - $2 * interval '1 millisecond'
       and not exists (select from network.endpoint e where e.node_id = n.node_id and e.status <> 'refused')
     order by n.node_id limit $3`,
    [reachability.since, goneAfterMs, nodesPerRun],
  );
  for (const { node_id } of rows) await detachNode(store, node_id, 'SILENT');
}
