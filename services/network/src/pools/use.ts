/** How the addresses of subnets, namespaces and the platform's ranges are used now, and when they will be used up. */
import { PLATFORM, type Tenant } from '@atoll/schema/ids';
import type { AddressUse } from '@atoll/schema/network/addresses';
import type { Pool } from 'pg';
import { parseRange, type Range, sizeOf } from '../domain/address.ts';
import { capacityOf } from '../domain/addresses.ts';
import { forecast } from '../domain/forecast.ts';

interface SubnetRow {
  readonly subnetId: string;
  readonly namespaceId: string;
  readonly ipv4: string;
  readonly used: number;
  readonly cooling: number;
  readonly gained: number;
  readonly lost: number;
}
interface RangeRow {
  readonly rangeId: string;
  readonly cidr: string;
  /** Sums of addresses, which may not fit a number exactly. */
  readonly used: string;
  readonly gained: string;
  readonly cooling: number;
}

const subnets = `
  select s.subnet_id as "subnetId", s.namespace_id as "namespaceId", s.ipv4,
    count(a.host) filter (where a.instance_id is not null)::integer as used,
    count(a.host) filter (where a.instance_id is null and (
      a.released_at > now() - $3 * interval '1 millisecond'
      or exists (select from network.node_removal r where r.ipv4 = host(network(s.ipv4::cidr))::inet + a.host)
    ))::integer as cooling,
    count(a.host) filter (where a.instance_id is not null and a.held_at > now() - interval '1 day')::integer as gained,
    count(a.host) filter (where a.instance_id is null and a.released_at > now() - interval '1 day'
      and a.held_at <= now() - interval '1 day')::integer as lost
  from network.subnet s left join network.address a on a.subnet_id = s.subnet_id
  where s.tenant = $1 and (s.subnet_id = any($2) or s.namespace_id = any($2))
  group by s.subnet_id, s.namespace_id, s.ipv4, s.position order by s.position`;

const ranges = `
  select r.range_id as "rangeId", r.cidr,
    (coalesce(sum(h.last - h.first + 1), 0) + s.held)::text as used,
    coalesce(sum(h.last - h.first + 1) filter (where h.taken_at > now() - interval '1 day'), 0)::text as gained,
    (count(p.public_address_id) + s.cooling)::integer as cooling
  from network.address_range r
  cross join lateral (
    select count(*) as held, count(*) filter (where a.service_id is null) as cooling from network.service_address a
    where r.purpose = 'SERVICES' and case r.family when 4 then a.ipv4 else a.ipv6 end <<= r.cidr::cidr
  ) s
  left join network.held_range h on h.family = r.family and h.first >= r.first and h.last <= r.last
    and h.subnet_id <> r.range_id
  left join network.public_address p on p.public_address_id = h.subnet_id and p.rests_until is not null
  where r.range_id = any($1) group by r.range_id, r.cidr, s.held, s.cooling`;

export const exactly = (size: bigint) =>
  Number(size > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : size);

function shown(id: string, rows: readonly SubnetRow[]): AddressUse {
  const sum = (of: (row: SubnetRow) => number) => rows.reduce((total, row) => total + of(row), 0);
  const size = capacityOf(rows);
  const used = sum((row) => row.used);
  const cooling = sum((row) => row.cooling);
  const free = size - used - cooling;
  const net = sum((row) => row.gained - row.lost);
  return { id, size, used, free, cooling, exhaustedAt: forecast(free, net, Date.now()) };
}

function shownRange({ rangeId, cidr, ...row }: RangeRow): AddressUse {
  const { family, prefix }: Range = parseRange(cidr);
  const all = sizeOf(family, prefix);
  const held = BigInt(row.used);
  const free = all - held;
  const used = held - BigInt(row.cooling);
  return {
    id: rangeId,
    size: exactly(all),
    used: exactly(used),
    free: exactly(free),
    cooling: row.cooling,
    exhaustedAt: forecast(Number(free), Number(row.gained), Date.now()),
  };
}

/** Those of the ids that are the tenant's; of ranges the operator's. */
export async function readUse(db: Pool, tenant: Tenant, ids: readonly string[], restMs: number): Promise<AddressUse[]> {
  if (tenant === PLATFORM) {
    const { rows } = await db.query<RangeRow>({ name: 'network-range-use', text: ranges, values: [ids] });
    return rows.map(shownRange);
  }
  const { rows } = await db.query<SubnetRow>({
    name: 'network-subnet-use',
    text: subnets,
    values: [tenant, ids, restMs],
  });
  const wanted = new Set(ids);
  const bySubnet = rows.filter((row) => wanted.has(row.subnetId)).map((row) => shown(row.subnetId, [row]));
  const byNamespace = [...Map.groupBy(rows, (row) => row.namespaceId)]
    .filter(([namespaceId]) => wanted.has(namespaceId))
    .map(([namespaceId, group]) => shown(namespaceId, group));
  return [...bySubnet, ...byNamespace];
}
