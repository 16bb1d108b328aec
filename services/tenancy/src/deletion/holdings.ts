/** What this context has of a tenant or an environment: read from its claims, and so complete at the last commit. */
import type { HeldClaim } from '@atoll/events/decider';
import { readHeldClaims } from '@atoll/events/held-claims';
import type { Id } from '@atoll/schema/ids';
import type { Count } from '@atoll/schema/remains';
import type { Pool } from 'pg';
import { type ClaimSet, environmentKey } from '../domain/claims.ts';
import type { Target } from '../domain/deletion.ts';
import type { Named } from '../domain/deletion-steps.ts';
import { measureOf } from '../domain/quota.ts';
import { schema } from '../names.ts';

/** Of one tenant; it holds fewer by far. */
const MOST = 5000;

/** What of `name-key → owner` stands under the parent. */
async function named<K extends 'environment' | 'namespace'>(
  pool: Pool,
  set: ClaimSet,
  parent: string,
): Promise<readonly Named<K>[]> {
  const held = await readHeldClaims(pool, schema, { keys: [parent], owners: [], sets: [set] }, MOST);
  return held.map(({ key, owner }) => ({ id: owner as Id<K>, name: key.slice(parent.length + 1) }));
}

/** Until they are deleted, those that are being deleted included. */
export const environmentsOf = (pool: Pool, tenant: Id<'tenant'>) =>
  named<'environment'>(pool, 'environment-name', tenant);

export async function namespacesOf(
  pool: Pool,
  environments: readonly Id<'environment'>[],
): Promise<readonly Named<'namespace'>[]> {
  const held = await readHeldClaims(pool, schema, { keys: environments, owners: [], sets: ['namespace-name'] }, MOST);
  return held.map(({ key, owner }) => ({ id: owner as Id<'namespace'>, name: key.slice(key.indexOf('/') + 1) }));
}

/** The name that is claimed by it. */
export async function nameOf(pool: Pool, set: ClaimSet, owner: string): Promise<string | null> {
  const [held] = await readHeldClaims(pool, schema, { keys: [], owners: [owner], sets: [set] }, 1);
  return held === undefined ? null : held.key.slice(held.key.indexOf('/') + 1);
}

/** Let go of by the deletion itself, in its own time; a key of CreateTenant for ever leads to the tenant that was created. */
const ownOfDeletion: readonly ClaimSet[] = ['tenant-request', 'deletion'];
const things: readonly string[] = ['environment-name', 'environment', 'namespace-name', 'namespaces'];
const marks: Record<Target['target'], readonly string[]> = {
  TENANT: ['tenant', 'tenant-name', ...things],
  ENVIRONMENT: things,
};

const scopeOf = (tenant: Id<'tenant'>, { target, targetId }: Target) =>
  target === 'TENANT'
    ? { keys: [targetId], owners: [targetId] }
    : { keys: [targetId, environmentKey(tenant, targetId)], owners: [targetId] };

/** Everything that it holds beside what it is and what is in it: at most `limit`. */
export const heldBeside = (
  pool: Pool,
  tenant: Id<'tenant'>,
  of: Target,
  limit: number,
): Promise<readonly HeldClaim[]> =>
  readHeldClaims(pool, schema, { ...scopeOf(tenant, of), notOf: [...ownOfDeletion, ...marks[of.target]] }, limit);

/** Everything that its last fact lets go of. */
export const heldAtTheEnd = (pool: Pool, tenant: Id<'tenant'>, of: Target, limit: number) =>
  readHeldClaims(pool, schema, { ...scopeOf(tenant, of), notOf: ownOfDeletion }, limit);

/** What claims are told as; null where something else stands for them. */
const kinds: Record<ClaimSet, string | null> = {
  'tenant-request': null,
  tenant: null,
  'tenant-name': null,
  environment: null,
  'environment-name': 'environments',
  'namespace-name': 'namespaces',
  'service-account-name': 'serviceAccounts',
  issuer: 'issuers',
  issuers: null,
  'api-keys': 'apiKeys',
  invitation: 'invitations',
  invitations: null,
  'plan-chosen': null,
  'plan-name': null,
  'plan-offered': null,
  'plan-revision': null,
  entitlements: 'entitlements',
  'capability-use': null,
  deletion: null,
  'deletion-protection': null,
  'legal-hold': null,
};
function kindOf(set: string): string | null {
  if (Object.hasOwn(kinds, set)) return kinds[set as ClaimSet];
  return measureOf(set) === undefined ? 'others' : 'quotas';
}

export function countsOf(held: readonly HeldClaim[]): readonly Count[] {
  const counts = new Map<string, number>();
  for (const { set } of held) {
    const kind = kindOf(set);
    if (kind !== null) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => ({ kind, count })).sort((a, b) => (a.kind < b.kind ? -1 : 1));
}
