/**
 * The one registry of permissions. `@auth` in the SDL names one of these; a role, built in or a tenant's own, is a set of
 * them. Nothing else says what somebody may do.
 */

/** Roles that every tenant has, from the most to the least; `operator` is the platform's own, and no tenant's. */
export const tenantRoleNames = ['owner', 'admin', 'developer', 'viewer'] as const;
export type BuiltInRole = (typeof tenantRoleNames)[number];
export type Role = BuiltInRole | 'operator';

/**
 * What a permission is about, and so the narrowest thing that it can be granted for: one that is about namespaces can be
 * granted for a namespace, an environment or the whole tenant; one about the tenant only for the whole tenant. Those of
 * the platform are the operator's alone.
 */
export type PermissionLevel = 'platform' | 'tenant' | 'environment' | 'namespace';

interface PermissionSpec {
  readonly doc: string;
  readonly level: PermissionLevel;
  /** The built-in roles that hold it. */
  readonly roles: readonly Role[];
}

const everybody = ['owner', 'admin', 'developer', 'viewer'] as const;
const developers = ['owner', 'admin', 'developer'] as const;
const admins = ['owner', 'admin'] as const;

const registry = {
  'viewer:read': { doc: 'Read who one is.', level: 'tenant', roles: [...everybody, 'operator'] },
  'tenant:read': { doc: 'Read the tenant itself.', level: 'tenant', roles: [...everybody, 'operator'] },
  'tenant:create': { doc: 'Create tenants and list all of them.', level: 'platform', roles: ['operator'] },
  'tenant:suspend': { doc: 'Suspend and resume tenants.', level: 'platform', roles: ['operator'] },
  'member:read': { doc: 'Read who the members are.', level: 'tenant', roles: [...admins, 'operator'] },
  'member:create': { doc: 'Add members.', level: 'tenant', roles: [...admins, 'operator'] },
  'personalData:erase': { doc: 'Erase personal data of members.', level: 'tenant', roles: [...admins, 'operator'] },
  'serviceAccount:create': { doc: 'Create service accounts.', level: 'tenant', roles: [...admins, 'operator'] },
  'environment:read': { doc: 'Read environments.', level: 'environment', roles: everybody },
  'environment:create': { doc: 'Create environments.', level: 'tenant', roles: admins },
  'namespace:read': { doc: 'Read namespaces and their subnets.', level: 'namespace', roles: everybody },
  'namespace:create': { doc: 'Create namespaces.', level: 'environment', roles: admins },
  'namespace:delete': { doc: 'Delete namespaces.', level: 'namespace', roles: admins },
  'subnet:create': { doc: 'Add subnets to namespaces.', level: 'namespace', roles: admins },
  'policy:read': { doc: 'Read isolation policies and their receipts.', level: 'namespace', roles: everybody },
  'policy:write': { doc: 'Create, change and delete isolation policies.', level: 'namespace', roles: developers },
  'deployment:read': { doc: 'Read deployments, releases, instances and logs.', level: 'namespace', roles: everybody },
  'deployment:write': { doc: 'Deploy, upgrade, scale, roll back and delete.', level: 'namespace', roles: developers },
  'instance:probe': { doc: 'Try connections between instances.', level: 'namespace', roles: developers },
  'node:read': { doc: 'Read the nodes of the platform.', level: 'platform', roles: ['operator'] },
  'event:read': { doc: 'Read the log and subscribe to it.', level: 'tenant', roles: [...everybody, 'operator'] },
} as const satisfies Readonly<Record<string, PermissionSpec>>;

export type Permission = keyof typeof registry;
export const permissionRegistry: Readonly<Record<Permission, PermissionSpec>> = registry;

const isPermissionName = (name: string): name is Permission => Object.hasOwn(registry, name);
export const permissions: readonly Permission[] = Object.keys(registry).filter(isPermissionName);

const heldBy = (role: Role): readonly Permission[] =>
  permissions.filter((permission) => permissionRegistry[permission].roles.includes(role));

export const rolePermissions: Readonly<Record<Role, readonly Permission[]>> = {
  /** Runs the platform: tenants and nodes. Has no hand in what a tenant runs. */
  operator: heldBy('operator'),
  /** Everything, and the only one that says who else is an owner. */
  owner: heldBy('owner'),
  admin: heldBy('admin'),
  developer: heldBy('developer'),
  viewer: heldBy('viewer'),
};
