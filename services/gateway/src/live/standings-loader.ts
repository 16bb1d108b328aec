/** How the rules of nodes stand, asked once for all nodes of a request. */
import type { Id } from '@atoll/schema/ids';
import type { ToldStanding } from '@atoll/schema/network/reachability';
import DataLoader from 'dataloader';
import type { Viewer } from '../auth/viewers.ts';
import { askService, type Commands } from './questions.ts';

export type StandingsLoader = DataLoader<Id<'node'>, ToldStanding | null>;

const atOnce = 100;

/** One per request. The network service tells them to the platform alone. */
export function createStandingsLoader(commands: Commands, viewer: Viewer): StandingsLoader {
  return new DataLoader(
    async (nodeIds) => {
      const { nodes } = await askService(commands, viewer, {
        context: 'network',
        question: 'ReadStandings',
        data: { nodeIds: [...nodeIds] },
      });
      const known = new Map(nodes.map((one) => [one.nodeId, one]));
      return nodeIds.map((nodeId) => known.get(nodeId) ?? null);
    },
    { maxBatchSize: atOnce },
  );
}
