/** The platform's ranges, as the table has them now: the operator may add some at any time, in any process. */
import type { Id } from '@atoll/schema/ids';
import type { RangePurpose } from '@atoll/schema/network/addresses';
import type { DesiredNetwork } from '@atoll/schema/node/network';
import type { Pool, PoolClient } from 'pg';
import { networksOf } from '../compile/networks.ts';
import { type Family, parseRange, type Range } from '../domain/address.ts';

export interface PlatformRange {
  readonly rangeId: Id<'addressRange'>;
  readonly purpose: RangePurpose;
  readonly range: Range;
  readonly within: Id<'addressRange'> | null;
}

interface Row {
  readonly rangeId: Id<'addressRange'>;
  readonly purpose: RangePurpose;
  readonly cidr: string;
  readonly within: Id<'addressRange'> | null;
}

/** In the order in which they were added. */
export async function readRanges(db: Pick<Pool, 'query'>): Promise<readonly PlatformRange[]> {
  const { rows } = await db.query<Row>({
    name: 'network-ranges',
    text: `select range_id as "rangeId", purpose, cidr, within from network.address_range order by position`,
  });
  return rows.map(({ cidr, ...row }) => ({ ...row, range: parseRange(cidr) }));
}

export const rangesFor = (ranges: readonly PlatformRange[], purpose: RangePurpose, family?: Family) =>
  ranges.filter((one) => one.purpose === purpose && (family === undefined || one.range.family === family));

interface PoolRow {
  readonly purpose: 'INSTANCES' | 'SERVICES' | 'RESERVED';
  readonly family: Family;
  readonly cidr: string;
  /** Not cut out of another. */
  readonly alone: boolean;
}

/** What every node guards: all that instances and services have their addresses of, and what is no address outside. */
async function readPools(db: Pool | PoolClient): Promise<DesiredNetwork['pools']> {
  const { rows } = await db.query<PoolRow>({
    name: 'network-pools',
    text: `select * from (
        select purpose, family, cidr, within is null as alone from network.address_range where purpose <> 'PUBLIC'
        union all
        select 'RESERVED', family(address::inet), address::inet::cidr::text, true from network.node
      ) as ranges order by family, cidr::cidr`,
  });
  const guarded = rows.filter((row) => row.purpose === 'INSTANCES' || (row.purpose === 'SERVICES' && row.alone));
  const of = (family: Family) => guarded.filter((row) => row.family === family).map(({ cidr }) => cidr);
  const services = rows.filter((row) => row.purpose === 'SERVICES').map(({ cidr }) => cidr);
  // Nodes that are neighbours are few ranges: every node is told of all of them.
  const { ipv4, ipv6 } = networksOf(
    rows.flatMap(({ purpose, cidr }) => (purpose === 'RESERVED' ? [{ kind: 'CIDR', cidr, except: [] }] : [])),
  );
  return { ipv4: of(4), ipv6: of(6), services, reserved: [...ipv4, ...ipv6] };
}

/** As they were told last, for those who can't wait for them. */
export interface KnownPools {
  readonly ipv4: DesiredNetwork['pools']['ipv4'];
  readonly ipv6: DesiredNetwork['pools']['ipv6'];
  readonly services: DesiredNetwork['pools']['services'];
  readonly reserved: DesiredNetwork['pools']['reserved'];
  /** As they are now, or at the moment that the transaction sees. */
  refresh(tx?: PoolClient): Promise<DesiredNetwork['pools']>;
}

export async function knowPools(db: Pool): Promise<KnownPools> {
  let last = await readPools(db);
  return {
    get ipv4() {
      return last.ipv4;
    },
    get ipv6() {
      return last.ipv6;
    },
    get services() {
      return last.services;
    },
    get reserved() {
      return last.reserved;
    },
    async refresh(tx) {
      const now = await readPools(tx ?? db);
      last = now;
      return now;
    },
  };
}
