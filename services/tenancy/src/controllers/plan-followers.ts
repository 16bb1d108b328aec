/**
 * A plan was changed: its tenants' entitlements follow. Level-triggered, page by page: who is behind is read anew each
 * time, so it goes on after any crash where it was, and tenants from before there were plans get theirs the same way.
 */

import { readHeldClaims } from '@atoll/events/held-claims';
import { refusal } from '@atoll/events/outage';
import { type EventStore, handleCommand, loadState } from '@atoll/events/store';
import { id } from '@atoll/schema/ids';
import { defaultTerms, limitNames, noOverrides, type Overrides, type PlanTerms } from '@atoll/schema/tenancy/plans';
import { type Controller, startController } from '@atoll/service/controller';
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';
import type { ClaimSet } from '../domain/claims.ts';
import { entitlements, entitlementsStream } from '../domain/entitlements.ts';
import { isGone, tenant, tenantStream } from '../domain/tenant.ts';
import { planNow } from '../load.ts';
import { type Follower, readBehind } from '../projections/plans.ts';

const PAGE = 100;
const RESYNC_MS = 5_000;

export function startPlanFollowers(options: {
  store: EventStore;
  pool: Pool;
  schema: string;
  log: Logger;
}): Controller {
  const { store, pool, schema, log } = options;
  return startController({
    name: 'plan-followers',
    resyncMs: RESYNC_MS,
    log,
    async reconcile(signal) {
      for (let after = ''; !signal.aborted; ) {
        const page = await readBehind(pool, schema, after, PAGE);
        const last = page.at(-1);
        if (!last) return;
        for (const follower of page) {
          if (signal.aborted) return;
          await follow({ store, pool, schema }, follower);
        }
        after = last.tenant;
      }
    },
  });
}

interface Needs {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly schema: string;
}

async function follow({ store, pool, schema }: Needs, follower: Follower): Promise<void> {
  const tenantId = id('tenant').parse(follower.tenant);
  const first = follower.plan_revision < 0;
  const chosen = first ? await chosenPlan(pool, schema, tenantId) : null;
  const plan = await planNow(store, id('plan').parse(chosen ?? follower.plan_id));
  if (!plan.ok) throw refusal(`The plan of ${tenantId}`, plan.rejection);
  const common = { tenantId, plan: plan.plan };
  // Tenants from before there were plans had the limits of what is the default one today.
  const own = first
    ? await overridesOf(store, tenantId, chosen === null ? defaultTerms : plan.plan.terms)
    : noOverrides;
  const outcome = await handleCommand(store, {
    decider: entitlements,
    stream: entitlementsStream(tenantId),
    command: first ? { kind: 'adopt', ...common, overrides: own } : { kind: 'follow', ...common },
    origin: {
      tenant: tenantId,
      actor: 'service:tenancy',
      cause: follower.cause,
      correlation: follower.correlation,
      traceparent: follower.traceparent,
    },
    // Changed once more meanwhile, or taken up elsewhere: the next look finds out.
    onClaimConflict: () => ({ code: 'VERSION_CONFLICT', message: 'The plan was changed meanwhile.' }),
  });
  if (!outcome.ok && outcome.rejection.code !== 'VERSION_CONFLICT') {
    throw refusal(`Entitlements of ${tenantId}`, outcome.rejection);
  }
}

/** Which one a tenant was created with, where the process that created it came no further; null for none. */
async function chosenPlan(pool: Pool, schema: string, tenantId: string): Promise<string | null> {
  const sets: readonly ClaimSet[] = ['plan-chosen'];
  const [held] = await readHeldClaims(pool, schema, { keys: [tenantId], owners: [], sets }, 1);
  return held?.owner ?? null;
}

/** What a tenant was created with, where it isn't what everybody gets. */
async function overridesOf(store: EventStore, tenantId: string, terms: PlanTerms): Promise<Overrides> {
  const { state } = await loadState(store, { decider: tenant, stream: tenantStream(tenantId) });
  if (isGone(state)) return noOverrides;
  const own = Object.entries(state.limits).filter(([name, limit]) =>
    limitNames.some((known) => known === name && terms.limits[known] !== limit),
  );
  return { ...noOverrides, limits: Object.fromEntries(own) };
}
