/**
 * Whether a tenant has a capability is decided by the commit that uses it, in one set of amounts: whoever uses one holds
 * 1 of it; a tenant without it holds all of it, under a name of its own. So the last use and the removal can't miss each
 * other, over any number of processes, and a tenant with everything needs no claim at all.
 */
import type { Claim } from '@atoll/events/decider';
import type { Capability } from '@atoll/schema/capabilities';
import type { Tenant } from '@atoll/schema/ids';

const ALL = 1_000_000_000;
/** The owner of what nobody may use. */
export const EXCLUSION = 'exclusion';

export const capabilityKey = (tenant: Tenant, capability: string) => `${tenant}/${capability}`;
export const capabilityOf = (key: string) => key.slice(key.indexOf('/') + 1);

const amount = (tenant: Tenant, capability: string, owner: string) =>
  ({ kind: 'amount', set: 'capability-use', key: capabilityKey(tenant, capability), owner }) as const;

/** For what is created with the capability, e.g. a service account: refused with CAPABILITY_EXCLUDED where there is none. */
export const useCapability = (tenant: Tenant, capability: Capability, owner: string): Claim => ({
  op: 'take',
  ...amount(tenant, capability, owner),
  amount: 1,
  limit: ALL,
});
/** For what is deleted. */
export const endCapabilityUse = (tenant: Tenant, capability: Capability, owner: string): Claim => ({
  op: 'release',
  ...amount(tenant, capability, owner),
});

/** Refused with CAPABILITY_IN_USE where somebody uses it, unless `despiteUse`: then what is there stays, and nothing new comes. */
export const excludeCapability = (tenant: Tenant, capability: string, despiteUse: boolean): Claim => ({
  op: 'take',
  ...amount(tenant, capability, EXCLUSION),
  amount: ALL,
  limit: despiteUse ? Number.MAX_SAFE_INTEGER : ALL,
});
export const includeCapability = (tenant: Tenant, capability: string): Claim => ({
  op: 'release',
  ...amount(tenant, capability, EXCLUSION),
});
