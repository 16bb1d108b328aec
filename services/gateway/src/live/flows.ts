/** `IsolationPolicy.flows`: how often the rules of a policy have decided, asked of the network service, which asks the nodes. */
import { type Id, idKind } from '@atoll/schema/ids';
import type { PolicyFlows } from '@atoll/schema/network/flows';
import DataLoader from 'dataloader';
import type { Viewer } from '../auth/viewers.ts';
import { askNetwork, type Commands, isOfTenant } from './questions.ts';
import type { LiveResolver } from './resolvers.ts';

export type FlowsLoader = DataLoader<Id<'policy'>, PolicyFlows | null>;

const atOnce = 100;

/** One per request: nodes are asked once for all policies of it. */
export function createFlowsLoader(commands: Commands, viewer: Viewer): FlowsLoader {
  return new DataLoader(
    async (policyIds) => {
      if (!isOfTenant(viewer)) return policyIds.map(() => null);
      const { policies } = await askNetwork(commands, viewer, 'ReadFlows', { policyIds: [...policyIds] });
      const known = new Map(policies.map((one) => [one.policyId, one]));
      return policyIds.map((policyId) => known.get(policyId) ?? null);
    },
    { maxBatchSize: atOnce },
  );
}

export const policyFlowsField: LiveResolver = {
  needs: ['id'],
  async resolve({ id }, _args, { flows }) {
    const policyId = String(id);
    const told = idKind(policyId) === 'policy' ? await flows.load(policyId as Id<'policy'>) : null;
    return (
      told && {
        missing: told.missing,
        rules: told.rules.map(({ direction, ports, icmp: _, ...rule }) => ({
          ...{ ...rule, direction: direction.toUpperCase() },
          ...{ fromPort: ports?.from ?? null, toPort: ports?.to ?? null },
        })),
      }
    );
  },
};
