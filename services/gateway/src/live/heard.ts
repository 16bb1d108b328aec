/** `ComputeNode.lastSeenAt`. */
import { type Id, idKind } from '@atoll/schema/ids';
import type { LiveResolver } from './resolvers.ts';

export const lastSeenField: LiveResolver = {
  needs: ['id'],
  async resolve({ id }, _args, { heard }) {
    const nodeId = String(id);
    return idKind(nodeId) === 'node' ? heard.load(nodeId as Id<'node'>) : null;
  },
};
