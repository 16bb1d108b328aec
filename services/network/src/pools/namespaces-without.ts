/** Open namespaces that have no subnet yet: the tenants take turns, the oldest of each first. */
import type { Id } from '@atoll/schema/ids';
import type { Pool } from 'pg';
import type { Because } from '../origin.ts';

export interface NamespaceWithout extends Because {
  readonly namespaceId: Id<'namespace'>;
}

export async function namespacesWithoutSubnet(
  db: Pool,
  { limit, except }: { readonly limit: number; readonly except: readonly Id<'namespace'>[] },
): Promise<NamespaceWithout[]> {
  const { rows } = await db.query<NamespaceWithout>(
    `select n.namespace_id as "namespaceId", n.tenant, n.cause, n.correlation, n.traceparent
     from network.namespace n
     where n.status = 'open' and n.namespace_id <> all($2)
       and not exists (select from network.subnet s where s.namespace_id = n.namespace_id)
     order by row_number() over (partition by n.tenant order by n.namespace_id), n.namespace_id limit $1`,
    [limit, except],
  );
  return rows;
}
