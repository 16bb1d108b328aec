/** Accesses of viewers, for what is compiled for them. */
import { type Access, compileGrants } from '@atoll/access/compiled';
import { builtInPermissions } from '@atoll/access/grants';
import { permissions } from '@atoll/schema/permissions';
import type { Scope } from '@atoll/schema/tenancy/access';

/** May do everything, those of the platform included. */
export const boundless: Access = {
  permissions: new Set(permissions),
  reach: () => ({ kind: 'everywhere' }),
  may: () => true,
};

/** A developer in these parts of the tenant alone. */
export const developerIn = (...scopes: Scope[]): Access =>
  compileGrants(
    scopes.map((scope) => ({ binding: null, role: 'developer', permissions: builtInPermissions('developer'), scope })),
  );
