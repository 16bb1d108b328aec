/**
 * What holders hold, and how full the quotas of tenants, environments and namespaces are: worked out from all that is known,
 * so that it doesn't matter which was told first.
 */
import { measureNames } from '@atoll/schema/tenancy/quotas';
import type { PoolClient } from 'pg';
import type { Changes } from './effects.ts';
import { shownMeasure } from './tenancy-quotas.ts';

/** $1: ids; $2: measures, in order; $3: as they are shown. */
const holders = `
  update quota_holder h set used = f.used, reserved = f.reserved, amounts = f.amounts
  from (
    select w.id,
      array_agg(m.used order by m.n) as used,
      array_agg(m.reserved order by m.n) as reserved,
      coalesce(
        json_agg(json_build_object('measure', m.shown, 'used', m.used, 'reserved', m.reserved) order by m.n)
          filter (where m.used > 0 or m.reserved > 0),
        '[]'
      ) as amounts
    from unnest($1::text[]) w(id)
    cross join lateral (
      select k.n, k.shown, k.used, greatest(k.kept - k.used, 0) as reserved
      from (
        select n, shown,
          coalesce((select (c.amounts ->> name)::bigint from quota_committed c where c.id = w.id), 0) as used,
          coalesce((select max((r.amounts ->> name)::bigint) from quota_reservation r where r.holder_id = w.id), 0) as kept
        from unnest($2::text[], $3::text[]) with ordinality as measure(name, shown, n)
      ) k
    ) m
    group by w.id
  ) f
  where h.id = f.id`;

/** One that holds nothing, and that nothing is kept for, is none. */
const nothing = `
  delete from quota_holder h where h.id = any($1)
    and not exists (select from unnest(h.used || h.reserved) amount where amount > 0)
    and not exists (select from quota_reservation r where r.holder_id = h.id)`;

const full = (table: string, column: string, limits: string, measures: string) => `
  update ${table} s set quota = f.quota
  from (
    select t.id, json_agg(json_build_object(
      'measure', m.shown,
      'limit', (l.limits ->> m.name)::integer,
      'used', coalesce(u.used, 0),
      'reserved', coalesce(u.reserved, 0)
    ) order by m.n) as quota
    from ${table} t
    cross join (
      select * from unnest($2::text[], $3::text[]) with ordinality as measure(name, shown, n) ${measures}
    ) m
    left join ${limits}
    left join lateral (
      select sum(h.used[m.n]) as used, sum(h.reserved[m.n]) as reserved
      from quota_holder h where h.${column} = t.id
    ) u on true
    where t.id = any($1)
    group by t.id
  ) f
  where s.id = f.id`;

const ownLimits = 'quota_limit l on l.id = t.id';
const scopes = [
  full('tenant', 'tenant_id', "lateral (select t.entitlements -> 'limits' as limits) l on true", ''),
  full('environment', 'environment_id', ownLimits, ''),
  // A namespace holds no namespaces.
  full('namespace', 'namespace_id', ownLimits, "where name <> 'namespaces'"),
];

const shown = measureNames.map(shownMeasure);

export async function deriveQuotas(tx: PoolClient, derived: Changes['derived']): Promise<void> {
  const { quotaHolder, quotaScope } = derived;
  if (quotaHolder.length > 0) {
    await tx.query(holders, [quotaHolder, measureNames, shown]);
    await tx.query(nothing, [quotaHolder]);
  }
  if (quotaScope.length === 0) return;
  for (const scope of scopes) await tx.query(scope, [quotaScope, measureNames, shown]);
}
