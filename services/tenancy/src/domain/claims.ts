/** What this context holds in its claims: the rules over many streams, decided inside the commit. */
import type { Claim, HeldClaim } from '@atoll/events/decider';
import type { Id, Tenant } from '@atoll/schema/ids';

/**
 * - `tenant`, `environment`: marks that the thing exists, and a tenant isn't suspended; required by what is created or
 *   changed underneath. The environment's key begins with its tenant, so that another tenant's environment and a missing one are the same thing here.
 * - `tenant-request`: idempotency keys of CreateTenant. A key belongs to a tenant, and here the tenant is what the
 *   command creates: the claim leads a repeated key to the tenant that was created under it.
 * - `…-name`: names that are taken.
 * - `plan-chosen`: which plan a tenant was created with, for whoever gives it its first entitlements.
 * - `plan-offered`, `plan-revision`, `entitlements`: that a plan can be given to tenants, and the newest revision of a plan
 *   and of a tenant's entitlements: what was decided on an older one isn't committed.
 * - `capability-use`: who uses a capability, or that nobody may (`capability-use.ts`).
 * - `issuer`: URL and audience, once in a tenant. `issuers`, `invitations`: how many a tenant holds.
 * - `api-keys`: how many live keys an owner holds.
 * - `invitation`: the mark of an open one; whoever lets go of it first decides what becomes of it.
 *
 * What holds quotas is in quota.ts.
 * - `deletion`: what is being deleted, and by which deletion.
 * - `deletion-protection`: what is protected from deletion, counted at itself and at all that it is in; a deletion holds its
 *   one place at what it deletes, so that neither comes while the other is there.
 * - `legal-hold`: tenants of which nothing may be destroyed; taken by a deletion for a moment, to see that there is none.
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
  'plan-chosen',
  'plan-name',
  'plan-offered',
  'plan-revision',
  'entitlements',
  'capability-use',
  'deletion',
  'deletion-protection',
  'legal-hold',
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
export const requireHeldBy = (set: ClaimSet, key: string, owner: string): Claim => ({ op: 'require', set, key, owner });

export const environmentKey = (tenant: Tenant, environment: Id<'environment'>) => `${tenant}/${environment}`;

/** Held from a namespace's creation until it is gone. */
export const namespaceNameKey = (environment: Id<'environment'>, name: string) => `${environment}/${name}`;

const placeOf = (set: ClaimSet, key: string, owner: string) => ({ kind: 'amount', set, key, owner }) as const;

/** Holds one place under the key beside whoever else does. */
export const takePlace = (set: ClaimSet, key: string, owner: string): Claim => ({
  op: 'take',
  ...placeOf(set, key, owner),
  amount: 1,
  limit: Number.MAX_SAFE_INTEGER,
});
export const releasePlace = (set: ClaimSet, key: string, owner: string): Claim => ({
  op: 'release',
  ...placeOf(set, key, owner),
});

/** Nobody may hold the mark at this commit: it is taken, and let go of in the same one. */
export const requireFree = (set: ClaimSet, key: string, owner: string): readonly Claim[] => [
  takeUnique(set, key, owner),
  releaseUnique(set, key, owner),
];
/** Nobody may hold a place under the key at this commit. */
export const requireUnheld = (set: ClaimSet, key: string, owner: string): readonly Claim[] => [
  { op: 'take', ...placeOf(set, key, owner), amount: 1, limit: 1 },
  releasePlace(set, key, owner),
];

/** Taken when a deletion begins to destroy: from then on it is too late for a legal hold. */
export const purgeKey = (target: string) => `${target}/purge`;

/** What suspends or resumes a tenant, or protects something, needs it not to be on its way out. */
export const requireStaying = (id: string, owner: string): readonly Claim[] => requireFree('deletion', id, owner);

/** Lets go of what is held. */
export const releaseOf = ({ kind, set, key, owner }: HeldClaim): Claim => ({ op: 'release', kind, set, key, owner });
