/** `use` of ranges, subnets and namespaces: asked of the network service, once for all of a request. */
import { randomUUID } from 'node:crypto';
import { PLATFORM } from '@atoll/schema/ids';
import { type AddressUse, addressCommands } from '@atoll/schema/network/addresses';
import type { createCommandClient } from '@atoll/service/commands';
import DataLoader from 'dataloader';
import type { Viewer } from '../auth/viewers.ts';
import { ApiError } from '../errors.ts';

export type AddressUseLoader = DataLoader<string, Omit<AddressUse, 'id'>>;

const ANSWER_MS = 5000;
const atOnce = 1000;
const away = () => new ApiError('UNAVAILABLE', 'The use of addresses can be asked of nobody now; try again.');

/** One per request: nothing of one viewer's is kept for another. */
export function createAddressUseLoader(
  commands: ReturnType<typeof createCommandClient>,
  viewer: Viewer,
): AddressUseLoader {
  return new DataLoader<string, Omit<AddressUse, 'id'>>(
    async (ids) => {
      const reply = await commands.call('network', 'DescribeAddressUse', {
        ...{ key: `use ${randomUUID()}`, tenant: viewer.tenant ?? PLATFORM, actor: `user:${viewer.subject}` },
        ...{ correlation: randomUUID(), traceparent: null, deadline: Date.now() + ANSWER_MS },
        ...{ seen: {}, expectedVersion: null, data: { ids } },
      });
      if (!reply.ok) return ids.map(away);
      const { uses } = addressCommands.DescribeAddressUse.result.parse(reply.result);
      const found = new Map(uses.map(({ id, ...use }) => [id, use]));
      // What has no addresses yet, or no longer.
      const none = { size: 0, used: 0, free: 0, cooling: 0, exhaustedAt: null };
      return ids.map((id) => found.get(id) ?? none);
    },
    { maxBatchSize: atOnce },
  );
}
