/** Endpoints of one namespace that are in the same sets are guarded alike. */
import type { Id } from '@atoll/schema/ids';
import type { PolicyRule, RuleChain } from '@atoll/schema/node/network';
import { partDigest } from '@atoll/schema/node/rules-hash';
import { sha256 } from './digest.ts';
import type { NodeState } from './node.ts';
import { byText } from './order.ts';
import { type Decision, type Direction, inOrderFor } from './policy.ts';
import type { Held, SetState } from './sets.ts';

export interface Chain {
  readonly chain: RuleChain;
  readonly digest: bigint;
  /** Names of the sets that its rules name, each once. */
  readonly sets: readonly string[];
  readonly policies: ReadonlyMap<PolicyId, Receipt>;
}
export type PolicyId = Id<'policy'> | Id<'platformPolicy'>;
type Receipt = NonNullable<Decision['receipt']>;

/** Null where there is no rule: nothing is allowed. */
export type Chains = { readonly [D in Direction]: Chain | null };

export interface ClassState {
  readonly key: string;
  readonly namespaceId: string;
  readonly sets: readonly SetState[];
  /** Its endpoints, by the node that they are on. */
  readonly hosts: Map<NodeState, Set<Held>>;
  chains: Chains;
}

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
