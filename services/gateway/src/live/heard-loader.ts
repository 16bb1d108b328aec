/** When nodes were heard of last: no fact, so the deploy service is asked, once for all nodes of a request. */
import type { Id } from '@atoll/schema/ids';
import DataLoader from 'dataloader';
import type { Viewer } from '../auth/viewers.ts';
import { askService, type Commands } from './questions.ts';

export type HeardLoader = DataLoader<Id<'node'>, string | null>;

const atOnce = 100;

/** One per request. The deploy service tells it to the platform alone. */
export function createHeardLoader(commands: Commands, viewer: Viewer): HeardLoader {
  return new DataLoader(
    async (nodeIds) => {
      const data = { nodeIds: [...nodeIds] };
      const { nodes } = await askService(commands, viewer, { context: 'deploy', question: 'ReadHeard', data });
      const known = new Map(nodes.map((one) => [one.nodeId, one.heardAt]));
      return nodeIds.map((nodeId) => known.get(nodeId) ?? null);
    },
    { maxBatchSize: atOnce },
  );
}
