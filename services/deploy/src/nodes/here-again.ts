/**
 * Said to every node once its requests are served here: what an agent had asked a process that was killed is never answered,
 * and it would wait for its deadline before it asks again. A wake, and no more.
 */
import type { Id } from '@atoll/schema/ids';
import { nodeSubjects } from '@atoll/schema/subjects';
import type { NatsConnection } from '@atoll/service/nats';
import type { Pool } from 'pg';

export async function tellNodes({ pool, nc }: { pool: Pool; nc: NatsConnection }): Promise<void> {
  const { rows } = await pool.query<{ node_id: Id<'node'> }>('select node_id from deploy.node_document');
  const wake = JSON.stringify({ topic: 'workloads' });
  for (const { node_id } of rows) if (!nc.isClosed()) nc.publish(nodeSubjects.wake(node_id), wake);
}
