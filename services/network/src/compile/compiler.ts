/**
 * The rule compiler: the intent of the whole platform as it is told, piece by piece, and the rule set of every node as it
 * follows from that.
 *
 * - What is told is compared with what is known: telling the same twice changes nothing. `take` answers with what the
 *   rules of nodes have that they hadn't at the take before, at a cost in proportion to that: an endpoint that comes is
 *   looked at by the sets that could select it; a policy that changes, by the endpoints that it guards.
 * - Endpoints of a namespace that are in the same sets are one class, and a class has one ingress and one egress chain. A chain is named by
 *   its content, so that endpoints with equal rules share it.
 * - A node has its endpoints, their chains, and the sets and policies that these name: only what it needs.
 * - Pure and deterministic: the same intent gives the same bytes, in whatever order and however often it was told.
 */
import type { Id } from '@atoll/schema/ids';
import { type AddressSet, emptyRuleSet, type RuleSet } from '@atoll/schema/node/network';
import { chainsOf, classKey } from './classes.ts';
import type { CompiledEndpoint, CompiledNamespace, CompiledPolicy, CompiledService } from './model.ts';
import { createNode } from './node.ts';
import { byText } from './order.ts';
import { type Decision, decisionOf, levelDecisions } from './policy.ts';
import { addTo, createSets, type SetChanges } from './sets.ts';
import type { ClassState, Held, NodeChanges, NodeParts, NodeState } from './state.ts';

export interface Compiler {
  /** Null: it is gone. */
  endpoint(instanceId: string, endpoint: CompiledEndpoint | null): void;
  policy(policyId: string, policy: CompiledPolicy | null): void;
  namespace(namespaceId: string, namespace: CompiledNamespace | null): void;
  service(serviceId: string, service: CompiledService | null): void;
  /** What has changed since the take before. */
  take(): RuleChanges;
  /** As of the last take. */
  ruleSet(nodeId: string): RuleSet;
  hash(nodeId: string): string;
  /** Other nodes that have the node's endpoints in their sets. */
  nodesThatName(nodeId: string): readonly string[];
  /** Other nodes with endpoints that the node has in its sets. */
  namedBy(nodeId: string): ReadonlySet<string>;
  /** Endpoints of the other node that the node has in its sets. */
  named(nodeId: string, other: string): readonly CompiledEndpoint[];
  /** What the node has, in parts, as one who had nothing before would be told of it. */
  parts(nodeId: string): NodeParts;
  /** Every set that is used. */
  sets(): readonly AddressSet[];
  /** All that have, or had, an endpoint. */
  nodes(): readonly string[];
}

export interface RuleChanges {
  /** Sets whose members have changed. */
  readonly sets: readonly SetChanges[];
  /** Nodes whose rules have changed, their sets' members included. */
  readonly nodes: readonly NodeChanges[];
  /** By node, the nodes with endpoints that came to its sets, or left them. */
  readonly remotes: ReadonlyMap<string, ReadonlySet<string>>;
}

const directions = ['ingress', 'egress'] as const;

