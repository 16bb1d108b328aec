/** The nodes as placement sees them: what they are from our tables, what is taken of them from the claims themselves. */
import { DEFAULT_POOL, DEFAULT_POOL_NAME, defaultPoolTerms, type PoolTerms } from '@atoll/schema/deploy/pools';
import type { Id } from '@atoll/schema/ids';
import type { Pool } from 'pg';
import { NODE_KEPT, nodeSets } from '../domain/holdings.ts';
import { type Duty, NODE_NOW } from '../domain/node.ts';
import { POOL_NOW, poolOwner } from '../domain/pool.ts';
import type { NodeView, PoolView } from '../placement/node-view.ts';

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
  readonly pool_id: Id<'pool'> | null;
  readonly zone: string | null;
  readonly labels: Readonly<Record<string, string>> | null;
  readonly duty: Duty | null;
  readonly note: string | null;
  readonly revision: number | null;
  /** `<node>@<revision>` of what it was told last; null where it was told nothing. */
  readonly now: string | null;
}

const sql = `
  select c.position, n.node_id, n.ready, n.reason, n.cpu_millis, n.memory_mib, n.max_instances,
    coalesce(cpu.held, 0) as cpu, coalesce(memory.held, 0) as memory, coalesce(instances.held, 0) as instances,
    kept.owner as kept_for, place.pool_id, place.zone, place.labels, duty.duty, duty.note, told.revision,
    mark.owner as now
  from deploy.capacity c
  left join deploy.node n on true
  left join deploy.node_place place using (node_id)
  left join deploy.node_duty duty using (node_id)
  left join deploy.node_told told using (node_id)
  left join deploy.claim_total cpu on cpu.claim_set = $1 and cpu.key = n.node_id
  left join deploy.claim_total memory on memory.claim_set = $2 and memory.key = n.node_id
  left join deploy.claim_total instances on instances.claim_set = $3 and instances.key = n.node_id
  left join deploy.claim_unique kept on kept.claim_set = $4 and kept.key = n.node_id
  left join deploy.claim_unique mark on mark.claim_set = $5 and mark.key = n.node_id
  order by n.node_id`;

const factsSql = `
  select array(select h.namespace_id from deploy.host_namespace h) as host_namespaces,
    coalesce((
      select jsonb_agg(to_jsonb(p) || jsonb_build_object('now', m.owner))
      from deploy.pool p left join deploy.claim_unique m on m.claim_set = $1 and m.key = p.pool_id), '[]') as pools`;

interface PoolRow {
  readonly pool_id: Id<'pool'>;
  readonly name: string;
  readonly revision: number;
  readonly terms: PoolTerms;
  /** `<pool>@<revision>` of what it is now. */
  readonly now: string | null;
}

/** What is known of the nodes, and which namespaces ask for nodes of their own. */
export interface KnownNodes {
  readonly nodes: readonly NodeView[];
  readonly hostNamespaces: ReadonlySet<Id<'namespace'>>;
  /** Of the newest event by which room may have come free that is surely seen here. */
  readonly position: number;
}

export async function readNodes(pool: Pool): Promise<KnownNodes> {
  const values = [nodeSets.cpuMillis, nodeSets.memoryMiB, nodeSets.instances, NODE_KEPT, NODE_NOW];
  // Not one moment, and it needn't be: what is decided on is required in the commit.
  const [facts, { rows }] = await Promise.all([
    pool.query<{ host_namespaces: readonly Id<'namespace'>[]; pools: readonly PoolRow[] }>({
      name: 'deploy-read-pools',
      text: factsSql,
      values: [POOL_NOW],
    }),
    pool.query<Row>({ name: 'deploy-read-nodes', text: sql, values }),
  ]);
  const { host_namespaces = [], pools = [] } = facts.rows[0] ?? {};
  const views = new Map(pools.map((row) => [row.pool_id, poolView(row)]));
  const terms = new Map(pools.map((row) => [row.pool_id, row.terms]));
  const settled = new Set(
    pools.filter((row) => row.now === poolOwner(row.pool_id, row.revision)).map((row) => row.pool_id),
  );
  const nodes = rows.flatMap((row): NodeView[] => (row.node_id === null ? [] : [toView(row, row.node_id)]));
  return { nodes, hostNamespaces: new Set(host_namespaces), position: rows[0]?.position ?? 0 };

  function toView(row: Row, nodeId: Id<'node'>): NodeView {
    const poolId = row.pool_id ?? DEFAULT_POOL;
    const { cpuPercent, memoryPercent } = terms.get(poolId) ?? defaultPoolTerms;
    const revision = row.revision ?? 0;
    return {
      nodeId,
      unreachable: row.ready ? null : (row.reason ?? 'it has not reported yet'),
      closed: settled.has(poolId) ? closedWhy(row, nodeId, revision) : changing,
      revision,
      pool: views.get(poolId) ?? unknownPool(poolId),
      zone: row.zone,
      labels: row.labels ?? {},
      capacity: {
        cpuMillis: Math.floor((row.cpu_millis * cpuPercent) / 100),
        memoryMiB: Math.floor((row.memory_mib * memoryPercent) / 100),
      },
      maxInstances: row.max_instances,
      keptFor: row.kept_for,
      used: { cpuMillis: row.cpu, memoryMiB: row.memory, instances: row.instances },
    };
  }
}

const changing = 'what it is told is changing at this moment';
const spoken = { CORDONED: 'cordoned', DRAINING: 'being drained', DRAINED: 'drained' } as const;

function closedWhy({ duty, note, now }: Row, nodeId: Id<'node'>, revision: number): string | null {
  // A commit that relied on older words of the operator would be refused: the tables have the newest in a moment.
  if ((now ?? `${nodeId}@0`) !== `${nodeId}@${revision}`) return changing;
  if (duty === null || duty === 'OPEN') return null;
  return note ? `${spoken[duty]}: ${note}` : spoken[duty];
}

const poolView = ({ pool_id: poolId, name, revision, terms }: PoolRow): PoolView => ({
  ...{ poolId, name, revision },
  ...{ slaClass: terms.slaClass, labels: terms.labels, costPerHour: terms.costPerHour, weights: terms.weights },
});

/** Before its events are in the tables; nothing is placed there until then. */
const unknownPool = (poolId: Id<'pool'>): PoolView =>
  poolView({ pool_id: poolId, name: DEFAULT_POOL_NAME, revision: 0, terms: defaultPoolTerms, now: null });
