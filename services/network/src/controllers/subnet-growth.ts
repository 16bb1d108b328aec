/** Gives namespaces that want it a further subnet, when those that they have are nearly full. */
import type { Id } from '@atoll/schema/ids';
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';
import type { Because } from '../origin.ts';
import { originBecauseOf } from '../origin.ts';
import { type SubnetAllocator, usualRanges } from '../pools/subnets.ts';

const usualPerRun = 50;
/** A namespace is asked for once in this time: by then its new subnet is in the tables, and a refused one isn't pestered with. */
const restMs = 15_000;
const maxRemembered = 10_000;

interface NearlyFull extends Because {
  readonly namespaceId: Id<'namespace'>;
  readonly newest: Id<'subnet'>;
}

/** Less than a tenth is free, or less than eight: three of each subnet are given to nobody. */
const sql = `
  select n.namespace_id as "namespaceId", n.tenant, n.cause, n.correlation, n.traceparent, u.newest
  from network.subnet_growth g
  join network.namespace n on n.namespace_id = g.namespace_id and n.status = 'open'
  cross join lateral (
    select
      sum((1::bigint << (32 - masklen(s.ipv4::cidr))) - 3) as size,
      sum((select count(*) from network.address a where a.subnet_id = s.subnet_id and a.instance_id is not null)) as used,
      (array_agg(s.subnet_id order by s.position desc))[1] as newest
    from network.subnet s where s.namespace_id = n.namespace_id and not s.closed
  ) u
  where u.newest is not null and u.size - u.used < greatest(8, u.size / 10) and n.namespace_id <> all($1)
    and n.namespace_id > $3
  order by n.namespace_id limit $2`;

/** `now` must not go back where the clock is set. */
export function createSubnetGrowth(options: {
  readonly db: Pool;
  readonly subnets: SubnetAllocator;
  readonly log: Logger;
  readonly now?: () => number;
  /** How many are asked for in one run. */
  readonly perRun?: number;
}): () => Promise<void> {
  const { db, subnets, log, now = () => performance.now(), perRun = usualPerRun } = options;
  const asked = new Map<Id<'namespace'>, number>();
  /** Where the last run stopped: those that are refused again and again keep nobody behind them from their turn. */
  let after = '';

  return async () => {
    for (const [namespaceId, until] of asked) if (until <= now()) asked.delete(namespaceId);
    const { rows } = await db.query<NearlyFull>(sql, [[...asked.keys()], perRun, after]);
    after = rows.length < perRun ? '' : (rows.at(-1)?.namespaceId ?? '');
    await Promise.all(
      rows.map(async ({ namespaceId, newest, ...because }) => {
        if (asked.size < maxRemembered) asked.set(namespaceId, now() + restMs);
        const outcome = await subnets.allocate({
          namespaceId,
          ranges: usualRanges,
          origin: originBecauseOf(because),
          // Of two processes that see the same one does it.
          idempotency: { key: `further-subnet:${newest}`, request: { namespaceId } },
          onClosed: () => ({ code: 'BEING_DELETED', message: 'The namespace is being deleted.' }),
        });
        if (!outcome.ok) log.warn({ namespaceId, ...outcome.rejection }, 'a namespace gets no further subnet');
      }),
    );
  };
}
