import { emptyRuleSet, type RuleSet } from '@atoll/schema/node/network';
import {
  changeRules,
  type HashedRules,
  hashOfRules,
  noRules,
  type RuleOperation,
} from '@atoll/schema/node/rules-changes';
import { rulesHash } from '@atoll/schema/node/rules-hash';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endpointOf, intents, namespaceLevel, nodeIds, policyOf, serviceAt } from '../../test/compile/intents.ts';
import { type Compiler, createCompiler, type RuleChanges } from './compiler.ts';
import type { CompiledEndpoint, CompiledNamespace, CompiledPolicy, CompiledService } from './model.ts';
import { tell } from './rules.ts';

type Step =
  | { readonly kind: 'endpoint'; readonly n: number; readonly to: CompiledEndpoint | null }
  | { readonly kind: 'policy'; readonly n: number; readonly to: CompiledPolicy | null }
  | { readonly kind: 'namespace'; readonly n: number; readonly to: CompiledNamespace | null }
  | { readonly kind: 'service'; readonly n: number; readonly to: CompiledService | null }
  /** The policy says the same once more, as another revision. */
  | { readonly kind: 'revise'; readonly n: number };
type Told = Exclude<Step, { kind: 'revise' }>;

const index = (count: number) => fc.integer({ min: 0, max: count - 1 });
const orGone = <T>(of: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: of }, { weight: 1, arbitrary: fc.constant(null) });
const step: fc.Arbitrary<Step> = fc.oneof(
  index(8).chain((n) =>
    orGone(fc.boolean().chain((isolated) => endpointOf(n, () => isolated))).map((to) => ({
      kind: 'endpoint' as const,
      n,
      to,
    })),
  ),
  index(5).chain((n) => orGone(policyOf(n)).map((to) => ({ kind: 'policy' as const, n, to }))),
  index(6).chain((n) => orGone(namespaceLevel(n)).map((to) => ({ kind: 'namespace' as const, n, to }))),
  index(4).chain((n) => orGone(serviceAt(n)).map((to) => ({ kind: 'service' as const, n, to }))),
  index(5).map((n) => ({ kind: 'revise' as const, n })),
);
/** Several steps may come between two takes. */
const walks = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 });

/** What the walk has left: the last word on each thing. */
function follow(known: Map<string, Told>, step: Step, compiler: Compiler): void {
  if (step.kind === 'revise') {
    const said = known.get(`policy ${step.n}`);
    if (said?.kind !== 'policy' || said.to === null) return;
    const to = { ...said.to, revision: said.to.revision + 1 };
    known.set(`policy ${step.n}`, { ...said, to });
    compiler.policy(to.policyId, to);
    return;
  }
  const { kind, n, to } = step;
  const before = known.get(`${kind} ${n}`);
  known.set(`${kind} ${n}`, step);
  switch (kind) {
    case 'endpoint':
      compiler.endpoint(`ins_${n}`, to);
      return;
    case 'policy': {
      // Another kind of policy under the same number is another policy.
      const [old, now] = [(before?.to as CompiledPolicy | null | undefined)?.policyId, to?.policyId];
      if (old !== undefined && old !== now) compiler.policy(old, null);
      if (to !== null) compiler.policy(to.policyId, to);
      return;
    }
    case 'namespace':
      compiler.namespace(`ns_${n}`, to);
      return;
    case 'service':
      if (to !== null) compiler.service(to.serviceId, to);
      else if (before?.kind === 'service' && before.to) compiler.service(before.to.serviceId, null);
      return;
    default:
      kind satisfies never;
  }
}

function fresh(known: ReadonlyMap<string, Told>): Compiler {
  const compiler = createCompiler();
  const all = [...known.values()];
  tell(compiler, {
    endpoints: all.flatMap((one) => (one.kind === 'endpoint' && one.to ? [one.to] : [])),
    policies: all.flatMap((one) => (one.kind === 'policy' && one.to ? [one.to] : [])),
    namespaces: all.flatMap((one) => (one.kind === 'namespace' && one.to ? [one.to] : [])),
    services: all.flatMap((one) => (one.kind === 'service' && one.to ? [one.to] : [])),
  });
  compiler.take();
  return compiler;
}

