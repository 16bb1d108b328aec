/** Instances that want an address, and those that want theirs taken back. */
import type { Id } from '@atoll/schema/ids';
import type { Labels } from '@atoll/schema/text';
import type { Pool } from 'pg';
import type { Because } from '../origin.ts';

export interface PlacedInstance extends Because {
  readonly instanceId: Id<'instance'>;
  readonly namespaceId: Id<'namespace'>;
  readonly deploymentId: Id<'deployment'>;
  readonly nodeId: Id<'node'>;
  readonly labels: Labels;
  /** Why it was refused an address before; null where it wasn't. */
  readonly refusal: string | null;
}

const columns = `i.instance_id as "instanceId", i.namespace_id as "namespaceId", i.deployment_id as "deploymentId",
  i.node_id as "nodeId", i.labels, i.tenant, i.cause, i.correlation, i.traceparent`;

/**
 * In open namespaces; at most `perNamespace` of each, so that a full one doesn't keep the others waiting. Who was refused comes after
 * all who weren't, and these in no order, so that each of them has its turn however many they are.
 */
export async function withoutAddress(db: Pool, perNamespace: number, limit: number): Promise<PlacedInstance[]> {
  const { rows } = await db.query<PlacedInstance>(
    `select "instanceId", "namespaceId", "deploymentId", "nodeId", labels, tenant, cause, correlation, traceparent, refusal
     from (
       select ${columns}, e.message as refusal,
         row_number() over (partition by i.namespace_id order by i.instance_id) as place
       from network.deploy_instance i
       join network.namespace n on n.namespace_id = i.namespace_id and n.status = 'open'
       left join network.endpoint e on e.instance_id = i.instance_id
       where i.wanted and (e.instance_id is null or e.status = 'refused')
     ) waiting
     where place <= $1
     order by refusal is not null, case when refusal is null then place else random() end, "instanceId" limit $2`,
    [perNamespace, limit],
  );
  return rows;
}

export async function unwanted(db: Pool, limit: number): Promise<PlacedInstance[]> {
  const { rows } = await db.query<PlacedInstance>(
    `select ${columns}, null as refusal from network.deploy_instance i
     where not i.wanted order by i.instance_id limit $1`,
    [limit],
  );
  return rows;
}

/** Their endpoints are released: nothing is left to do for them. */
export async function forget(db: Pool, instances: readonly Id<'instance'>[]): Promise<void> {
  await db.query('delete from network.deploy_instance where instance_id = any($1) and not wanted', [instances]);
}
