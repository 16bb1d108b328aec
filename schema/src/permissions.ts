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
  /**
   * Held for something narrower it holds for what is around that, too: who works in a namespace may read which
   * environment and which tenant it is in. Only for reading.
   */
  readonly upward?: true;
  /** The built-in roles that hold it. */
  readonly roles: readonly Role[];
}

const everybody = ['owner', 'admin', 'developer', 'viewer'] as const;
const developers = ['owner', 'admin', 'developer'] as const;
const admins = ['owner', 'admin'] as const;

const registry = {
  'viewer:read': { doc: 'Read who one is.', level: 'tenant', upward: true, roles: [...everybody, 'operator'] },
  'tenant:read': { doc: 'Read the tenant itself.', level: 'tenant', upward: true, roles: [...everybody, 'operator'] },
  'tenant:write': { doc: 'Label the tenant.', level: 'tenant', roles: [...admins, 'operator'] },
  'tenant:create': { doc: 'Create tenants and list all of them.', level: 'platform', roles: ['operator'] },
  'tenant:suspend': { doc: 'Suspend and resume tenants.', level: 'platform', roles: ['operator'] },
  'tenant:delete': { doc: 'Delete the tenant and take that back.', level: 'tenant', roles: ['owner', 'operator'] },
  'tenant:hold': { doc: 'Let nothing of a tenant be destroyed.', level: 'platform', roles: ['operator'] },
  'deletion:read': { doc: 'Preview deletions and follow them.', level: 'tenant', roles: [...everybody, 'operator'] },
  'deletion:cancel': { doc: 'Cancel a deletion before anything is destroyed.', level: 'tenant', roles: admins },
  'deletion:protect': { doc: 'Protect things from deletion.', level: 'namespace', roles: admins },
  'member:read': { doc: 'Read who the members are.', level: 'tenant', roles: [...admins, 'operator'] },
  'member:create': { doc: 'Add members.', level: 'tenant', roles: [...admins, 'operator'] },
  'member:change': { doc: 'Change what members may do.', level: 'tenant', roles: [...admins, 'operator'] },
  'member:remove': { doc: 'Remove members.', level: 'tenant', roles: [...admins, 'operator'] },
  'owner:grant': { doc: 'Make somebody an owner, and end it.', level: 'tenant', roles: ['owner', 'operator'] },
  'role:read': {
    doc: 'Read the roles of the tenant.',
    level: 'tenant',
    upward: true,
    roles: [...everybody, 'operator'],
  },
  'role:write': { doc: 'Create, change and delete roles of the tenant.', level: 'tenant', roles: admins },
  'binding:read': { doc: 'Read who has which role where.', level: 'namespace', roles: [...admins, 'operator'] },
  'binding:write': { doc: 'Give roles and take them back.', level: 'namespace', roles: [...admins, 'operator'] },
  'personalData:erase': { doc: 'Erase personal data of members.', level: 'tenant', roles: [...admins, 'operator'] },
  'serviceAccount:create': { doc: 'Create service accounts.', level: 'tenant', roles: [...admins, 'operator'] },
  'serviceAccount:read': { doc: 'Read service accounts.', level: 'tenant', roles: [...admins, 'operator'] },
  'serviceAccount:write': {
    doc: 'Rotate secrets of service accounts; disable, enable and delete them.',
    level: 'tenant',
    roles: [...admins, 'operator'],
  },
  'issuer:read': { doc: 'Read the issuers of tokens.', level: 'tenant', roles: [...admins, 'operator'] },
  'issuer:write': {
    doc: 'Register, change and remove issuers of tokens.',
    level: 'tenant',
    roles: [...admins, 'operator'],
  },
  'apiKey:read': { doc: 'Read API keys, without their secrets.', level: 'tenant', roles: everybody },
  'apiKey:create': { doc: "Create and revoke API keys of one's own.", level: 'tenant', roles: everybody },
  'apiKey:manage': {
    doc: "Create API keys of service accounts, and revoke everybody's.",
    level: 'tenant',
    roles: admins,
  },
  'invitation:read': { doc: 'Read invitations.', level: 'tenant', roles: [...admins, 'operator'] },
  'invitation:write': {
    doc: 'Invite people, and revoke invitations.',
    level: 'tenant',
    roles: [...admins, 'operator'],
  },
  'invitation:accept': {
    doc: 'Accept an invitation: also for those who are no members yet, and may do nothing else.',
    level: 'tenant',
    roles: everybody,
  },
  'environment:read': { doc: 'Read environments.', level: 'environment', upward: true, roles: everybody },
  'environment:write': {
    doc: 'Change environments, their order of promotion and their image rules.',
    level: 'environment',
    roles: admins,
  },
  'plan:read': { doc: 'Read the plans on offer.', level: 'platform', roles: ['operator'] },
  'plan:write': { doc: 'Create, change and retire plans.', level: 'platform', roles: ['operator'] },
  'entitlements:write': {
    doc: 'Give tenants a plan, and override what it gives.',
    level: 'platform',
    roles: ['operator'],
  },
  'environment:create': { doc: 'Create environments.', level: 'tenant', roles: admins },
  'environment:delete': { doc: 'Delete environments.', level: 'environment', roles: admins },
  'namespace:read': { doc: 'Read namespaces and their subnets.', level: 'namespace', roles: everybody },
  'namespace:create': { doc: 'Create namespaces.', level: 'environment', roles: admins },
  'namespace:write': { doc: 'Label namespaces.', level: 'namespace', roles: admins },
  'namespace:delete': { doc: 'Delete namespaces.', level: 'namespace', roles: admins },
  'subnet:create': { doc: 'Add subnets to namespaces.', level: 'namespace', roles: admins },
  'subnet:delete': { doc: 'Delete subnets.', level: 'namespace', roles: admins },
  'publicAddress:read': {
    doc: 'Read public addresses and their port mappings.',
    level: 'namespace',
    roles: everybody,
  },
  'publicAddress:write': { doc: 'Allocate public addresses and give them back.', level: 'namespace', roles: admins },
  'portMapping:write': {
    doc: 'Lead ports of public addresses to instances.',
    level: 'namespace',
    roles: developers,
  },
  'addressPlan:read': { doc: "Read the platform's ranges of addresses.", level: 'platform', roles: ['operator'] },
  'addressPlan:write': { doc: 'Add and withdraw ranges of addresses.', level: 'platform', roles: ['operator'] },
  'service:read': { doc: 'Read services and the instances behind them.', level: 'namespace', roles: everybody },
  'service:write': { doc: 'Create, change and delete services.', level: 'namespace', roles: developers },
  'policy:read': { doc: 'Read isolation policies and their receipts.', level: 'namespace', roles: everybody },
  'policy:write': { doc: 'Create, change and delete isolation policies.', level: 'namespace', roles: developers },
  'deployment:read': { doc: 'Read deployments, releases and instances.', level: 'namespace', roles: everybody },
  'log:read': { doc: 'Read what instances write.', level: 'namespace', roles: everybody },
  'deployment:write': { doc: 'Deploy, upgrade, scale, roll back and delete.', level: 'namespace', roles: developers },
  'instance:probe': { doc: 'Try connections between instances.', level: 'namespace', roles: developers },
  'quota:read': { doc: 'Read who holds what of the quotas.', level: 'namespace', roles: [...everybody, 'operator'] },
  'quota:write': { doc: 'Limit environments and namespaces.', level: 'environment', roles: admins },
  'quota:audit': { doc: 'Read where the quota ledger and reality differ.', level: 'platform', roles: ['operator'] },
  'platformPolicy:read': { doc: 'Read the policies of the platform.', level: 'platform', roles: ['operator'] },
  'platformPolicy:write': {
    doc: 'Decide about connections before all tenants.',
    level: 'platform',
    roles: ['operator'],
  },
  'node:read': { doc: 'Read the nodes of the platform.', level: 'platform', roles: ['operator'] },
  'node:write': { doc: 'Assign, cordon and drain nodes.', level: 'platform', roles: ['operator'] },
  'pool:read': { doc: 'Read the pools of nodes.', level: 'platform', roles: ['operator'] },
  'pool:write': {
    doc: 'Create, change and delete pools, and weigh placement.',
    level: 'platform',
    roles: ['operator'],
  },
  'event:read': { doc: 'Read the log and subscribe to it.', level: 'namespace', roles: [...everybody, 'operator'] },
  'audit:read': {
    doc: 'Read who asked for what from where, with which outcome; export the log.',
    level: 'tenant',
    roles: [...admins, 'operator'],
  },
} as const satisfies Readonly<Record<string, PermissionSpec>>;

export type Permission = keyof typeof registry;
export const permissionRegistry: Readonly<Record<Permission, PermissionSpec>> = registry;

export const isPermission = (name: string): name is Permission => Object.hasOwn(registry, name);
export const permissions: readonly Permission[] = Object.keys(registry).filter(isPermission);

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
