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
 * - `platform-policy-name`, `platform-rules`: names of the platform's policies, and how many rules they make.
 * - `environment-open`: marks that there is an environment; required by policies that name it.
 * - `pool`: the platform's ranges, of both families and for whatever purpose. No two overlap.
 * - `range-open`: marks that things may be taken out of a range; required by whatever is.
 * - `subnet-open`: marks that addresses of a subnet may be given; required by endpoints.
 * - `public`: public addresses, those at rest included. `public-address`: marks one that a tenant has; required by its mappings.
 * - `public-name`: names of public addresses in their namespaces. `public-port`: (address, protocol, port).
 * - `public-mappings`: how many mappings an address has, bounded; none may be left when it is given back.
 */
export const claimSets = [
  ...(['namespace-open', 'ipv4', 'ipv6', 'address', 'policy-name', 'policy'] as const),
  ...(['policy-rules', 'environment-open', 'platform-policy-name', 'platform-rules'] as const),
  ...(['tunnel-end', 'tunnel-mac', 'service-name', 'service', 'services'] as const),
  ...(['pool', 'range-open', 'subnet-open'] as const),
  ...(['public', 'public-address', 'public-name', 'public-port', 'public-mappings'] as const),
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

type RangeSet = 'ipv4' | 'ipv6' | 'pool' | 'public';
export const takeRange = (set: RangeSet, range: string, owner: string): Claim => ({
  op: 'take',
  kind: 'range',
  set,
  range,
  owner,
});
export const releaseRange = (set: RangeSet, range: string, owner: string): Claim => ({
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
/** Refused while anybody holds any of it: all that there may be is taken for a moment. */
export const noneOf = (set: ClaimSet, key: string, limit: number): readonly Claim[] => [
  takeAmount(set, key, 'nobody', limit, limit),
  releaseAmount(set, key, 'nobody'),
];

export const publicNameKey = (namespaceId: Id<'namespace'>, name: string) => `${namespaceId}/${name}`;
export const publicPortKey = (at: { readonly address: string; readonly protocol: string; readonly port: number }) =>
  `${at.address}/${at.protocol}/${at.port}`;
export const policyNameKey = (namespaceId: Id<'namespace'>, name: string) => `${namespaceId}/${name}`;

/** Of all policies of a namespace together. */
export const maxRules = 10_000;
export const takeRules = (namespaceId: Id<'namespace'>, policyId: Id<'policy'>, amount: number) =>
  takeAmount('policy-rules', namespaceId, policyId, amount, maxRules);
export const releaseRules = (namespaceId: Id<'namespace'>, policyId: Id<'policy'>) =>
  releaseAmount('policy-rules', namespaceId, policyId);
