/** What one node has of the rules, counted by who needs it, and what of that is new since it was taken last. */
import type { Id } from '@atoll/schema/ids';
import type { RuleEndpoint } from '@atoll/schema/node/network';
import { emptySum, hashOf, minus, partDigest, plus } from '@atoll/schema/node/rules-hash';
import { byText } from './order.ts';
import { contentOf, type Sets } from './sets.ts';
import type { Chain, Held, NodeState, RulePolicy } from './state.ts';

/** Things by key, each counted by who needs it. */
interface Needed<T> {
  readonly value: T;
  readonly count: number;
}

const nothing = { put: [], added: [], removed: [] };

/** A list of the rule set as it was taken last, and which of its keys may have changed. */
function createList<T>(digestOf: (value: T) => bigint) {
  const taken = new Map<string, { readonly value: T; readonly digest: bigint }>();
  const touched = new Set<string>();
  return {
    taken,
    touched,
    /** `now`: undefined where it is gone. Digests tell whether it is another. */
    take(now: (key: string) => T | undefined, count: (added: bigint, removed: bigint) => void) {
      // Most nodes near a change have one list that it could be in.
      if (touched.size === 0) return nothing;
      const put: T[] = [];
      const added: string[] = [];
      const removed: string[] = [];
      for (const key of [...touched].sort(byText)) {
        const before = taken.get(key);
        const value = now(key);
        if (value === undefined) {
          if (before === undefined) continue;
          taken.delete(key);
          removed.push(key);
          count(0n, before.digest);
          continue;
        }
        const digest = digestOf(value);
        if (before?.digest === digest) continue;
        taken.set(key, { value, digest });
        put.push(value);
        if (before === undefined) added.push(key);
        count(digest, before?.digest ?? 0n);
      }
      touched.clear();
      return { put, added, removed };
    },
    all: (): Map<string, T> => new Map([...taken].map(([key, { value }]) => [key, value])),
    sorted: (): T[] => [...taken].sort(([a], [b]) => byText(a, b)).map(([, { value }]) => value),
  };
}

