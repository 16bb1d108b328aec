/** How many instances of namespaces run on shared nodes, asked once for all namespaces of a request. */
import type { Id } from '@atoll/schema/ids';
import DataLoader from 'dataloader';
import type { Viewer } from '../auth/viewers.ts';
import { askService, type Commands, isOfTenant } from './questions.ts';

export type SharedNodesLoader = DataLoader<Id<'namespace'>, number | null>;

const atOnce = 100;

/** One per request. */
export function createSharedNodesLoader(commands: Commands, viewer: Viewer): SharedNodesLoader {
  return new DataLoader(
    async (namespaceIds) => {
      if (!isOfTenant(viewer)) return namespaceIds.map(() => null);
      const { namespaces } = await askService(commands, viewer, {
        context: 'deploy',
        question: 'CountOnSharedNodes',
        data: { namespaceIds: [...namespaceIds] },
      });
      const known = new Map(namespaces.map((one) => [one.namespaceId, one.instances]));
      return namespaceIds.map((namespaceId) => known.get(namespaceId) ?? 0);
    },
    { maxBatchSize: atOnce },
  );
}
