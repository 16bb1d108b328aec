import type { Id } from '@atoll/schema/ids';
import { type RuleSet, ruleSet } from '@atoll/schema/node/network';
import { rulesHash } from '@atoll/schema/node/rules-hash';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CompiledEndpoint, CompiledPolicy } from './model.ts';
import { compileNode } from './rules.ts';

const protocols = ['TCP', 'UDP'] as const;
type Protocol = (typeof protocols)[number];

/** The independent model: no sets, no chains, no nodes; only what a policy says. */
function modelMayReach(
  policies: readonly CompiledPolicy[],
  a: CompiledEndpoint,
  b: CompiledEndpoint,
  protocol: Protocol,
  port: number,
): boolean {
  for (const { tenant, namespaceId, spec } of policies) {
    if (a.tenant !== tenant || b.tenant !== tenant) continue;
    if (a.namespaceId !== spec.from.namespaceId || b.namespaceId !== namespaceId) continue;
    let labelled = true;
    for (const key of Object.keys(spec.from.labels)) if (a.labels[key] !== spec.from.labels[key]) labelled = false;
    for (const key of Object.keys(spec.to.labels)) if (b.labels[key] !== spec.to.labels[key]) labelled = false;
    if (!labelled) continue;
    for (const range of spec.ports) {
      if (range.protocol === protocol && port >= range.from && port <= range.to) return true;
    }
  }
  return false;
}

/** What a node does with a packet: the schema's words, read by somebody who knows nothing of the compiler. */
function ruleSetPasses(
  rules: RuleSet,
  direction: 'ingress' | 'egress',
  self: CompiledEndpoint,
  peer: CompiledEndpoint,
  protocol: Protocol,
  port: number,
): boolean {
  const guarded = rules.endpoints.find((endpoint) => endpoint.instanceId === self.instanceId);
  const chain = rules.chains.find((one) => one.name === guarded?.[direction] && one.direction === direction);
  return (chain?.rules ?? []).some((rule) => {
    const set = rules.sets.find((one) => one.name === rule.set);
    return (
      rule.protocol === protocol &&
      port >= (rule.ports?.from ?? 0) &&
      port <= (rule.ports?.to ?? 65_535) &&
      (set?.ipv4 ?? []).includes(peer.ipv4) &&
      (set?.ipv6 ?? []).includes(peer.ipv6)
    );
  });
}

const suffix = (n: number) => `01h455vb4pex5vsknk0${String(n).padStart(7, '0')}`;
const nodeIds = [0, 1, 2].map((n): Id<'node'> => `node_${suffix(n)}`);
const namespaceOf = (n: number): Id<'namespace'> => `ns_${suffix(n)}`;
/** Two tenants with two namespaces each. */
const tenantOfNamespace = (n: number) => `ten_${suffix(n >> 1)}`;

const index = (count: number) => fc.integer({ min: 0, max: count - 1 });
const labels = fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('a', 'b'), { maxKeys: 2 });
const port = fc.integer({ min: 1, max: 12 });
const ports = fc.array(
  fc.tuple(fc.constantFrom(...protocols), port, port).map(([protocol, x, y]) => ({
    protocol,
    from: Math.min(x, y),
    to: Math.max(x, y),
  })),
  { minLength: 1, maxLength: 4 },
);

const endpoints = fc.array(fc.record({ namespace: index(4), node: index(3), labels }), { maxLength: 12 }).map((list) =>
  list.map(
    ({ namespace, node, labels }, n): CompiledEndpoint => ({
      instanceId: `ins_${suffix(n)}`,
      tenant: tenantOfNamespace(namespace),
      namespaceId: namespaceOf(namespace),
      nodeId: nodeIds[node] ?? `node_${suffix(0)}`,
      ipv4: `10.64.0.${n + 2}`,
      ipv6: `fd61::${(n + 2).toString(16)}`,
      labels,
    }),
  ),
);

/** `from` may name a namespace of another tenant: the compiler must not follow. */
const policies = fc
  .array(fc.record({ to: index(4), from: index(4), fromLabels: labels, toLabels: labels, ports }), { maxLength: 8 })
  .map((list) =>
    list.map(
      ({ to, from, fromLabels, toLabels, ports }, n): CompiledPolicy => ({
        policyId: `pol_${suffix(n)}`,
        tenant: tenantOfNamespace(to),
        namespaceId: namespaceOf(to),
        revision: 1 + (n % 3),
        spec: { from: { namespaceId: namespaceOf(from), labels: fromLabels }, to: { labels: toLabels }, ports },
      }),
    ),
  );

const compileAll = (all: readonly CompiledEndpoint[], list: readonly CompiledPolicy[]) =>
  new Map(nodeIds.map((nodeId) => [nodeId, compileNode(nodeId, all, list)]));

