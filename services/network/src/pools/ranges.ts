/** The platform's ranges, as the table has them now: the operator may add some at any time, in any process. */
import type { Id } from '@atoll/schema/ids';
import type { RangePurpose } from '@atoll/schema/network/addresses';
import type { DesiredNetwork } from '@atoll/schema/node/network';
import type { Pool, PoolClient } from 'pg';
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

/** What every node guards: all that instances and services have their addresses of. */
async function readPools(db: Pool | PoolClient): Promise<DesiredNetwork['pools']> {
  const { rows } = await db.query<{ family: Family; cidr: string; pool: boolean; services: boolean }>({
    name: 'network-pools',
    text: `select family, cidr, purpose = 'INSTANCES' or within is null as pool, purpose = 'SERVICES' as services
      from network.address_range where purpose in ('INSTANCES', 'SERVICES') order by family, cidr::cidr`,
  });
  const of = (family: Family) => rows.filter((row) => row.pool && row.family === family).map(({ cidr }) => cidr);
  const services = rows.filter((row) => row.services).map(({ cidr }) => cidr);
  return { ipv4: of(4), ipv6: of(6), services };
}

/** As they were told last, for those who can't wait for them. */
export interface KnownPools {
  readonly ipv4: DesiredNetwork['pools']['ipv4'];
  readonly ipv6: DesiredNetwork['pools']['ipv6'];
  readonly services: DesiredNetwork['pools']['services'];
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
    async refresh(tx) {
      const now = await readPools(tx ?? db);
      last = now;
      return now;
    },
  };
}
