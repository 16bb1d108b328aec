/** What our tables say of a node and of the instances on it. */
import type { Id } from '@atoll/schema/ids';
import type { Pool } from 'pg';
import type { Condition, Instance, InstanceReason, Phase, StopReason } from '../domain/instance.ts';
import type { NodeFacts } from '../domain/node.ts';
import type { Request } from '../origin.ts';

export interface KnownInstance extends Pick<Instance, 'condition' | 'stopping'> {
  readonly instanceId: Id<'instance'>;
  readonly deploymentId: Id<'deployment'>;
  /** The first generation of its node's document that lacks it; null while it should run. */
  readonly stopGeneration: number | null;
  readonly request: Request & { readonly tenant: Id<'tenant'> };
}

interface InstanceRow {
  readonly instance_id: Id<'instance'>;
  readonly deployment_id: Id<'deployment'>;
  readonly phase: Phase;
  readonly reason: InstanceReason | null;
  readonly message: string | null;
  readonly stopping: StopReason | null;
  readonly stop_generation: number | null;
  readonly tenant: Id<'tenant'>;
  readonly correlation: string;
  readonly traceparent: string | null;
  readonly cause: string;
}

export async function readNodeInstances(pool: Pool, nodeId: Id<'node'>): Promise<readonly KnownInstance[]> {
  const { rows } = await pool.query<InstanceRow>({
    name: 'deploy-read-node-instances',
    text: `
      select i.instance_id, i.deployment_id, i.phase, i.reason, i.message, i.stopping, i.stop_generation,
        d.tenant, d.correlation, d.traceparent, d.cause
      from deploy.instance i join deploy.deployment d using (deployment_id)
      where i.node_id = $1
      order by i.instance_id`,
    values: [nodeId],
  });
  return rows.map((row) => ({
    instanceId: row.instance_id,
    deploymentId: row.deployment_id,
    condition: conditionOf(row),
    stopping: row.stopping,
    stopGeneration: row.stop_generation,
    request: { tenant: row.tenant, correlation: row.correlation, traceparent: row.traceparent, cause: row.cause },
  }));
}

function conditionOf({ phase, reason, message }: InstanceRow): Condition {
  if (phase === 'WAITING' || phase === 'UNREADY') {
    return { phase, reason: reason ?? 'EXITED', message: message ?? '' };
  }
  return { phase };
}

interface NodeRow {
  readonly name: string;
  readonly runtime: NodeFacts['runtime'];
  readonly cpu_millis: number;
  readonly memory_mib: number;
  readonly max_instances: number;
  readonly ready: boolean;
}

export async function readNodeFacts(
  pool: Pool,
  nodeId: Id<'node'>,
): Promise<{ readonly facts: NodeFacts; readonly ready: boolean } | null> {
  const { rows } = await pool.query<NodeRow>({
    name: 'deploy-read-node',
    text: 'select name, runtime, cpu_millis, memory_mib, max_instances, ready from deploy.node where node_id = $1',
    values: [nodeId],
  });
  const row = rows[0];
  if (row === undefined) return null;
  const { name, runtime, max_instances: maxInstances, ready } = row;
  const capacity = { cpuMillis: row.cpu_millis, memoryMiB: row.memory_mib };
  return { facts: { nodeId, name, runtime, capacity, maxInstances }, ready };
}
