/** `IsolationPolicy.enforcement` and `Namespace.enforcement`: how policies are in force now, asked of the network service. */
import { type Id, idKind } from '@atoll/schema/ids';
import { type EnforcementState, enforcementStates, type PolicyEnforcement } from '@atoll/schema/network/standing';
import type { Locator } from '../access/locate.ts';
import { askService, type Commands, isOfTenant } from './questions.ts';
import type { LiveResolver } from './resolvers.ts';

const maxLagging = 100;

export const policyEnforcementField: LiveResolver = {
  needs: ['id'],
  async resolve({ id }, _args, { enforcement }) {
    const policyId = String(id);
    return idKind(policyId) === 'policy' ? enforcement.load(policyId as Id<'policy'>) : null;
  },
};

export const platformEnforcementField: LiveResolver = {
  needs: ['id'],
  async resolve({ id }, _args, { platformEnforcement }) {
    const platformPolicyId = String(id);
    if (idKind(platformPolicyId) !== 'platformPolicy') return null;
    return platformEnforcement.load(platformPolicyId as Id<'platformPolicy'>);
  },
};

/** The worst that holds for any of them; all of them pending is pending, some is partial. */
function stateOf(policies: readonly PolicyEnforcement[]): EnforcementState {
  const states = new Set(policies.map(({ state }) => state));
  if (states.has('FAILED')) return 'FAILED';
  const [only] = states;
  if (states.size > 1) return 'PARTIAL';
  return only ?? enforcementStates[0];
}

export function createNamespaceEnforcement(commands: Commands, locator: Locator): LiveResolver {
  return {
    needs: ['id'],
    async resolve(row, _args, { viewer }) {
      if (!isOfTenant(viewer)) return null;
      const namespaceId = String(row.id);
      // Who may see the namespace may still not read its policies.
      const scope = await locator.locate(viewer.tenant, namespaceId);
      if (scope === null || !viewer.access.may('policy:read', scope)) return null;
      const of = { kind: 'NAMESPACE', namespaceId: namespaceId as Id<'namespace'> } as const;
      const { policies } = await askService(commands, viewer, {
        context: 'network',
        question: 'ReadEnforcement',
        data: { of },
      });
      const lagging = policies.filter(({ state }) => state !== 'ENFORCED').slice(0, maxLagging);
      return { state: stateOf(policies), policies: policies.length, lagging };
    },
  };
}
