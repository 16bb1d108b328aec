/** When credentials were last used is told by gateways, not by events; it goes with what it is about all the same. */
import type { EventRecord } from '@atoll/schema/envelope';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import type { PoolClient } from 'pg';

const ending: ReadonlySet<string> = new Set<TenancyEvent['type']>(['ServiceAccountDeleted', 'TenantDeleted']);

/** After the rows of the batch are written: a use is of what is there. */
export async function forgetUses(tx: PoolClient, events: readonly EventRecord[]): Promise<void> {
  const tenants = new Set(events.filter(({ type }) => ending.has(type)).map(({ tenant }) => tenant));
  if (tenants.size === 0) return;
  await tx.query({
    name: 'forget-credential-uses',
    text: `delete from read.credential_use u where u.tenant_id = any($1::text[])
      and not exists (select from read.api_key k where k.id = u.id)
      and not exists (select from read.service_account a where a.id = u.id)`,
    values: [[...tenants]],
  });
}
