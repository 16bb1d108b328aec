/** Of whose addresses it may have to be told how much is left, as they are used now. */
import type { Tenant } from '@atoll/schema/ids';
import type { AddressSupply, NamespaceSupply, PoolSupply } from '@atoll/schema/network/supply';
import type { Pool } from 'pg';
import { forecast } from '../domain/forecast.ts';
import { type Reachability, reachable } from '../nodes/reachability.ts';
import { exactly } from './use.ts';

interface Standing<T> {
  /** What was told last. */
  readonly told: AddressSupply;
  /** In what is given at once: an address, or the ranges of a usual subnet. */
  readonly size: number;
  readonly free: number;
  readonly use: T;
}
export type NamespaceStanding = Standing<NamespaceSupply> & { readonly tenant: Tenant };

interface NamespaceRow {
  readonly tenant: Tenant;
  readonly namespaceId: NamespaceSupply['namespaceId'];
  readonly told: AddressSupply;
  readonly size: number;
  readonly used: number;
  readonly cooling: number;
  readonly net: number;
}

/**
 * Those of which something was told, and those of whose addresses a quarter at most was never used, or eight: of all others not even
 * that is counted which is free, because addresses that never were used are given first. Three of each subnet are given to nobody.
 */
const namespacesSql = `
  select n.namespace_id as "namespaceId", n.tenant,
    coalesce(t.supply, 'ENOUGH') as told, e.size::integer as size, u.used, u.cooling, u.net
  from network.namespace n
  left join network.namespace_supply t on t.namespace_id = n.namespace_id
  cross join lateral (
    select sum((1::bigint << (32 - masklen(s.ipv4::cidr))) - 3) as size,
      sum(coalesce((select max(a.host) from network.address a where a.subnet_id = s.subnet_id), 1) - 1) as ever
    from network.subnet s where s.namespace_id = n.namespace_id and not s.closed
  ) e
  cross join lateral (
    select count(*) filter (where a.instance_id is not null)::integer as used,
      count(*) filter (where a.instance_id is null and (
        a.released_at > now() - $1 * interval '1 millisecond'
        or exists (
          select from network.node_removal r
          where r.ipv4 = host(network(s.ipv4::cidr))::inet + a.host and ${reachable('r', '$4', '$5')}
        )
      ))::integer as cooling,
      (count(*) filter (where a.instance_id is not null and a.held_at > now() - interval '1 day')
        - count(*) filter (where a.instance_id is null and a.released_at > now() - interval '1 day'
          and a.held_at <= now() - interval '1 day'))::integer as net
    from network.subnet s join network.address a on a.subnet_id = s.subnet_id
    where s.namespace_id = n.namespace_id and not s.closed
  ) u
  where n.status = 'open' and e.size is not null and (t.supply is not null or e.size - e.ever <= e.size / 4 + 8)
    and n.namespace_id > $2
  order by n.namespace_id limit $3`;

/** In the order of their ids, behind `after`. `restMs`: how long an address rests at least before it is given again. */
export async function readNamespaceSupply(
  db: Pool,
  { restMs, reachability }: { readonly restMs: number; readonly reachability: Reachability },
  after: string,
  limit: number,
): Promise<NamespaceStanding[]> {
  const { since, silentAfterMs } = reachability;
  const { rows } = await db.query<NamespaceRow>(namespacesSql, [restMs, after, limit, since, silentAfterMs]);
  return rows.map(({ namespaceId, told, size, used, cooling, net, tenant }) => {
    const free = size - used - cooling;
    const use = { namespaceId, size, used, free, cooling, exhaustedAt: forecast(free, net, Date.now()) };
    return { tenant, told, size, free, use };
  });
}

interface PoolRow extends Pick<PoolSupply, 'purpose' | 'family'> {
  readonly told: AddressSupply;
  /** Numbers beyond those that are exact. */
  readonly size: string;
  readonly taken: string;
  readonly cooling: string;
  readonly gained: string;
  readonly unit: string;
}

/** Of what is held in a range that is cut out of another one, the outer one says that it is used. */
const poolsSql = `
  with range as (
    select r.range_id, r.purpose, r.first, r.last, r.family as number,
      case r.family when 4 then 'IPV4' else 'IPV6' end as family
    from network.address_range r where r.purpose <> 'RESERVED'
  ), used as (
    select r.purpose, r.family, h.last - h.first + 1 as taken,
      case when p.public_address_id is null then 0 else 1 end as cooling,
      case when h.taken_at > now() - interval '1 day' then h.last - h.first + 1 else 0 end as gained
    from range r
    join network.held_range h on h.family = r.number and h.first >= r.first and h.last <= r.last
      and h.subnet_id <> r.range_id
    left join network.public_address p on p.public_address_id = h.subnet_id and p.rests_until is not null
    where r.purpose <> 'SERVICES'
    union all
    select 'SERVICES', f.family, 1, case when a.service_id is null then 1 else 0 end, 0
    from network.service_address a cross join (values ('IPV4'), ('IPV6')) f(family)
  ), sizes as (
    select purpose, family, sum(last - first + 1) as size from range group by 1, 2
  ), sums as (
    select purpose, family, sum(taken) as taken, sum(cooling) as cooling, sum(gained) as gained from used group by 1, 2
  )
  select coalesce(s.purpose, t.purpose) as purpose, coalesce(s.family, t.family) as family,
    coalesce(t.supply, 'ENOUGH') as told, coalesce(s.size, 0)::text as size, coalesce(u.taken, 0)::text as taken,
    coalesce(u.cooling, 0)::text as cooling, coalesce(u.gained, 0)::text as gained,
    case when s.purpose = 'INSTANCES' then case s.family when 'IPV4' then 256 else 18446744073709551616 end
      else 1 end::text as unit
  from sizes s
  full join network.pool_supply t on t.purpose = s.purpose and t.family = s.family
  left join sums u on u.purpose = s.purpose and u.family = s.family
  order by 1, 2`;

/** All of them: there are six at most. */
export async function readPoolSupply(db: Pool): Promise<Standing<PoolSupply>[]> {
  const { rows } = await db.query<PoolRow>(poolsSql);
  return rows.map(({ purpose, family, told, ...row }) => {
    const [size, taken, cooling, unit] = [row.size, row.taken, row.cooling, row.unit].map(BigInt) as BigInts;
    const free = size - taken;
    const use = {
      ...{ purpose, family, size: exactly(size), used: exactly(taken - cooling), free: exactly(free) },
      ...{ cooling: exactly(cooling), exhaustedAt: forecast(Number(free), Number(row.gained), Date.now()) },
    };
    return { told, size: exactly(size / unit), free: exactly(free / unit), use };
  });
}
type BigInts = [bigint, bigint, bigint, bigint];
