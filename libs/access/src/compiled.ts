/**
 * Grants worked out once for many questions: per permission where it is held. It says the same as the authorizer, in a
 * few look-ups; a property holds the two together.
 */
import { type Permission, permissionRegistry } from '@atoll/schema/permissions';
import type { Scope } from '@atoll/schema/tenancy/access';
import type { Grant } from './grants.ts';

/** Where a permission is held. `everywhere` is all of the tenant, or of the platform for the operator. */
export type Reach =
  | { readonly kind: 'nowhere' }
  | { readonly kind: 'everywhere' }
  | {
      readonly kind: 'some';
      /** With all that is in them. */
      readonly environments: ReadonlySet<string>;
      readonly namespaces: ReadonlySet<string>;
    };

export interface Access {
  /** What is held anywhere at all. */
  readonly permissions: ReadonlySet<Permission>;
  reach(permission: Permission): Reach;
  may(permission: Permission, scope: Scope): boolean;
}

const nowhere: Reach = { kind: 'nowhere' };
const everywhere: Reach = { kind: 'everywhere' };

function reachOf(grants: readonly Grant[], permission: Permission): Reach {
  const { level, upward } = permissionRegistry[permission];
  const environments = new Set<string>();
  const namespaces = new Set<string>();
  for (const { permissions, role, scope } of grants) {
    if (!permissions.has(permission)) continue;
    if (role === 'operator') return everywhere;
    if (level === 'platform') continue;
    if (scope.level === 'tenant') return everywhere;
    if (level === 'tenant') {
      if (upward) return everywhere;
    } else if (scope.level === 'environment') {
      environments.add(scope.environmentId);
    } else if (level === 'namespace') {
      namespaces.add(scope.namespaceId);
    } else if (upward) {
      environments.add(scope.environmentId);
    }
  }
  return environments.size + namespaces.size > 0 ? { kind: 'some', environments, namespaces } : nowhere;
}

function within(reach: Reach, scope: Scope): boolean {
  switch (reach.kind) {
    case 'nowhere':
      return false;
    case 'everywhere':
      return true;
    case 'some':
      if (scope.level === 'tenant') return false;
      return (
        reach.environments.has(scope.environmentId) ||
        (scope.level === 'namespace' && reach.namespaces.has(scope.namespaceId))
      );
    default:
      return reach satisfies never;
  }
}

export function compileGrants(grants: readonly Grant[]): Access {
  const held = new Map<Permission, Reach>();
  for (const permission of new Set(grants.flatMap(({ permissions }) => [...permissions]))) {
    const reach = reachOf(grants, permission);
    if (reach.kind !== 'nowhere') held.set(permission, reach);
  }
  return {
    permissions: new Set(held.keys()),
    reach: (permission) => held.get(permission) ?? nowhere,
    may: (permission, scope) => within(held.get(permission) ?? nowhere, scope),
  };
}
