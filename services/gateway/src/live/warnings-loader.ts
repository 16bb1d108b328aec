/** What of policies may not be what was meant, asked once for all policies of a request. */
import type { Id } from '@atoll/schema/ids';
import type { PolicyWarning } from '@atoll/schema/network/policies';
import DataLoader from 'dataloader';
import type { Viewer } from '../auth/viewers.ts';
import { askService, type Commands, isOfTenant } from './questions.ts';

export type WarningsLoader = DataLoader<Id<'policy'>, readonly PolicyWarning[] | null>;

const atOnce = 100;

/** One per request; policies of a page are one question. */
export function createWarningsLoader(commands: Commands, viewer: Viewer): WarningsLoader {
  return new DataLoader(
    async (policyIds) => {
      if (!isOfTenant(viewer)) return policyIds.map(() => null);
      const { policies } = await askService(commands, viewer, {
        context: 'network',
        question: 'ReadPolicyWarnings',
        data: { policyIds: [...policyIds] },
      });
      const known = new Map(policies.map((one) => [one.policyId, one.warnings]));
      return policyIds.map((policyId) => known.get(policyId) ?? null);
    },
    { maxBatchSize: atOnce },
  );
}
