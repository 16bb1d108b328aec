/** A tenant as its stream tells it: as new as the last commit. */
import { type EventStore, loadState } from '@atoll/events/store';
import type { Rejection } from '@atoll/schema/errors';
import type { Id, Tenant } from '@atoll/schema/ids';
import type { TenantLimits } from '@atoll/schema/tenancy/events';
import { tenant, tenantNotFound, tenantStream, tenantSuspended } from './domain/tenant.ts';

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
      return { ok: false, rejection: tenantNotFound };
    case 'suspended':
      return { ok: false, rejection: tenantSuspended(state.reason) };
    case 'active':
      return { ok: true, id: state.tenantId, limits: state.limits };
    default:
      return state satisfies never;
  }
}
