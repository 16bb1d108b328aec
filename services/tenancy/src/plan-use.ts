/**
 * Who would be hurt by a change of a plan: looked up before the change, over all tenants of the plan that have no override
 * of their own. A tenant that begins to use something in the same moment is treated as with `despiteUse`: it keeps it.
 */
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import { limitNames, type PlanTerms } from '@atoll/schema/tenancy/plans';
import type { Pool } from 'pg';
import { EXCLUSION } from './domain/capability-use.ts';
import { limitSet } from './domain/entitlements.ts';

export interface PlanUse {
  /** Null where nobody uses what the change takes away. */
  conflict(planId: Id<'plan'>, before: PlanTerms, after: PlanTerms): Promise<Rejection | null>;
}

/** How many are named. */
const NAMED = 10;

const named = (texts: readonly string[]) =>
  texts.length > NAMED ? `${texts.slice(0, NAMED).join(', ')} and more` : texts.join(', ');

const wayOut =
  'Have that removed first, give these tenants overrides, or say despiteUse: what is there then stays, and nothing new is admitted.';

const behind = reject(
  'UNAVAILABLE',
  'It is not known here yet which tenants have the plan. Nothing was done: try again in a moment.',
);

/** How long it waits for the table to have all that is committed; it is behind by milliseconds, if at all. */
const WAIT_MS = 3000;

export function createPlanUse(pool: Pool, schema: string, caughtUp: (deadline: number) => Promise<boolean>): PlanUse {
  async function capabilityUse(planId: Id<'plan'>, name: string): Promise<Rejection | null> {
    const { rows } = await pool.query<{ tenant: string; owner: string }>(
      `select t.tenant, c.owner
       from ${schema}.tenant_plan t join ${schema}.claim_amount c
         on c.claim_set = 'capability-use' and c.key = t.tenant || '/' || $2 and c.owner <> $3 and c.amount > 0
       where t.plan_id = $1 and not coalesce(t.overrides -> 'grant' ? $2, false)
       order by t.tenant, c.owner limit $4`,
      [planId, name, EXCLUSION, NAMED + 1],
    );
    if (rows.length === 0) return null;
    const who = named(rows.map(({ tenant, owner }) => `${tenant} (${owner})`));
    return reject(
      'CAPABILITY_IN_USE',
      `Tenants of the plan use the capability "${name}": ${who}. ${wayOut}`,
      'terms.capabilities',
    );
  }

  async function limitUse(planId: Id<'plan'>, name: string, set: string, limit: number): Promise<Rejection | null> {
    const { rows } = await pool.query<{ tenant: string; held: string }>(
      `select t.tenant, c.held
       from ${schema}.tenant_plan t join ${schema}.claim_total c
         on c.claim_set = $2 and c.key = t.tenant and c.held > $3
       where t.plan_id = $1 and t.overrides -> 'limits' -> $4 is null
       order by t.tenant limit $5`,
      [planId, set, limit, name, NAMED + 1],
    );
    if (rows.length === 0) return null;
    const who = named(rows.map(({ tenant, held }) => `${tenant} (${held})`));
    return reject(
      'LIMIT_BELOW_USE',
      `Tenants of the plan hold more than ${limit} ${name}: ${who}. ${wayOut}`,
      `terms.limits.${name}`,
    );
  }

  return {
    async conflict(planId, before, after) {
      if (!(await caughtUp(Date.now() + WAIT_MS))) return behind;
      for (const name of before.capabilities) {
        if (after.capabilities.includes(name)) continue;
        const found = await capabilityUse(planId, name);
        if (found) return found;
      }
      for (const name of limitNames) {
        if (after.limits[name] >= before.limits[name]) continue;
        const found = await limitUse(planId, name, limitSet(name), after.limits[name]);
        if (found) return found;
      }
      return null;
    },
  };
}
