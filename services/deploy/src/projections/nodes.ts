/** The nodes as placement sees them: what they are from our tables, what is taken of them from the claims themselves. */
import type { Id } from '@atoll/schema/ids';
import type { Pool } from 'pg';
import { NODE_KEPT, nodeSets } from '../domain/holdings.ts';
import type { NodeView } from '../placement/node-view.ts';

interface Row {
  readonly position: number;
  readonly node_id: Id<'node'> | null;
  readonly ready: boolean;
  readonly reason: string | null;
  readonly cpu_millis: number;
  readonly memory_mib: number;
  readonly max_instances: number;
  readonly cpu: number;
  readonly memory: number;
  readonly instances: number;
  readonly kept_for: Id<'tenant'> | null;
  readonly host_namespaces: readonly Id<'namespace'>[];
}

const sql = `
  select c.position, n.node_id, n.ready, n.reason, n.cpu_millis, n.memory_mib, n.max_instances,
    coalesce(cpu.held, 0) as cpu, coalesce(memory.held, 0) as memory, coalesce(instances.held, 0) as instances,
    kept.owner as kept_for,
    array(select h.namespace_id from deploy.host_namespace h) as host_namespaces
  from deploy.capacity c
  left join deploy.node n on true
  left join deploy.claim_total cpu on cpu.claim_set = $1 and cpu.key = n.node_id
  left join deploy.claim_total memory on memory.claim_set = $2 and memory.key = n.node_id
  left join deploy.claim_total instances on instances.claim_set = $3 and instances.key = n.node_id
  left join deploy.claim_unique kept on kept.claim_set = $4 and kept.key = n.node_id
  order by n.node_id`;

/** `position`: of the newest event by which room may have come free that is surely seen here. */
/** What is known of the nodes, and which namespaces ask for nodes of their own. */
export interface KnownNodes {
  readonly nodes: readonly NodeView[];
  readonly hostNamespaces: ReadonlySet<Id<'namespace'>>;
  readonly position: number;
}

export async function readNodes(pool: Pool): Promise<KnownNodes> {
  const values = [nodeSets.cpuMillis, nodeSets.memoryMiB, nodeSets.instances, NODE_KEPT];
  const { rows } = await pool.query<Row>({ name: 'deploy-read-nodes', text: sql, values });
  const nodes = rows.flatMap((row): NodeView[] => (row.node_id === null ? [] : [toView(row, row.node_id)]));
  const [first] = rows;
  return { nodes, hostNamespaces: new Set(first?.host_namespaces ?? []), position: first?.position ?? 0 };
}

const toView = (row: Row, nodeId: Id<'node'>): NodeView => ({
  nodeId,
  unreachable: row.ready ? null : (row.reason ?? 'it has not reported yet'),
  capacity: { cpuMillis: row.cpu_millis, memoryMiB: row.memory_mib },
  maxInstances: row.max_instances,
  keptFor: row.kept_for,
  used: { cpuMillis: row.cpu, memoryMiB: row.memory, instances: row.instances },
});
