/**
 * What somebody holds, as the stream or the read models of the tenant tell it: the role of the membership or service
 * account for the whole tenant, and each binding.
 */
import type { Id } from '@atoll/schema/ids';
import { isPermission, type Permission, permissions, type Role, rolePermissions } from '@atoll/schema/permissions';
import type { RoleRef, Scope } from '@atoll/schema/tenancy/access';

export interface Grant {
  /** Null where the membership or service account has the role itself. */
  readonly binding: Id<'binding'> | null;
  readonly role: RoleRef | 'operator';
  readonly permissions: ReadonlySet<Permission>;
  readonly scope: Scope;
}

export const wholeTenant: Scope = { level: 'tenant' };

const builtIn: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  operator: new Set(rolePermissions.operator),
  owner: new Set(rolePermissions.owner),
  admin: new Set(rolePermissions.admin),
  developer: new Set(rolePermissions.developer),
  viewer: new Set(rolePermissions.viewer),
};

export const builtInPermissions = (role: Role): ReadonlySet<Permission> => builtIn[role];

/** Of a role of a tenant's own: names that the registry doesn't know (any more) give nothing. */
export const knownPermissions = (names: readonly string[]): ReadonlySet<Permission> =>
  new Set(names.filter(isPermission));

export const operatorGrants: readonly Grant[] = [
  { binding: null, role: 'operator', permissions: builtIn.operator, scope: wholeTenant },
];

/** Of what is held only these, e.g. the scopes of an API key: never more than its owner has. */
export function limitedTo(grants: readonly Grant[], names: readonly string[]): readonly Grant[] {
  const left = new Set(names);
  const wanted = permissions.filter((permission) => left.has(permission));
  return grants.map((grant) => ({
    ...grant,
    permissions: new Set(wanted.filter((one) => grant.permissions.has(one))),
  }));
}
