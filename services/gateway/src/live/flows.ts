/** `IsolationPolicy.flows`: how often the rules of a policy have decided, asked of the network service, which asks the nodes. */
import { type Id, idKind } from '@atoll/schema/ids';
import type { LiveResolver } from './resolvers.ts';

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
