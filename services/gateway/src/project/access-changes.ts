/** Which tenants' rules of who may do what a batch of events changes: written beside the rows, and told to the gateways. */
import type { EventRecord } from '@atoll/schema/envelope';
import type { TenancyEvent } from '@atoll/schema/tenancy/events';
import type { PoolClient } from 'pg';

/** Events of the tenancy context after which somebody may do more or less. */
const changing: ReadonlySet<string> = new Set<TenancyEvent['type']>([
  ...(['TenantSuspended', 'TenantResumed', 'MemberAdded', 'MemberRoleChanged', 'MemberRemoved'] as const),
  ...(['IssuerRegistered', 'IssuerChanged', 'IssuerRemoved', 'ApiKeyCreated', 'ApiKeyRevoked'] as const),
  ...(['ServiceAccountSecretRotated', 'ServiceAccountDisabled', 'ServiceAccountEnabled'] as const),
  ...(['ServiceAccountDeleted'] as const),
  'EntitlementsChanged',
  ...(['ServiceAccountCreated', 'RoleChanged', 'RoleDeleted', 'RoleBound', 'RoleUnbound', 'NamespaceDeleted'] as const),
  ...(['DeletionStarted', 'DeletionCancelled', 'EnvironmentDeleted', 'TenantDeleted'] as const),
]);

function tenantOf({ tenant, data }: EventRecord): string {
  const told: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, 'tenantId') : undefined;
  return typeof told === 'string' ? told : tenant;
}

export const changedAccess = (events: readonly EventRecord[]): ReadonlySet<string> =>
  new Set(events.filter(({ context, type }) => context === 'tenancy' && changing.has(type)).map(tenantOf));

/** Whoever calls holds the lock of the projections, so that numbers are seen in their order. */
export async function markAccessChanges(tx: PoolClient, tenants: ReadonlySet<string>): Promise<void> {
  if (tenants.size === 0) return;
  await tx.query(
    `insert into read.access_change (tenant_id, seq)
     select tenant_id, nextval('read.access_change_seq') from unnest($1::text[]) tenant_id
     on conflict (tenant_id) do update set seq = excluded.seq`,
    [[...tenants]],
  );
}
