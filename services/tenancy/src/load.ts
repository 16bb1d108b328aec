/** A tenant as its stream tells it: as new as the last commit. */
import { type EventStore, loadState } from '@atoll/events/store';
import { type Rejection, tenantSuspended } from '@atoll/schema/errors';
import type { Id, Tenant } from '@atoll/schema/ids';
import type { TenantLimits } from '@atoll/schema/tenancy/events';
import { type Entitled, entitlements, entitlementsStream } from './domain/entitlements.ts';
import { type OfferedPlan, plan, planNotFound, planStream } from './domain/plan.ts';
import { isGone, tenant, tenantNotFound, tenantStream } from './domain/tenant.ts';

/** A tenant that there is, suspended or not. */
export async function knownTenant(
  store: EventStore,
  id: Tenant,
): Promise<{ readonly ok: true; readonly id: Id<'tenant'> } | { readonly ok: false; readonly rejection: Rejection }> {
  const { state } = await loadState(store, { decider: tenant, stream: tenantStream(id) });
  return isGone(state) ? { ok: false, rejection: tenantNotFound } : { ok: true, id: state.tenantId };
}

/** The tenant that something is to be created under, or why nothing can be. */
export async function activeTenant(
  store: EventStore,
  id: Tenant,
): Promise<
  | { readonly ok: true; readonly id: Id<'tenant'>; readonly limits: TenantLimits }
  | { readonly ok: false; readonly rejection: Rejection }
> {
  const { state } = await loadState(store, { decider: tenant, stream: tenantStream(id) });
  switch (state.status) {
    case 'absent':
    case 'deleted':
      return { ok: false, rejection: tenantNotFound };
    case 'suspended':
      return { ok: false, rejection: tenantSuspended(state.reason) };
    case 'active':
      return { ok: true, id: state.tenantId, limits: state.limits };
    default:
      return state satisfies never;
  }
}

/** A plan as it is now, or that there is none. */
export async function planNow(
  store: EventStore,
  planId: Id<'plan'>,
): Promise<{ readonly ok: true; readonly plan: OfferedPlan } | { readonly ok: false; readonly rejection: Rejection }> {
  const { state } = await loadState(store, { decider: plan, stream: planStream(planId) });
  return state.status === 'absent' ? { ok: false, rejection: planNotFound } : { ok: true, plan: state };
}

/** What a tenant may hold now, and the mark that the commit must find: null where it has no entitlements yet. */
export async function entitledNow(store: EventStore, tenantId: Id<'tenant'>): Promise<Entitled | null> {
  const { state } = await loadState(store, { decider: entitlements, stream: entitlementsStream(tenantId) });
  return state.status === 'absent' ? null : state;
}
