/** `Instance.processes`: how each process of an instance fares, from its node. */
import type { Id } from '@atoll/schema/ids';
import type { LiveResolver } from './resolvers.ts';

export const instanceProcesses: LiveResolver = {
  needs: ['id', 'node_id'],
  resolve: (row, _args, { processes }) =>
    processes.load({ nodeId: row.node_id as Id<'node'>, instanceId: row.id as Id<'instance'> }),
};
