/**
 * The authorizer: whether somebody who holds these grants has a permission somewhere, and by which of them. Pure, and the
 * only place that says so; the gateway asks it for requests, the tenancy domain for what somebody may give to others.
 *
 * A permission is about something of its level (`permissionRegistry`): asked for something narrower, it is about what
 * that is in. A grant gives it where its scope contains what is asked. A permission that goes upward is given, at its own
 * level, also by a grant for something within. Those of the platform are the operator's, whatever a role says.
 */
import type { Id } from '@atoll/schema/ids';
import { type Permission, type PermissionLevel, permissionRegistry } from '@atoll/schema/permissions';
import type { Scope } from '@atoll/schema/tenancy/access';
import type { Grant } from './grants.ts';

/** One grant that gives what was asked. */
export interface Reason {
  readonly binding: Id<'binding'> | null;
  readonly role: Grant['role'];
  readonly scope: Scope;
}

export interface Decision {
  readonly allowed: boolean;
  /** Each grant that suffices; none where it is refused. */
  readonly because: readonly Reason[];
}

const width: Readonly<Record<PermissionLevel, number>> = { platform: 3, tenant: 2, environment: 1, namespace: 0 };

export function contains(outer: Scope, inner: Scope): boolean {
  switch (outer.level) {
    case 'tenant':
      return true;
    case 'environment':
      return inner.level !== 'tenant' && inner.environmentId === outer.environmentId;
    case 'namespace':
      return inner.level === 'namespace' && inner.namespaceId === outer.namespaceId;
    default:
      return outer satisfies never;
  }
}

/** What a permission of that level is about, where it is asked for `scope`. */
function lifted(scope: Scope, level: PermissionLevel): Scope {
  if (width[scope.level] >= width[level]) return scope;
  if (level === 'environment' && scope.level === 'namespace') {
    return { level: 'environment', environmentId: scope.environmentId };
  }
  return { level: 'tenant' };
}

/** Whether a grant for `held` reaches what is asked; what its role has is another question. */
function reaches(permission: Permission, held: Scope, asked: Scope): boolean {
  const { level, upward } = permissionRegistry[permission];
  const about = lifted(asked, level);
  return contains(held, about) || (upward === true && about.level === level && contains(about, held));
}

const gives = (grant: Grant, permission: Permission, scope: Scope): boolean =>
  grant.permissions.has(permission) &&
  (grant.role === 'operator' ||
    (permissionRegistry[permission].level !== 'platform' && reaches(permission, grant.scope, scope)));

export function allows(grants: readonly Grant[], permission: Permission, scope: Scope): Decision {
  const because = grants
    .filter((grant) => gives(grant, permission, scope))
    .map(({ binding, role, scope: held }) => ({ binding, role, scope: held }));
  return { allowed: because.length > 0, because };
}

/** Whether a role bound for `scope` gives this permission anything there: one about the tenant is nothing in a namespace. */
export function takesEffect(permission: Permission, scope: Scope): boolean {
  const { level, upward } = permissionRegistry[permission];
  return level !== 'platform' && (upward === true || width[scope.level] >= width[level]);
}

/** What giving these permissions for `scope` would give beyond what the giver holds there; none where they may be given. */
export const beyond = (grants: readonly Grant[], given: Iterable<Permission>, scope: Scope): readonly Permission[] =>
  [...given].filter((permission) => takesEffect(permission, scope) && !allows(grants, permission, scope).allowed);
