/** `Query.viewer`: who the token says you are, and what you may do. */
import { shownScope } from '../access/fields.ts';
import type { LiveResolver } from './resolvers.ts';

export const viewerField: LiveResolver = {
  needs: [],
  async resolve(_row, _args, { viewer }) {
    const { subject, role, permissions, tenant } = viewer;
    const grants = viewer.grants.map((grant) => ({
      role: grant.role,
      bindingId: grant.binding,
      ...shownScope(grant.scope),
      permissions: [...grant.permissions].sort(),
    }));
    return { subject, role, permissions: [...permissions], tenantId: tenant, grants };
  },
};
