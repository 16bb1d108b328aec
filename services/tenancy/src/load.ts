/** A tenant as its stream tells it: as new as the last commit. */

import type { EventStore } from '@atoll/events/store';
import type { EventRecord } from '@atoll/schema/envelope';
import { type TenantEvent, type TenantState, tenant, tenantStream } from './domain/tenant.ts';

export async function loadTenant(store: EventStore, id: string): Promise<TenantState> {
  const records = await store.readStream(tenantStream(id));
  return records.reduce((state, record) => tenant.evolve(state, record as EventRecord & TenantEvent), tenant.initial);
}