/** `touched`: where a node says that it may have changed. `moved`: told of nodes whose endpoints came to its sets, or left them. */
export function createNode(
  nodeId: Id<'node'>,
  sets: Sets,
  touched: Set<NodeState>,
  moved: (nodeId: string, other: string) => void,
): NodeState {
  const own = new Map<string, Held>();
  const chains = new Map<string, Needed<Chain>>();
  const setUse = new Map<string, number>();
  const policies = new Map<string, Needed<RulePolicy>>();
  let sum = emptySum;

  const lists = {
    endpoints: createList<RuleEndpoint>((endpoint) => partDigest('endpoints', endpoint)),
    chains: createList<Chain>((chain) => chain.digest),
    policies: createList<RulePolicy>((policy) => partDigest('policies', policy)),
    sets: createList<{ readonly name: string; readonly digest: bigint }>((set) => set.digest),
  };

  function movedAll(set: string): void {
    for (const { endpoint } of sets.get(set)?.members ?? []) moved(nodeId, endpoint.nodeId);
  }

  function acquire(chain: Chain | null): void {
    if (chain === null) return;
    const { name } = chain.chain;
    const count = (chains.get(name)?.count ?? 0) + 1;
    chains.set(name, { value: chain, count });
    lists.chains.touched.add(name);
    for (const [policyId, receipt] of chain.policies) {
      const needed = (policies.get(policyId)?.count ?? 0) + 1;
      policies.set(policyId, { value: { policyId, ...receipt }, count: needed });
      lists.policies.touched.add(policyId);
    }
    if (count > 1) return;
    for (const set of chain.sets) {
      const used = (setUse.get(set) ?? 0) + 1;
      setUse.set(set, used);
      if (used > 1) continue;
      sets.get(set)?.nodes.add(state);
      movedAll(set);
      lists.sets.touched.add(set);
    }
  }

  function release(chain: Chain | null): void {
    if (chain === null) return;
    const { name } = chain.chain;
    const there = chains.get(name);
    const count = (there?.count ?? 0) - 1;
    lists.chains.touched.add(name);
    for (const policyId of chain.policies.keys()) {
      const needed = policies.get(policyId);
      lists.policies.touched.add(policyId);
      if (needed === undefined || needed.count === 1) policies.delete(policyId);
      else policies.set(policyId, { value: needed.value, count: needed.count - 1 });
    }
    if (there !== undefined && count > 0) {
      // Another of the same rules; its receipts may be newer.
      chains.set(name, { value: there.value, count });
      return;
    }
    chains.delete(name);
    for (const set of chain.sets) {
      const used = (setUse.get(set) ?? 0) - 1;
      if (used > 0) {
        setUse.set(set, used);
        continue;
      }
      setUse.delete(set);
      sets.get(set)?.nodes.delete(state);
      movedAll(set);
      lists.sets.touched.add(set);
    }
  }

  function shown({ endpoint: { instanceId, ipv4, ipv6 }, class: of }: Held): RuleEndpoint {
    const name = (chain: Chain | null | undefined) => chain?.chain.name ?? null;
    return { instanceId, ipv4, ipv6, ingress: name(of?.chains.ingress), egress: name(of?.chains.egress) };
  }

  const state: NodeState = {
    nodeId,
    add(one, of) {
      touched.add(state);
      const { instanceId } = one.endpoint;
      own.set(instanceId, one);
      lists.endpoints.touched.add(instanceId);
      const here = of.hosts.get(state);
      if (here) {
        here.add(one);
        return;
      }
      of.hosts.set(state, new Set([one]));
      acquire(of.chains.ingress);
      acquire(of.chains.egress);
    },
    remove(one, of) {
      touched.add(state);
      const { instanceId } = one.endpoint;
      if (own.get(instanceId) === one) own.delete(instanceId);
      lists.endpoints.touched.add(instanceId);
      const here = of.hosts.get(state);
      here?.delete(one);
      if (here === undefined || here.size > 0) return;
      of.hosts.delete(state);
      release(of.chains.ingress);
      release(of.chains.egress);
    },
    replaceChains(of, next) {
      touched.add(state);
      for (const direction of ['ingress', 'egress'] as const) {
        acquire(next[direction]);
        release(of.chains[direction]);
      }
    },
    touch(one) {
      touched.add(state);
      lists.endpoints.touched.add(one.endpoint.instanceId);
    },
    touchSet(name) {
      touched.add(state);
      lists.sets.touched.add(name);
    },
    moved(other) {
      moved(nodeId, other);
    },
    take() {
      const count = (added: bigint, removed: bigint) => {
        sum = minus(plus(sum, added), removed);
      };
      const endpoints = lists.endpoints.take((id) => {
        const one = own.get(id);
        return one && shown(one);
      }, count);
      const chainsTaken = lists.chains.take((name) => chains.get(name)?.value, count);
      const policiesTaken = lists.policies.take((id) => policies.get(id)?.value, count);
      const setsTaken = lists.sets.take((name) => {
        const set = setUse.has(name) ? sets.get(name) : undefined;
        return set && { name, digest: set.digest };
      }, count);
      const all = [endpoints, chainsTaken, policiesTaken, setsTaken];
      if (all.every(({ put, removed }) => put.length + removed.length === 0)) return null;
      const fresh = new Set(setsTaken.added);
      return {
        nodeId,
        hash: hashOf(sum),
        endpoints: { put: endpoints.put, removed: endpoints.removed },
        chains: { put: chainsTaken.put.map(({ chain }) => chain), removed: chainsTaken.removed },
        policies: { put: policiesTaken.put, removed: policiesTaken.removed },
        sets: {
          put: setsTaken.added,
          changed: setsTaken.put.flatMap(({ name }) => (fresh.has(name) ? [] : [name])),
          removed: setsTaken.removed,
        },
      };
    },
    ruleSet: () => ({
      endpoints: lists.endpoints.sorted(),
      chains: lists.chains.sorted().map(({ chain }) => chain),
      sets: lists.sets.sorted().flatMap(({ name }) => {
        const set = sets.get(name);
        return set ? [contentOf(set)] : [];
      }),
      policies: lists.policies.sorted(),
    }),
    hash: () => hashOf(sum),
    endpoints: () => [...own.values()],
    setNames: () => [...setUse.keys()],
    parts: () => ({
      endpoints: lists.endpoints.all(),
      chains: new Map([...lists.chains.all()].map(([name, { chain }]) => [name, chain])),
      policies: lists.policies.all(),
      sets: [...lists.sets.taken.keys()],
    }),
  };
  return state;
}
