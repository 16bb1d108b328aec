/** How policies of the platform are in force, asked once for all of a request. */
import type { Id } from '@atoll/schema/ids';
import type { PlatformEnforcement } from '@atoll/schema/network/standing';
import DataLoader from 'dataloader';
import type { Viewer } from '../auth/viewers.ts';
import { askService, type Commands, isOfTenant } from './questions.ts';

export type PlatformEnforcementLoader = DataLoader<Id<'platformPolicy'>, PlatformEnforcement | null>;

const atOnce = 100;

/** One per request; policies of a page are one question. Only the operator has any. */
export function createPlatformEnforcementLoader(commands: Commands, viewer: Viewer): PlatformEnforcementLoader {
  return new DataLoader(
    async (platformPolicyIds) => {
      if (isOfTenant(viewer)) return platformPolicyIds.map(() => null);
      const { policies } = await askService(commands, viewer, {
        context: 'network',
        question: 'ReadPlatformEnforcement',
        data: { platformPolicyIds: [...platformPolicyIds] },
      });
      const known = new Map(policies.map((one) => [one.platformPolicyId, one]));
      return platformPolicyIds.map((id) => known.get(id) ?? null);
    },
    { maxBatchSize: atOnce },
  );
}
