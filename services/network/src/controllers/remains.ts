/** What is left of closed namespaces: one statement for each page, and so one moment for each of them. */
import type { Id } from '@atoll/schema/ids';
import type { Pool } from 'pg';
import type { Remains } from '../domain/draining.ts';
import { type Reachability, reachable } from '../nodes/reachability.ts';
import type { Because } from '../origin.ts';

export interface ClosedNamespace extends Because, Remains {
  readonly namespaceId: Id<'namespace'>;
}

/** Every one, a page at a time: those that wait for something keep nobody behind them from their turn. */
export async function* closedNamespaces(
  db: Pool,
  reachability: Reachability,
  perPage: number,
): AsyncGenerator<ClosedNamespace[]> {
  for (let after = ''; ; ) {
    const page = await readPage(db, reachability, perPage, after);
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < perPage) return;
    after = last.namespaceId;
  }
}

async function readPage(
  db: Pool,
  reachability: Reachability,
  limit: number,
  after: string,
): Promise<ClosedNamespace[]> {
  const { rows } = await db.query<ClosedNamespace>(
    `select n.namespace_id as "namespaceId", n.tenant, n.cause, n.correlation, n.traceparent,
       exists (select from network.deploy_drained d where d.namespace_id = n.namespace_id) as "deployDrained",
       (select count(*)::integer from (
          select i.instance_id from network.deploy_instance i where i.namespace_id = n.namespace_id
          union select e.instance_id from network.endpoint e where e.namespace_id = n.namespace_id
        ) unreleased) as endpoints,
       array(
         select distinct r.node_id from network.subnet s
         join network.node_removal r on r.ipv4 <<= s.ipv4::inet
         where s.namespace_id = n.namespace_id and ${reachable('r', '$2', '$3')}
         order by r.node_id
       ) as nodes,
       array(select policy_id from network.policy p where p.namespace_id = n.namespace_id order by 1) as policies,
       array(select service_id from network.service v where v.namespace_id = n.namespace_id order by 1) as services,
       array(
         select m.port_mapping_id from network.port_mapping m where m.namespace_id = n.namespace_id
         union select m.port_mapping_id from network.port_mapping m
           join network.public_address p on p.public_address_id = m.public_address_id
           where p.namespace_id = n.namespace_id order by 1
       ) as mappings,
       array(
         select p.public_address_id from network.public_address p
         where p.namespace_id = n.namespace_id and p.rests_until is null order by 1
       ) as "publicAddresses",
       array(select subnet_id from network.subnet s where s.namespace_id = n.namespace_id order by 1) as subnets
     from network.namespace n where n.status = 'closed' and n.namespace_id > $4 order by n.namespace_id limit $1`,
    [limit, reachability.since, reachability.silentAfterMs, after],
  );
  return rows;
}
