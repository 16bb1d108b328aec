/**
 * Suggests virtual addresses: first those that never were given, then the longest at rest, once they have rested and no node
 * that is heard of may still send connections by them. The claim in the commit decides.
 */
import type { Pool } from 'pg';
import { addressText, addressValue, lastOf } from '../domain/address.ts';
import { type AddressPair, capacityOf, pairAt, placeOf, type ServiceRanges } from '../domain/service-addresses.ts';
import type { Reachability } from '../nodes/reachability.ts';

export interface ServiceAddresses {
  /** `lost`: how often somebody else was faster. Null where there is none to be had. */
  next(lost: number): Promise<AddressPair | null>;
}

/** So far apart look those who have lost a race: they take different ones then. */
const spread = 64;

export function createServiceAddresses(options: {
  readonly db: Pool;
  /** Undefined where the operator has none of that family: then no service gets an address. */
  readonly ranges: { readonly [F in keyof ServiceRanges]: ServiceRanges[F] | undefined };
  readonly reachability: Reachability;
  /** How long an address rests, in milliseconds. */
  readonly restMs: number;
}): ServiceAddresses {
  const { db, reachability, restMs } = options;
  const { ipv4, ipv6 } = options.ranges;
  if (ipv4 === undefined || ipv6 === undefined) return { next: async () => null };
  const ranges = { ipv4, ipv6 };
  const first = addressText(4, ranges.ipv4.first);
  const last = addressText(4, lastOf(ranges.ipv4));
  /** The highest place that this process has suggested. */
  let suggested = 0;

  async function highest(): Promise<number> {
    const { rows } = await db.query<{ highest: string | null }>(
      'select host(max(ipv4)) as highest from network.service_address where ipv4 between $1::inet and $2::inet',
      [first, last],
    );
    const text = rows[0]?.highest ?? null;
    return text === null ? 0 : Number(addressValue(text) - ranges.ipv4.first);
  }

  async function rested(lost: number): Promise<AddressPair | null> {
    const { rows } = await db.query<{ ipv4: string }>(
      `select host(a.ipv4) as ipv4 from network.service_address a
       where a.service_id is null and a.ipv4 between $1::inet and $2::inet
         and a.released_at < now() - $3 * interval '1 millisecond'
         and not exists (
           select from network.node_document d join network.node_applied p using (node_id)
           where d.generation >= a.released_position and coalesce(p.generation, 0) < a.released_position
             and greatest(p.reported_at, $4::timestamptz) > now() - $5 * interval '1 millisecond'
         )
       order by a.released_position offset $6 limit 1`,
      [first, last, restMs, reachability.since, reachability.silentAfterMs, lost],
    );
    const place = rows[0] === undefined ? null : placeOf(ranges, rows[0].ipv4);
    return place === null ? null : pairAt(ranges, place);
  }

  return {
    async next(lost) {
      const step = lost === 0 ? 1 : 1 + Math.floor(Math.random() * spread);
      const place = Math.max(await highest(), suggested) + step;
      if (place <= capacityOf(ranges)) {
        suggested = place;
        return pairAt(ranges, place);
      }
      return rested(lost);
    },
  };
}
