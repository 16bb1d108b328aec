/** `IsolationPolicy.flows` and `PlatformPolicy.flows`: how often the rules of a policy have decided, asked of the network service, which asks the nodes. */
import { type Id, idKind } from '@atoll/schema/ids';
import type { PolicyFlows } from '@atoll/schema/network/flows';
import type { LiveResolver } from './resolvers.ts';

const shown = ({ rules, missing }: Pick<PolicyFlows, 'rules' | 'missing'>) => ({
  missing,
  rules: rules.map(({ direction, ports, icmp: _, ...rule }) => ({
    ...{ ...rule, direction: direction.toUpperCase() },
    ...{ fromPort: ports?.from ?? null, toPort: ports?.to ?? null },
  })),
});

export const policyFlowsField: LiveResolver = {
  needs: ['id'],
  async resolve({ id }, _args, { flows }) {
    const policyId = String(id);
    const told = idKind(policyId) === 'policy' ? await flows.load(policyId as Id<'policy'>) : null;
    return told && shown(told);
  },
};

export const platformFlowsField: LiveResolver = {
  needs: ['id'],
  async resolve({ id }, _args, { platformFlows }) {
    const policyId = String(id);
    const isOne = idKind(policyId) === 'platformPolicy';
    const told = isOne ? await platformFlows.load(policyId as Id<'platformPolicy'>) : null;
    return told && shown(told);
  },
};
