/**
 * Where the resource of an event is, for those who may read the log of parts of a tenant alone: the namespace or
 * environment that the event names, or the namespace of its deployment. Read before the batch is applied: that may take
 * the deployment away.
 */
import type { EventRecord } from '@atoll/schema/envelope';
import type { PoolClient } from 'pg';

/** Null in both: of the whole tenant. */
export interface LogScope {
  readonly environment_id: string | null;
  readonly namespace_id: string | null;
}
export type ScopeOf = (event: EventRecord) => LogScope;

const field = (data: unknown, name: string): string | null => {
  const value: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, name) : null;
  return typeof value === 'string' ? value : null;
};

export async function readLogScopes(tx: PoolClient, events: readonly EventRecord[]): Promise<ScopeOf> {
  const namespaces = new Map<string, string>();
  const asked = new Set<string>();
  for (const { data } of events) {
    const deployment = field(data, 'deploymentId');
    const namespace = field(data, 'namespaceId');
    if (deployment === null) continue;
    if (namespace === null) asked.add(deployment);
    else namespaces.set(deployment, namespace);
  }
  const unknown = [...asked].filter((id) => !namespaces.has(id));
  if (unknown.length > 0) {
    const { rows } = await tx.query<{ id: string; namespace_id: string }>(
      'select id, namespace_id from read.deployment where id = any($1)',
      [unknown],
    );
    for (const { id, namespace_id } of rows) namespaces.set(id, namespace_id);
  }
  return ({ data }) => {
    const deployment = field(data, 'deploymentId');
    const ofDeployment = deployment === null ? undefined : namespaces.get(deployment);
    return {
      environment_id: field(data, 'environmentId'),
      namespace_id: field(data, 'namespaceId') ?? ofDeployment ?? null,
    };
  };
}
