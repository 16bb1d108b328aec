/** What several takes of the compiler have changed, taken together: the last word on each part, and why. */
import type { SetChanges } from '../compile/sets.ts';
import type { NodeChanges } from '../compile/state.ts';

export interface SetSum {
  readonly kind: SetChanges['kind'];
  /** Whether it is in use in the end. */
  used: boolean;
  readonly members: Map<string, boolean>;
}
export interface NodeSum {
  hash: string;
  /** By list and key; null where it is gone. Sets have no value. */
  readonly parts: { readonly [L in 'endpoints' | 'chains' | 'policies' | 'sets']: Map<string, object | null> };
  /** Sets with other members than before. */
  readonly refreshed: Set<string>;
}

export interface RuleSum {
  readonly sets: Map<string, SetSum>;
  readonly nodes: Map<string, NodeSum>;
  add(changes: { readonly sets: readonly SetChanges[]; readonly nodes: readonly NodeChanges[] }): void;
}

/** Of sets: that it has it. */
export const present = {};

export const emptyNodeSum = (hash: string): NodeSum => ({
  hash,
  parts: { endpoints: new Map(), chains: new Map(), policies: new Map(), sets: new Map() },
  refreshed: new Set(),
});

export function createRuleSum(): RuleSum {
  const sets = new Map<string, SetSum>();
  const nodes = new Map<string, NodeSum>();

  function addSet({ name, kind, born, gone, added, removed }: SetChanges): void {
    const sum = sets.get(name) ?? { kind, used: true, members: new Map<string, boolean>() };
    sets.set(name, sum);
    if (born) sum.used = true;
    if (gone) sum.used = false;
    for (const member of added) sum.members.set(member, true);
    for (const member of removed) sum.members.set(member, false);
  }

  function addNode({ nodeId, hash, endpoints, chains, policies, sets: used }: NodeChanges): void {
    const sum = nodes.get(nodeId) ?? emptyNodeSum(hash);
    nodes.set(nodeId, sum);
    sum.hash = hash;
    const { parts } = sum;
    for (const one of endpoints.put) parts.endpoints.set(one.instanceId, one);
    for (const one of chains.put) parts.chains.set(one.name, one);
    for (const one of policies.put) parts.policies.set(one.policyId, one);
    for (const name of used.put) parts.sets.set(name, present);
    for (const [list, { removed }] of [
      [parts.endpoints, endpoints],
      [parts.chains, chains],
      [parts.policies, policies],
      [parts.sets, used],
    ] as const) {
      for (const key of removed) list.set(key, null);
    }
    for (const name of used.changed) sum.refreshed.add(name);
  }

  return {
    sets,
    nodes,
    add(changes) {
      for (const one of changes.sets) addSet(one);
      for (const one of changes.nodes) addNode(one);
    },
  };
}
