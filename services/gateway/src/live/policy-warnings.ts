/** `IsolationPolicy.warnings`: what of a policy may not be what was meant, asked of the network service. */
import { type Id, idKind } from '@atoll/schema/ids';
import type { PolicyWarning } from '@atoll/schema/network/policies';
import { admit } from '../access/admit.ts';
import { type Locator, readPermissionOf } from '../access/locate.ts';
import type { Viewer } from '../auth/viewers.ts';
import type { LiveResolver } from './resolvers.ts';

const where = 'IsolationPolicy.warnings';

export function createPolicyWarnings(locator: Locator): LiveResolver {
  /** Whether there is anybody at a place is told to who may read it. */
  async function mayKnow(viewer: Viewer, { about }: PolicyWarning): Promise<boolean> {
    const permission = about === null ? null : readPermissionOf(about);
    if (about === null || permission === null) return true;
    return (await admit(locator, viewer, permission, { id: about, where })).kind === 'admitted';
  }
  return {
    needs: ['id'],
    async resolve({ id }, _args, { viewer, warnings }) {
      const policyId = String(id);
      const all = idKind(policyId) === 'policy' ? await warnings.load(policyId as Id<'policy'>) : null;
      if (all === null) return null;
      const known = await Promise.all(all.map((one) => mayKnow(viewer, one)));
      return all.filter((_, at) => known[at]).map(({ code, message }) => ({ code, message }));
    },
  };
}
