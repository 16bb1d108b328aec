/** Where others of a namespace are, for deployments that ask to be near some of them, or apart from some. */
import type { PlacementWishes } from '@atoll/schema/deploy/placement';
import type { Id } from '@atoll/schema/ids';
import type { Pool } from 'pg';
import { APART } from '../domain/holdings.ts';
import type { ForWhom } from '../domain/world.ts';

type NodeIds = ReadonlySet<Id<'node'>>;

/** What a deployment asks, as the tables know it; null where they don't know it. */
export async function readWishes(pool: Pool, deploymentId: Id<'deployment'>): Promise<ForWhom | null> {
  const { rows } = await pool.query<{ namespace_id: Id<'namespace'>; placement: PlacementWishes | null }>({
    name: 'deploy-read-wishes',
    text: 'select namespace_id, placement from deploy.deployment where deployment_id = $1',
    values: [deploymentId],
  });
  const [row] = rows;
  return row?.placement ? { namespaceId: row.namespace_id, placement: row.placement } : null;
}

export async function readNear(pool: Pool, { namespaceId, placement }: ForWhom): Promise<ReadonlyMap<string, NodeIds>> {
  if (placement.near.length === 0) return new Map();
  const { rows } = await pool.query<{ name: string; nodes: readonly Id<'node'>[] }>({
    name: 'deploy-read-near',
    text: `
      select d.name, array_agg(distinct i.node_id) as nodes
      from deploy.deployment d join deploy.instance i using (deployment_id)
      where d.namespace_id = $1 and d.name = any($2) and i.stopping is null
      group by d.name`,
    values: [namespaceId, placement.near.map(({ deployment }) => deployment)],
  });
  return new Map(rows.map(({ name, nodes }) => [name, new Set(nodes)]));
}

/** From the claims themselves: who is asked about isn't among them. */
export async function readApart(
  pool: Pool,
  { namespaceId, placement }: ForWhom,
  self: Id<'deployment'> | null,
): Promise<ReadonlyMap<string, NodeIds>> {
  if (placement.apart.length === 0) return new Map();
  const { rows } = await pool.query<{ group_name: string; nodes: readonly Id<'node'>[] }>({
    name: 'deploy-read-apart',
    text: `
      select split_part(key, '/', 2) as group_name, array_agg(split_part(key, '/', 3)) as nodes
      from deploy.claim_unique
      where claim_set = $1 and split_part(key, '/', 1) = $2 and split_part(key, '/', 2) = any($3)
        and owner is distinct from $4
      group by 1`,
    values: [APART, namespaceId, placement.apart, self],
  });
  return new Map(rows.map(({ group_name, nodes }) => [group_name, new Set(nodes)]));
}
