/** What each node should run: assembled from our tables, so that every process of the service answers the same. */

import type { Id } from '@atoll/schema/ids';
import { type DesiredInstance, type DesiredWorkloads, pullRequest } from '@atoll/schema/node/workloads';
import { nodeSubjects } from '@atoll/schema/subjects';
import type { Logger } from '@atoll/service/log';
import { type NatsConnection, serveJson } from '@atoll/service/nats';
import type { Pool } from 'pg';
import { faultyBody, nodeOfSubject } from './subject.ts';

/** How long a process may take to end after it was asked to, before it is killed. */
export const STOP_GRACE_SECONDS = 10;

/** One statement, and so one moment: the generation and the instances belong together. */
const documentSql = `
  select coalesce(d.generation, 0) as generation, coalesce(
    (select jsonb_agg(jsonb_build_object(
        'instanceId', i.instance_id, 'tenantId', i.tenant, 'namespaceId', i.namespace_id,
        'deploymentId', i.deployment_id, 'deploymentName', p.name, 'releaseId', i.release_id, 'spec', r.spec,
        'stopGraceSeconds', $2::int, 'traceparent', i.traceparent
      ) || case when p.fenced then '{"fenced": true}'::jsonb else '{}' end order by i.instance_id)
      from deploy.instance i
      join deploy.release r using (release_id)
      join deploy.deployment p on p.deployment_id = i.deployment_id
      where i.node_id = $1 and i.stopping is null),
    '[]') as instances,
    coalesce(d.traces, '[]') as traces
  from (select $1::text as node_id) n left join deploy.node_document d using (node_id)`;

interface DocumentRow {
  readonly generation: number;
  readonly instances: DesiredInstance[];
  readonly traces: readonly { readonly generation: number; readonly traceparent: string }[];
}

/** `since`: the generation that the node has. */
export async function readDocument(pool: Pool, nodeId: Id<'node'>, since = 0): Promise<DesiredWorkloads> {
  const { rows } = await pool.query<DocumentRow>({
    name: 'deploy-read-document',
    text: documentSql,
    values: [nodeId, STOP_GRACE_SECONDS],
  });
  const { generation, instances, traces } = rows[0] ?? { generation: 0, instances: [], traces: [] };
  const newer = traces.filter((one) => one.generation > since).map(({ traceparent }) => traceparent);
  return { nodeId, generation, instances, traces: newer };
}

export async function readGeneration(pool: Pool, nodeId: Id<'node'>): Promise<number> {
  const { rows } = await pool.query<{ generation: number }>({
    name: 'deploy-read-generation',
    text: 'select generation from deploy.node_document where node_id = $1',
    values: [nodeId],
  });
  return rows[0]?.generation ?? 0;
}

export function servePulls(options: { pool: Pool; nc: NatsConnection; log: Logger }): { stop(): Promise<void> } {
  const { pool, nc, log } = options;
  return serveJson(
    nc,
    { subject: nodeSubjects.workloadsPull('*'), queue: 'deploy-pulls', concurrency: 32, log },
    async (body, subject) => {
      const nodeId = nodeOfSubject(subject);
      const request = pullRequest.safeParse(body);
      if (nodeId === null || !request.success) return faultyBody(subject, request.error);
      const document = await readDocument(pool, nodeId, request.data.generation);
      return document.generation === request.data.generation ? null : document;
    },
  );
}
