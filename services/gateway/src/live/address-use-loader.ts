/** `use` of ranges, subnets and namespaces: asked of the network service, once for all of a request. */
import type { AddressUse } from '@atoll/schema/network/addresses';
import DataLoader from 'dataloader';
import type { Viewer } from '../auth/viewers.ts';
import { askService, type Commands } from './questions.ts';

export type AddressUseLoader = DataLoader<string, Omit<AddressUse, 'id'>>;

const atOnce = 1000;

/** One per request: nothing of one viewer's is kept for another. */
export function createAddressUseLoader(commands: Commands, viewer: Viewer): AddressUseLoader {
  return new DataLoader<string, Omit<AddressUse, 'id'>>(
    async (ids) => {
      const { uses } = await askService(commands, viewer, {
        context: 'network',
        question: 'DescribeAddressUse',
        data: { ids: [...ids] },
      });
      const found = new Map(uses.map(({ id, ...use }) => [id, use]));
      // What has no addresses yet, or no longer.
      const none = { size: 0, used: 0, free: 0, cooling: 0, exhaustedAt: null };
      return ids.map((id) => found.get(id) ?? none);
    },
    { maxBatchSize: atOnce },
  );
}
