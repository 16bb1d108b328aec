/** How nodes are connected to each other, asked once for all nodes of a request. */
import type { Id } from '@atoll/schema/ids';
import type { ToldTunnel } from '@atoll/schema/network/nodes';
import DataLoader from 'dataloader';
import type { Viewer } from '../auth/viewers.ts';
import { askService, type Commands } from './questions.ts';

export type TunnelsLoader = DataLoader<Id<'node'>, ToldTunnel | null>;

const atOnce = 100;

/** One per request. The network service tells them to the platform alone. */
export function createTunnelsLoader(commands: Commands, viewer: Viewer): TunnelsLoader {
  return new DataLoader(
    async (nodeIds) => {
      const data = { nodeIds: [...nodeIds] };
      const { nodes } = await askService(commands, viewer, { context: 'network', question: 'ReadTunnels', data });
      const known = new Map(nodes.map((one) => [one.nodeId, one]));
      return nodeIds.map((nodeId) => known.get(nodeId) ?? null);
    },
    { maxBatchSize: atOnce },
  );
}