/** What a node that is sent the changes has: its own parts, and of the sets that it has the members. */
function createMirror() {
  const members = new Map<string, { kind: 'addresses' | 'networks'; all: Set<string> }>();
  const nodes = new Map<string, HashedRules>();
  return {
    rules: (node: string): HashedRules => nodes.get(node) ?? noRules,
    take({ sets, nodes: changed }: RuleChanges): void {
      for (const { name, kind, added, removed, gone } of sets) {
        const set = members.get(name) ?? { kind, all: new Set<string>() };
        for (const one of removed) set.all.delete(one);
        for (const one of added) set.all.add(one);
        if (gone) members.delete(name);
        else members.set(name, set);
      }
      const moved = new Map(sets.map((set) => [set.name, set]));
      for (const { nodeId, hash, endpoints, chains, policies, sets: used } of changed) {
        const put = (
          list: 'endpoints' | 'chains' | 'policies',
          parts: readonly object[],
          key: (part: never) => string,
        ) => parts.map((value): RuleOperation => ({ op: 'PUT', list, key: key(value as never), value }));
        const gone = (list: 'endpoints' | 'chains' | 'policies', keys: readonly string[]) =>
          keys.map((key): RuleOperation => ({ op: 'REMOVE', list, key }));
        const draft = changeRules(nodes.get(nodeId) ?? noRules);
        draft.apply([
          ...put('endpoints', endpoints.put, (one: { instanceId: string }) => one.instanceId),
          ...put('chains', chains.put, (one: { name: string }) => one.name),
          ...put('policies', policies.put, (one: { policyId: string }) => one.policyId),
          ...gone('endpoints', endpoints.removed),
          ...gone('chains', chains.removed),
          ...gone('policies', policies.removed),
          ...used.removed.map((name): RuleOperation => ({ op: 'UNSET', name })),
          ...used.put.flatMap((name): RuleOperation[] => [
            { op: 'SET', name, kind: members.get(name)?.kind ?? 'addresses' },
            { op: 'MEMBERS', name, added: [...(members.get(name)?.all ?? [])], removed: [] },
          ]),
          ...used.changed.map((name): RuleOperation => {
            const { added = [], removed = [] } = moved.get(name) ?? {};
            return { op: 'MEMBERS', name, added: [...added], removed: [...removed] };
          }),
        ]);
        const done = draft.done();
        expect(hashOfRules(done)).toBe(hash);
        nodes.set(nodeId, done);
      }
    },
  };
}

/** Whom of the others each node has in its sets, read out of the sets; where that is another than before, it was told. */
function expectNamed(
  compiler: Compiler,
  known: readonly Told[],
  before: Map<string, string>,
  taken: RuleChanges,
): void {
  const endpoints = known.flatMap((one) => (one.kind === 'endpoint' && one.to ? [one.to] : []));
  for (const node of nodeIds) {
    const { sets } = compiler.ruleSet(node);
    const others = nodeIds.flatMap((other) => {
      const there = endpoints
        .filter(({ nodeId, ipv4 }) => nodeId === other && sets.some((set) => set.ipv4.includes(ipv4)))
        .map(({ ipv4, ipv6 }) => `${ipv4} ${ipv6}`);
      const texts = compiler.named(node, other).map(({ ipv4, ipv6 }) => `${ipv4} ${ipv6}`);
      expect(texts.sort()).toEqual(other === node ? [] : there.sort());
      const [key, now] = [`${node} ${other}`, texts.join()];
      if (now !== (before.get(key) ?? '')) expect(taken.remotes.get(node)).toContain(other);
      before.set(key, now);
      return texts.length > 0 ? [other] : [];
    });
    expect([...compiler.namedBy(node)].sort()).toEqual(others.sort());
    for (const other of nodeIds) {
      expect(compiler.nodesThatName(other).includes(node), `${node} names ${other}`).toBe(others.includes(other));
    }
  }
}

describe('after any walk of changes', () => {
  it('the rules are those of a fresh compilation, byte for byte, and so are those of one who was only told the changes', () => {
    fc.assert(
      fc.property(walks, (walk) => {
        const compiler = createCompiler();
        const mirror = createMirror();
        const known = new Map<string, Told>();
        const named = new Map<string, string>();
        for (const steps of walk) {
          for (const one of steps) follow(known, one, compiler);
          const taken = compiler.take();
          mirror.take(taken);
          const anew = fresh(known);
          expectNamed(compiler, [...known.values()], named, taken);
          for (const node of nodeIds) {
            const rules = compiler.ruleSet(node);
            expect(JSON.stringify(rules)).toBe(JSON.stringify(anew.ruleSet(node)));
            expect(compiler.hash(node)).toBe(rulesHash(rules));
            expect(JSON.stringify(mirror.rules(node).rules)).toBe(JSON.stringify(rules));
          }
          expect(compiler.sets().toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual(
            anew.sets().toSorted((a, b) => (a.name < b.name ? -1 : 1)),
          );
        }
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  it('telling everything once more changes nothing', () => {
    fc.assert(
      fc.property(intents, (intent) => {
        const compiler = createCompiler();
        tell(compiler, intent);
        compiler.take();
        tell(compiler, intent);
        expect(compiler.take()).toMatchObject({ sets: [], nodes: [] });
      }),
      { numRuns: 200 },
    );
  });

  it('nothing is left of what is gone', () => {
    fc.assert(
      fc.property(intents, (intent) => {
        const compiler = createCompiler();
        tell(compiler, intent);
        compiler.take();
        for (const { instanceId } of intent.endpoints) compiler.endpoint(instanceId, null);
        for (const { policyId } of intent.policies) compiler.policy(policyId, null);
        for (const { namespaceId } of intent.namespaces) compiler.namespace(namespaceId, null);
        compiler.take();
        const nothing: RuleSet = emptyRuleSet;
        for (const node of nodeIds) {
          expect(compiler.ruleSet(node)).toEqual(nothing);
          expect(compiler.hash(node)).toBe(rulesHash(nothing));
        }
        expect(compiler.sets()).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
