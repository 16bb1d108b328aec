/** The one registry of permissions and of what the built-in roles hold. `@auth` in the SDL names one of these. */
export const permissions = [
  'viewer:read',
  'tenant:read',
  'tenant:create',
  'tenant:suspend',
  'member:read',
  'member:create',
  'personalData:erase',
  'serviceAccount:create',
  'environment:read',
  'environment:create',
  'namespace:read',
  'namespace:create',
  'namespace:delete',
  'subnet:create',
  'policy:read',
  'policy:write',
  'deployment:read',
  'deployment:write',
  'instance:probe',
  'node:read',
  'event:read',
] as const;
export type Permission = (typeof permissions)[number];

export const roles = ['operator', 'admin', 'viewer'] as const;
export type Role = (typeof roles)[number];

const reads: readonly Permission[] = [
  'viewer:read',
  'tenant:read',
  'environment:read',
  'namespace:read',
  'policy:read',
  'deployment:read',
  'event:read',
];

/** Who is a member, what is known of them, and its end. */
const people: readonly Permission[] = ['member:read', 'member:create', 'personalData:erase'];

export const rolePermissions: Record<Role, readonly Permission[]> = {
  /** Runs the platform: tenants and nodes. Has no hand in what a tenant runs. */
  operator: [
    ...(['viewer:read', 'tenant:read', 'tenant:create', 'tenant:suspend'] as const),
    ...(['serviceAccount:create', 'node:read', 'event:read'] as const),
    ...people,
  ],
  admin: [
    ...reads,
    ...people,
    'serviceAccount:create',
    'environment:create',
    'namespace:create',
    'namespace:delete',
    'subnet:create',
    'policy:write',
    'deployment:write',
    'instance:probe',
  ],
  viewer: reads,
};
