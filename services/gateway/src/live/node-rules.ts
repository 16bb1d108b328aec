/** `ComputeNode.rules`: how the rules in force on a node stand to those wanted, and what the node says of it. */
import { type Id, idKind } from '@atoll/schema/ids';
import type { LiveResolver } from './resolvers.ts';

export const nodeRulesField: LiveResolver = {
  needs: ['id'],
  async resolve({ id }, _args, { standings }) {
    const nodeId = String(id);
    return idKind(nodeId) === 'node' ? standings.load(nodeId as Id<'node'>) : null;
  },
};
