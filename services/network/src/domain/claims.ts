/** What this context holds in its claims: the rules over many streams, decided inside the commit. */
import type { Claim } from '@atoll/events/decider';
import type { Id } from '@atoll/schema/ids';

/**
 * - `namespace-open`: marks that a namespace takes new things; taken when it opens, let go of when it closes, required
 *   by whatever is created in it.
 * - `ipv4`, `ipv6`: ranges of subnets, over the whole platform. No two overlap.
 * - `address`: addresses of endpoints.
 * - `policy-name`: names of policies in their namespaces.
 * - `policy`: marks that a policy exists; required by its receipts.
 * - `tunnel-end`, `tunnel-mac`: address and port, and hardware address, of a node's end of the tunnel.
 * - `service-name`: names of services in their namespaces. `service`: marks that a service exists. `services`: how many a
 *   namespace has. Their addresses are in `address`, with those of endpoints.
 * - `policy-rules`: how many rules the policies of a namespace make.
 * - `environment-open`: marks that there is an environment; required by policies that name it.
 */
export const claimSets = [
  ...(['namespace-open', 'ipv4', 'ipv6', 'address', 'policy-name', 'policy'] as const),
  ...(['policy-rules', 'environment-open'] as const),
  ...(['tunnel-end', 'tunnel-mac', 'service-name', 'service', 'services'] as const),
] as const;
export type ClaimSet = (typeof claimSets)[number];

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
export const requireOpen = (namespaceId: Id<'namespace'>) => requireClaim('namespace-open', namespaceId);

export const requireEnvironment = (environmentId: Id<'environment'>) => requireClaim('environment-open', environmentId);

/** While what was reserved for it of the quotas is kept. */
export const RESERVATION = 'reservation';
export const useBefore = (time: string): Claim => ({ op: 'before', set: RESERVATION, key: time });

export const takeRange = (set: 'ipv4' | 'ipv6', range: string, owner: Id<'subnet'>): Claim => ({
  op: 'take',
  kind: 'range',
  set,
  range,
  owner,
});
export const releaseRange = (set: 'ipv4' | 'ipv6', range: string, owner: Id<'subnet'>): Claim => ({
  op: 'release',
  kind: 'range',
  set,
  key: range,
  owner,
});

export const takeAmount = (set: ClaimSet, key: string, owner: string, amount: number, limit: number): Claim => ({
  op: 'take',
  kind: 'amount',
  set,
  key,
  owner,
  amount,
  limit,
});
export const releaseAmount = (set: ClaimSet, key: string, owner: string): Claim => ({
  op: 'release',
  kind: 'amount',
  set,
  key,
  owner,
});

export const serviceNameKey = (namespaceId: Id<'namespace'>, name: string) => `${namespaceId}/${name}`;
export const policyNameKey = (namespaceId: Id<'namespace'>, name: string) => `${namespaceId}/${name}`;

/** Of all policies of a namespace together. */
export const maxRules = 10_000;
export const takeRules = (namespaceId: Id<'namespace'>, policyId: Id<'policy'>, amount: number): Claim => ({
  ...{ op: 'take', kind: 'amount', set: 'policy-rules', key: namespaceId, owner: policyId, amount, limit: maxRules },
});
export const releaseRules = (namespaceId: Id<'namespace'>, policyId: Id<'policy'>): Claim => ({
  ...{ op: 'release', kind: 'amount', set: 'policy-rules', key: namespaceId, owner: policyId },
});
