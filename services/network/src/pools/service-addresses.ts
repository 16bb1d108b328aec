/**
 * Suggests virtual addresses: first those that never were given, then the longest at rest, once they have rested and no node
 * that is heard of may still send connections by them. The claim in the commit decides.
 */
import type { Pool } from 'pg';
import { addressText, type Family, lastOf } from '../domain/address.ts';
import { type AddressPair, pairAt, placeOf, type ServiceRanges } from '../domain/service-addresses.ts';
import type { Reachability } from '../nodes/reachability.ts';
import { rangesFor, readRanges } from './ranges.ts';

export interface ServiceAddresses {
  /** `lost`: how often somebody else was faster. Null where there is none to be had. */
  next(lost: number): Promise<AddressPair | null>;
}

export function createServiceAddresses(options: {
  readonly db: Pool;
  readonly reachability: Reachability;
  /** How long an address rests, in milliseconds. */
  readonly restMs: number;
}): ServiceAddresses {
  const { db, reachability, restMs } = options;
  /** As they are now: the operator may add some at any time, in any process. */
  async function rangesNow(): Promise<ServiceRanges> {
    const all = await readRanges(db);
    const of = (family: Family) => rangesFor(all, 'SERVICES', family).map(({ range }) => range);
    return { ipv4: of(4), ipv6: of(6) };
  }

  /** Of the last range that anything was given of, as far as the read model has got. */
  async function highest({ ipv4 }: ServiceRanges): Promise<number> {
    const { rows } = await db.query<{ highest: string }>(
      `select highest from (
         select n, (select host(max(ipv4)) from network.service_address where ipv4 between r.first and r.last) as highest
         from unnest($1::inet[], $2::inet[]) with ordinality as r(first, last, n)
       ) of_each where highest is not null order by n desc limit 1`,
      [ipv4.map((range) => addressText(4, range.first)), ipv4.map((range) => addressText(4, lastOf(range)))],
    );
    return (rows[0] && placeOf(ipv4, rows[0].highest)) ?? 0;
  }

  async function rested(lost: number): Promise<AddressPair | null> {
    const { rows } = await db.query<AddressPair>(
      `select host(a.ipv4) as ipv4, host(a.ipv6) as ipv6 from network.service_address a
       where a.service_id is null and a.released_at < now() - $1 * interval '1 millisecond'
         and not exists (
           select from network.node_document d join network.node_applied p using (node_id)
           where d.generation >= a.released_generation and coalesce(p.generation, 0) < a.released_generation
             and greatest(p.reported_at, $2::timestamptz) > now() - $3 * interval '1 millisecond'
         )
       order by a.released_generation offset $4 limit 1`,
      [restMs, reachability.since, reachability.silentAfterMs, lost],
    );
    return rows[0] ?? null;
  }

  /**
   * The next place, which no other process gets: an address that was given back a moment ago must rest, also while the read
   * model doesn't tell of it yet. Null beyond the last range, where none is used up.
   */
  async function fresh(ranges: ServiceRanges): Promise<AddressPair | null> {
    const known = await highest(ranges);
    const { rows } = await db.query<{ last: string }>(
      'select case when is_called then last_value else 0 end as last from network.service_place',
    );
    if (pairAt(ranges, Math.max(known, Number(rows[0]?.last)) + 1) === null) return null;
    const taken = await db.query<{ place: string }>(
      `select case when next > $1 then next else setval('network.service_place', $1 + 1) end as place
       from nextval('network.service_place') as next`,
      [known],
    );
    return pairAt(ranges, Number(taken.rows[0]?.place));
  }

  return {
    async next(lost) {
      const ranges = await rangesNow();
      return (await fresh(ranges)) ?? (await rested(lost));
    },
  };
}
