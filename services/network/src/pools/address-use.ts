/** How the addresses of namespaces' subnets are used, for the choice of the next ones. */
import type { Id } from '@atoll/schema/ids';
import type { Pool } from 'pg';
import type { SubnetUse } from '../domain/addresses.ts';
import { type Reachability, reachable } from '../nodes/reachability.ts';

interface SubnetRow {
  readonly subnetId: Id<'subnet'>;
  readonly namespaceId: Id<'namespace'>;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly highest: number;
}
interface RestingRow {
  readonly subnetId: Id<'subnet'>;
  readonly host: number;
  readonly releasedAt: number;
  readonly confirmed: boolean;
}

/** Subnets by namespace, oldest first; of each at most `limit` addresses at rest, the longest at rest first. */
export async function readAddressUse(
  db: Pool,
  namespaces: readonly Id<'namespace'>[],
  reachability: Reachability,
  limit: number,
  /** How long an address rests at least. */
  restMs: number,
): Promise<Map<Id<'namespace'>, SubnetUse[]>> {
  const { rows: subnets } = await db.query<SubnetRow>(
    `select s.subnet_id as "subnetId", s.namespace_id as "namespaceId", s.ipv4, s.ipv6,
       coalesce((select max(a.host) from network.address a where a.subnet_id = s.subnet_id), 0) as highest
     from network.subnet s where s.namespace_id = any($1) and not s.closed order by s.position`,
    [namespaces],
  );
  const { rows: resting } = await db.query<RestingRow>(
    `select a.subnet_id as "subnetId", a.host, a.released_position as "releasedAt", not exists (
         select from network.node_removal r
         where r.ipv4 = host(network(s.ipv4::cidr))::inet + a.host and ${reachable('r', '$2', '$3')}
       ) and coalesce(a.released_at <= now() - $5 * interval '1 millisecond', true) as confirmed
     from network.subnet s
     cross join lateral (
       select * from network.address a
       where a.subnet_id = s.subnet_id and a.instance_id is null
       order by a.released_position limit $4
     ) a
     where s.namespace_id = any($1) and not s.closed`,
    [namespaces, reachability.since, reachability.silentAfterMs, limit, restMs],
  );
  const restingIn = Map.groupBy(resting, (row) => row.subnetId);
  return new Map(
    [...Map.groupBy(subnets, (row) => row.namespaceId)].map(([namespaceId, group]) => [
      namespaceId,
      group.map((row) => ({ ...row, resting: restingIn.get(row.subnetId) ?? [] })),
    ]),
  );
}
