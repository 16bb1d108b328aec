/** `Namespace.instancesOnSharedNodes`: asked of the deploy service. */
import type { Id } from '@atoll/schema/ids';
import { admit } from '../access/admit.ts';
import type { Locator } from '../access/locate.ts';
import { isOfTenant } from './questions.ts';
import type { LiveResolver } from './resolvers.ts';

const where = 'Namespace.instancesOnSharedNodes';

export function createSharedNodes(locator: Locator): LiveResolver {
  return {
    needs: ['id'],
    async resolve(row, _args, { viewer, sharedNodes }) {
      if (!isOfTenant(viewer)) return null;
      const namespaceId = String(row.id);
      // Who may see the namespace may still not read what runs in it.
      const { kind } = await admit(locator, viewer, 'deployment:read', { id: namespaceId, where });
      if (kind !== 'admitted') return null;
      return sharedNodes.load(namespaceId as Id<'namespace'>);
    },
  };
}
