/** How policies are in force, asked once for all policies of a request. */
import type { Id } from '@atoll/schema/ids';
import type { PolicyEnforcement } from '@atoll/schema/network/standing';
import DataLoader from 'dataloader';
import type { Viewer } from '../auth/viewers.ts';
import { askService, type Commands, isOfTenant } from './questions.ts';

export type EnforcementLoader = DataLoader<Id<'policy'>, PolicyEnforcement | null>;

const atOnce = 100;

/** One per request; policies of a page are one question. */
export function createEnforcementLoader(commands: Commands, viewer: Viewer): EnforcementLoader {
  return new DataLoader(
    async (policyIds) => {
      if (!isOfTenant(viewer)) return policyIds.map(() => null);
      const of = { kind: 'POLICIES' as const, policyIds: [...policyIds] };
      const { policies } = await askService(commands, viewer, {
        context: 'network',
        question: 'ReadEnforcement',
        data: { of },
      });
      const known = new Map(policies.map((one) => [one.policyId, one]));
      return policyIds.map((policyId) => known.get(policyId) ?? null);
    },
    { maxBatchSize: atOnce },
  );
}