export function createCompiler(): Compiler {
  const services = new Map<string, CompiledService>();
  const sets = createSets((serviceId) => services.get(serviceId));
  const held = new Map<string, Held>();
  /** Decisions of each policy and each namespace. */
  const decisions = new Map<string, readonly Decision[]>();
  const classes = new Map<string, ClassState>();
  const nodes = new Map<string, NodeState>();
  const touched = new Set<NodeState>();
  let remotes = new Map<string, Set<string>>();
  const moved = (nodeId: string, other: string) => {
    if (nodeId !== other) addTo(remotes, nodeId, other);
  };

  function nodeOf(nodeId: string): NodeState {
    const known = nodes.get(nodeId);
    if (known) return known;
    const created = createNode(nodeId as Id<'node'>, sets, touched, moved);
    nodes.set(nodeId, created);
    return created;
  }

  const stateOf = (nodeId: string) => nodes.get(nodeId) ?? createNode(nodeId as Id<'node'>, sets, touched, moved);

  function leaveClass(one: Held): void {
    const { class: left, node } = one;
    if (left === null || node === null) return;
    node.remove(one, left);
    one.class = null;
    one.node = null;
    if (left.hosts.size > 0) return;
    classes.delete(left.key);
    for (const set of left.sets) set.classes.delete(left);
  }

  function enterClass(one: Held): void {
    const { namespaceId } = one.endpoint;
    const key = classKey(namespaceId, one.sets);
    let entered = classes.get(key);
    if (entered === undefined) {
      const own = [...one.sets];
      entered = { key, namespaceId, sets: own, hosts: new Map(), chains: chainsOf(namespaceId, own) };
      classes.set(key, entered);
      for (const set of own) set.classes.add(entered);
    }
    one.class = entered;
    one.node = nodeOf(one.endpoint.nodeId);
    one.node.add(one, entered);
  }

  /** New chains for all endpoints of the class; where the rules are the same, a receipt may be another. */
  function decideAnew(state: ClassState): void {
    const before = state.chains;
    const chains = chainsOf(state.namespaceId, state.sets);
    for (const node of state.hosts.keys()) node.replaceChains(state, chains);
    state.chains = chains;
    const same = directions.every((one) => chains[one]?.chain.name === before[one]?.chain.name);
    if (!same) for (const [node, members] of state.hosts) for (const one of members) node.touch(one);
  }

  function decide(key: string, next: readonly Decision[]): void {
    const before = decisions.get(key) ?? [];
    // What both need must not go in between.
    for (const decision of next) sets.use(decision);
    for (const decision of before) sets.release(decision);
    if (next.length === 0) decisions.delete(key);
    else decisions.set(key, next);
  }

  return {
    endpoint(instanceId, endpoint) {
      const known = held.get(instanceId);
      if (endpoint === null) {
        if (known === undefined) return;
        held.delete(instanceId);
        known.gone = true;
        sets.remove(known);
        return;
      }
      if (known !== undefined) sets.replace(known, endpoint);
      else held.set(instanceId, sets.add(endpoint));
    },
    policy(policyId, policy) {
      decide(policyId, policy === null ? [] : [decisionOf(policy)]);
    },
    namespace(namespaceId, namespace) {
      decide(namespaceId, namespace === null ? [] : levelDecisions(namespace));
    },
    service(serviceId, service) {
      if (service === null) services.delete(serviceId);
      else services.set(serviceId, service);
      sets.serviceChanged(serviceId);
    },
    take() {
      const { endpoints, decided } = sets.dirty();
      for (const one of endpoints) {
        const { class: known, node } = one;
        if (
          !one.gone &&
          node?.nodeId === one.endpoint.nodeId &&
          known?.key === classKey(one.endpoint.namespaceId, one.sets)
        ) {
          node.touch(one);
          continue;
        }
        leaveClass(one);
        if (!one.gone) enterClass(one);
      }
      for (const state of new Set([...decided].flatMap((set) => [...set.classes]))) decideAnew(state);
      const changedSets = sets.take();
      const changedNodes = [...touched].sort((a, b) => byText(a.nodeId, b.nodeId)).flatMap((node) => node.take() ?? []);
      touched.clear();
      const changedRemotes = remotes;
      remotes = new Map();
      return { sets: changedSets, nodes: changedNodes, remotes: changedRemotes };
    },
    ruleSet: (nodeId) => ({
      ...emptyRuleSet,
      ...stateOf(nodeId).ruleSet(),
    }),
    hash: (nodeId) => stateOf(nodeId).hash(),
    nodesThatName(nodeId) {
      const own = nodes.get(nodeId)?.endpoints() ?? [];
      const those = new Set(own.flatMap((one) => [...one.sets].flatMap((set) => [...set.nodes])));
      return [...those].flatMap((node) => (node.nodeId === nodeId ? [] : [node.nodeId]));
    },
    namedBy(nodeId) {
      const names = nodes.get(nodeId)?.setNames() ?? [];
      const those = new Set(
        names.flatMap((name) => [...(sets.get(name)?.members ?? [])].map((one): string => one.endpoint.nodeId)),
      );
      those.delete(nodeId);
      return those;
    },
    named(nodeId, other) {
      const node = nodes.get(nodeId);
      if (node === undefined || nodeId === other) return [];
      return (nodes.get(other)?.endpoints() ?? []).flatMap((one) =>
        [...one.sets].some((set) => set.nodes.has(node)) ? [one.endpoint] : [],
      );
    },
    parts: (nodeId) => stateOf(nodeId).parts(),
    sets: () => sets.all(),
    nodes: () => [...nodes.keys()],
  };
}
