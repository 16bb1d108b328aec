/** How often rules have decided, asked once for all policies of a request. */
import type { Id } from '@atoll/schema/ids';
import type { PlatformFlows, PolicyFlows } from '@atoll/schema/network/flows';
import DataLoader from 'dataloader';
import type { Viewer } from '../auth/viewers.ts';
import { askService, type Commands, isOfTenant } from './questions.ts';

export type FlowsLoader = DataLoader<Id<'policy'>, PolicyFlows | null>;
export type PlatformFlowsLoader = DataLoader<Id<'platformPolicy'>, PlatformFlows | null>;

const atOnce = 100;

/** One per request: nodes are asked once for all policies of it. */
export function createFlowsLoader(commands: Commands, viewer: Viewer): FlowsLoader {
  return new DataLoader(
    async (policyIds) => {
      if (!isOfTenant(viewer)) return policyIds.map(() => null);
      const { policies } = await askService(commands, viewer, {
        context: 'network',
        question: 'ReadFlows',
        data: { policyIds: [...policyIds] },
      });
      const known = new Map(policies.map((one) => [one.policyId, one]));
      return policyIds.map((policyId) => known.get(policyId) ?? null);
    },
    { maxBatchSize: atOnce },
  );
}

/** Of policies of the platform: only the operator has any. */
export function createPlatformFlowsLoader(commands: Commands, viewer: Viewer): PlatformFlowsLoader {
  return new DataLoader(
    async (platformPolicyIds) => {
      if (isOfTenant(viewer)) return platformPolicyIds.map(() => null);
      const { policies } = await askService(commands, viewer, {
        context: 'network',
        question: 'ReadPlatformFlows',
        data: { platformPolicyIds: [...platformPolicyIds] },
      });
      const known = new Map(policies.map((one) => [one.platformPolicyId, one]));
      return platformPolicyIds.map((id) => known.get(id) ?? null);
    },
    { maxBatchSize: atOnce },
  );
}
