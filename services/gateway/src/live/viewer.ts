/** `Query.viewer`: who the token says you are, and what you may do. */
import type { LiveResolver } from './resolvers.ts';

export const viewerField: LiveResolver = {
  needs: [],
  async resolve(_row, _args, { viewer }) {
    const { subject, role, permissions, tenant } = viewer;
    return { subject, role, permissions: [...permissions], tenantId: tenant };
  },
};
