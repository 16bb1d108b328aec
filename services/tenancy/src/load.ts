/** A tenant as its stream tells it: as new as the last commit. */

import type { EventStore } from '@atoll/events/store';
import type { EventRecord } from '@atoll/schema/envelope';
import type { Rejection } from '@atoll/schema/errors';
import type { Id, Tenant } from '@atoll/schema/ids';
import type { TenantLimits } from '@atoll/schema/tenancy/events';
import {
  type TenantEvent,
  type TenantState,
  tenant,
  tenantNotFound,
  tenantStream,
  tenantSuspended,
} from './domain/tenant.ts';

async function loadTenant(store: EventStore, id: string): Promise<TenantState> {
  const records = await store.readStream(tenantStream(id));
  return records.reduce((state, record) => tenant.evolve(state, record as EventRecord & TenantEvent), tenant.initial);
}

/** The tenant that something is to be created under, or why nothing can be. */
export async function activeTenant(
  store: EventStore,
  id: Tenant,
): Promise<
  | { readonly ok: true; readonly id: Id<'tenant'>; readonly limits: TenantLimits }
  | { readonly ok: false; readonly rejection: Rejection }
> {
  const state = await loadTenant(store, id);
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
