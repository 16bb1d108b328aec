import type { PolicyRule, RuleChain } from '@atoll/schema/node/network';
import { partDigest } from '@atoll/schema/node/rules-hash';
import { sha256 } from './digest.ts';
import { byText } from './order.ts';
import { type Direction, inOrderFor } from './policy.ts';
import type { Chain, Chains, PolicyId, Receipt, SetState } from './state.ts';

export const classKey = (namespaceId: string, sets: Iterable<SetState>): string =>
  [namespaceId, ...[...sets].map((set) => set.name).sort(byText)].join(' ');

const isPolicy = (policyId: PolicyRule['policyId']): policyId is PolicyId => !policyId.startsWith('ns_');

function chainOf(direction: Direction, namespaceId: string, sets: readonly SetState[]): Chain | null {
  const guarding = new Set(sets.flatMap((set) => [...set.guards[direction]]));
  const decisions = [...guarding].sort(inOrderFor(namespaceId));
  const rules = decisions.flatMap((decision) => decision.rules[direction]);
  if (rules.length === 0) return null;
  const chain: RuleChain = { name: sha256([direction, rules]).slice(0, 16), direction, rules };
  const policies = new Map<PolicyId, Receipt>();
  for (const { policyId, receipt, rules: own } of decisions) {
    if (receipt !== null && isPolicy(policyId) && own[direction].length > 0) policies.set(policyId, receipt);
  }
  return {
    chain,
    digest: partDigest('chains', chain),
    sets: [...new Set(rules.map((rule) => rule.set))],
    policies,
  };
}

export const chainsOf = (namespaceId: string, sets: readonly SetState[]): Chains => ({
  ingress: chainOf('ingress', namespaceId, sets),
  egress: chainOf('egress', namespaceId, sets),
});
