/** How many instances run on nodes that others may be placed on, too: of the level HOST, those that are older than it. */
import type { Id } from '@atoll/schema/ids';
import type { Pool } from 'pg';
import { NODE_KEPT } from './domain/holdings.ts';

export interface OnSharedNodes {
  readonly namespaceId: Id<'namespace'>;
  readonly instances: number;
}

/** Also those that are being stopped: they run until they are gone. */
export async function countOnSharedNodes(
  db: Pool,
  tenant: string,
  namespaceIds: readonly Id<'namespace'>[],
): Promise<OnSharedNodes[]> {
  const { rows } = await db.query<OnSharedNodes>(
    `select i.namespace_id as "namespaceId", count(*)::integer as instances
     from deploy.instance i
     where i.tenant = $1 and i.namespace_id = any($2) and not exists (
       select from deploy.claim_unique c where c.claim_set = $3 and c.key = i.node_id and c.owner = i.tenant)
     group by 1 order by 1`,
    [tenant, namespaceIds, NODE_KEPT],
  );
  return rows;
}