describe('the compiled rules', () => {
  it('let pass exactly what the policies open, for every pair, protocol and port', () => {
    fc.assert(
      fc.property(endpoints, policies, (all, list) => {
        const compiled = compileAll(all, list);
        for (const a of all) {
          for (const b of all) {
            for (const protocol of protocols) {
              for (let number = 0; number <= 13; number++) {
                const out = compiled.get(a.nodeId);
                const into = compiled.get(b.nodeId);
                const passes =
                  out !== undefined &&
                  into !== undefined &&
                  ruleSetPasses(out, 'egress', a, b, protocol, number) &&
                  ruleSetPasses(into, 'ingress', b, a, protocol, number);
                expect(passes).toBe(modelMayReach(list, a, b, protocol, number));
              }
            }
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('are the same bytes in whatever order the intent is told', () => {
    const both = fc.tuple(endpoints, policies).chain(([all, list]) =>
      fc.record({
        told: fc.constant({ all, list }),
        shuffled: fc.record({
          all: fc.shuffledSubarray(all, { minLength: all.length }),
          list: fc.shuffledSubarray(list, { minLength: list.length }),
        }),
      }),
    );
    fc.assert(
      fc.property(both, ({ told, shuffled }) => {
        const reversed = shuffled.list.map((policy) => ({
          ...policy,
          spec: { ...policy.spec, ports: [...policy.spec.ports].reverse() },
        }));
        for (const nodeId of nodeIds) {
          expect(JSON.stringify(compileNode(nodeId, shuffled.all, reversed))).toBe(
            JSON.stringify(compileNode(nodeId, told.all, told.list)),
          );
        }
      }),
    );
  });

  it('have only what the node needs, in the shape of the schema, and every name leads somewhere', () => {
    fc.assert(
      fc.property(endpoints, policies, (all, list) => {
        for (const [nodeId, rules] of compileAll(all, list)) {
          expect(ruleSet.parse(rules)).toEqual(rules);
          expect(rules.endpoints.map((e) => e.instanceId)).toEqual(
            all.filter((e) => e.nodeId === nodeId).map((e) => e.instanceId),
          );
          const usedChains = rules.endpoints.flatMap((e) => [e.ingress, e.egress]).filter((name) => name !== null);
          expect(new Set(rules.chains.map((chain) => chain.name))).toEqual(new Set(usedChains));
          const usedSets = rules.chains.flatMap((chain) => chain.rules.map((rule) => rule.set));
          expect(new Set(rules.sets.map((set) => set.name))).toEqual(new Set(usedSets));
          for (const set of rules.sets) expect(set.ipv4.length).toBeGreaterThan(0);
          const ruled = rules.chains.flatMap((chain) => chain.rules.map((rule) => rule.policyId));
          expect(new Set(rules.policies.map((policy) => policy.policyId))).toEqual(new Set(ruled));
        }
      }),
    );
  });
});

describe('names and hashes', () => {
  const [node] = nodeIds;
  if (node === undefined) throw new Error('There is a node.');
  const endpoint = (n: number, app: string): CompiledEndpoint => ({
    instanceId: `ins_${suffix(n)}`,
    tenant: tenantOfNamespace(0),
    namespaceId: namespaceOf(0),
    nodeId: node,
    ipv4: `10.64.0.${n + 2}`,
    ipv6: `fd61::${n + 2}`,
    labels: { app },
  });
  const policy = (from: number, to: number): CompiledPolicy => ({
    policyId: `pol_${suffix(0)}`,
    tenant: tenantOfNamespace(0),
    namespaceId: namespaceOf(0),
    revision: 1,
    spec: {
      from: { namespaceId: namespaceOf(0), labels: { app: 'web' } },
      to: { labels: { app: 'db' } },
      ports: [{ protocol: 'TCP', from, to }],
    },
  });

  it('of sets and chains stay when members come and go', () => {
    const before = compileNode(node, [endpoint(0, 'web'), endpoint(1, 'db')], [policy(80, 80)]);
    const after = compileNode(node, [endpoint(0, 'web'), endpoint(1, 'db'), endpoint(2, 'web')], [policy(80, 80)]);
    expect(after.sets.map((set) => set.name)).toEqual(before.sets.map((set) => set.name));
    expect(after.chains.map((chain) => chain.name)).toEqual(before.chains.map((chain) => chain.name));
    expect(after.policies[0]?.hash).not.toBe(before.policies[0]?.hash);
    expect(rulesHash(after)).not.toBe(rulesHash(before));
  });

  it('of chains change with their content', () => {
    const all = [endpoint(0, 'web'), endpoint(1, 'db')];
    const a = compileNode(node, all, [policy(80, 80)]);
    const b = compileNode(node, all, [policy(80, 81)]);
    expect(b.chains.map((chain) => chain.name)).not.toEqual(a.chains.map((chain) => chain.name));
  });

  it('endpoints with equal rules share their chains', () => {
    const rules = compileNode(node, [endpoint(0, 'web'), endpoint(1, 'web'), endpoint(2, 'db')], [policy(80, 80)]);
    expect(rules.chains).toHaveLength(2);
    expect(rules.endpoints[0]?.egress).toBe(rules.endpoints[1]?.egress);
  });

  it('two spellings of the same ports are one', () => {
    const all = [endpoint(0, 'web'), endpoint(1, 'db')];
    const spelled = policy(80, 90);
    const halves = [
      { protocol: 'TCP', from: 86, to: 90 },
      { protocol: 'TCP', from: 80, to: 85 },
    ] as const;
    const other = { ...spelled, spec: { ...spelled.spec, ports: [...halves] } };
    expect(compileNode(node, all, [other])).toEqual(compileNode(node, all, [spelled]));
  });

  it('the hash of the rules doesn’t depend on the order of keys', () => {
    const rules = compileNode(node, [endpoint(0, 'web')], []);
    const { policies: p, ...rest } = rules;
    expect(rulesHash({ policies: p, ...Object.fromEntries(Object.entries(rest).reverse()) } as typeof rules)).toBe(
      rulesHash(rules),
    );
  });
});
