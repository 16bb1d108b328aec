/** What this context holds in its claims: the rules over many streams, decided inside the commit. */
import type { Claim } from '@atoll/events/decider';
import type { Id, Tenant } from '@atoll/schema/ids';

/**
 * - `tenant`, `environment`: marks that the thing exists, and a tenant isn't suspended; required by what is created or
 *   changed underneath. The environment's key begins with its tenant, so that another tenant's environment and a missing one are the same thing here.
 * - `tenant-request`: idempotency keys of CreateTenant. A key belongs to a tenant, and here the tenant is what the
 *   command creates: the claim leads a repeated key to the tenant that was created under it.
 * - `…-name`: names that are taken.
 * - `plan-offered`, `plan-revision`, `entitlements`: that a plan can be given to tenants, and the newest revision of a plan
 *   and of a tenant's entitlements: what was decided on an older one isn't committed.
 * - `capability-use`: who uses a capability, or that nobody may (`capability-use.ts`).
 * - `issuer`: URL and audience, once in a tenant. `issuers`, `invitations`: how many a tenant holds.
 * - `api-keys`: how many live keys an owner holds.
 * - `invitation`: the mark of an open one; whoever lets go of it first decides what becomes of it.
 *
 * What holds quotas is in quota.ts.
 */
export const claimSets = [
  'tenant-request',
  'tenant',
  'tenant-name',
  'environment',
  'environment-name',
  'namespace-name',
  'service-account-name',
  'issuer',
  'issuers',
  'api-keys',
  'invitation',
  'invitations',
  'plan-name',
  'plan-offered',
  'plan-revision',
  'entitlements',
  'capability-use',
] as const;
export type ClaimSet = (typeof claimSets)[number];

export const takeAmount = (set: ClaimSet, key: string, owner: string, limit: number): Claim => ({
  ...{ op: 'take', kind: 'amount', amount: 1 },
  ...{ set, key, owner, limit },
});
export const releaseAmount = (set: ClaimSet, key: string, owner: string): Claim => ({
  ...{ op: 'release', kind: 'amount' },
  ...{ set, key, owner },
});

const unique = (op: 'take' | 'release', set: ClaimSet, key: string, owner: string): Claim => ({
  op,
  kind: 'unique',
  set,
  key,
  owner,
});

export const takeUnique = (set: ClaimSet, key: string, owner: string) => unique('take', set, key, owner);
export const releaseUnique = (set: ClaimSet, key: string, owner: string) => unique('release', set, key, owner);
export const requireClaim = (set: ClaimSet, key: string): Claim => ({ op: 'require', set, key });

export const environmentKey = (tenant: Tenant, environment: Id<'environment'>) => `${tenant}/${environment}`;

/** Held from a namespace's creation until it is gone. */
export const namespaceNameKey = (environment: Id<'environment'>, name: string) => `${environment}/${name}`;
