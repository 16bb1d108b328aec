/** `ComputeNode.tunnel`: how a node is connected to the others. */
import { type Id, idKind } from '@atoll/schema/ids';
import type { LiveResolver } from './resolvers.ts';

const nowhere = { address: null, port: null, mtu: null, since: null };

export const nodeTunnelField: LiveResolver = {
  needs: ['id'],
  async resolve({ id }, _args, { tunnels }) {
    const nodeId = String(id);
    const told = idKind(nodeId) === 'node' ? await tunnels.load(nodeId as Id<'node'>) : null;
    return told && { ...(told.end ?? nowhere), heardAt: told.heardAt, refused: told.refused };
  },
};
