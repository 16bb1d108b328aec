import type { Id } from '@atoll/schema/ids';
import { type PolicyRule, type RuleSet, ruleSet } from '@atoll/schema/node/network';
import { rulesHash } from '@atoll/schema/node/rules-hash';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  environmentOf,
  intents,
  nodeIds,
  outside,
  type Packet,
  packets,
  suffix,
  tenantOf,
} from '../../test/compile/intents.ts';
import { modelMayPass } from '../../test/compile/model.ts';
import type { CompiledEndpoint, CompiledPeer, CompiledPolicy, Intent } from './model.ts';
import { networksOf } from './networks.ts';
import { compileNode } from './rules.ts';

const inCidr = (cidr: string, address: string) => outside.contains(cidr, address);

/** What a node decides about a new connection: the schema's words, read by somebody who knows nothing of the compiler. */
function ruleSetPasses(
  rules: RuleSet,
  direction: 'ingress' | 'egress',
  self: CompiledEndpoint,
  peer: CompiledEndpoint | string,
  packet: Packet,
): boolean {
  const guarded = rules.endpoints.find((endpoint) => endpoint.instanceId === self.instanceId);
  const chain = rules.chains.find((one) => one.name === guarded?.[direction] && one.direction === direction);
  const matches = (rule: PolicyRule): boolean => {
    const set = rules.sets.find((one) => one.name === rule.set);
    if (!set) throw new Error('The rule names a set that the node has not.');
    const isMember =
      typeof peer === 'string'
        ? set.kind === 'networks' && [...set.ipv4, ...set.ipv6].some((cidr) => inCidr(cidr, peer))
        : set.kind === 'addresses' && set.ipv4.includes(peer.ipv4) && set.ipv6.includes(peer.ipv6);
    if (!isMember) return false;
    if (rule.protocol === null) return true;
    if (rule.protocol !== packet.protocol) return false;
    if (packet.protocol === 'ICMP') return rule.icmp === null || rule.icmp === packet.type;
    return rule.ports === null || (packet.port >= rule.ports.from && packet.port <= rule.ports.to);
  };
  return (chain?.rules ?? []).find(matches)?.action === 'ALLOW';
}

const compileAll = (intent: Intent) => new Map(nodeIds.map((nodeId) => [nodeId, compileNode(nodeId, intent)]));

describe('the compiled rules', () => {
  it('let pass exactly what policies and levels open, for every pair, packet and address outside', () => {
    fc.assert(
      fc.property(intents, (intent) => {
        const compiled = compileAll(intent);
        const passes = (
          direction: 'ingress' | 'egress',
          self: CompiledEndpoint,
          peer: CompiledEndpoint | string,
          packet: Packet,
        ) => {
          const rules = compiled.get(self.nodeId);
          return rules !== undefined && ruleSetPasses(rules, direction, self, peer, packet);
        };
        for (const packet of packets) {
          for (const a of intent.endpoints) {
            for (const b of intent.endpoints) {
              const told = passes('egress', a, b, packet) && passes('ingress', b, a, packet);
              expect(told).toBe(modelMayPass(intent, a, b, packet));
            }
            for (const address of outside.addresses) {
              expect(passes('egress', a, address, packet)).toBe(modelMayPass(intent, a, address, packet));
              expect(passes('ingress', a, address, packet)).toBe(modelMayPass(intent, address, a, packet));
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  it('are the same bytes in whatever order the intent is told', () => {
    const both = intents.chain((told) =>
      fc.record({
        told: fc.constant(told),
        shuffled: fc.record({
          endpoints: fc.shuffledSubarray([...told.endpoints], { minLength: told.endpoints.length }),
          policies: fc.shuffledSubarray([...told.policies], { minLength: told.policies.length }),
          namespaces: fc.shuffledSubarray([...told.namespaces], { minLength: told.namespaces.length }),
          services: fc.shuffledSubarray([...told.services], { minLength: told.services.length }),
        }),
      }),
    );
    const reversed = (policy: CompiledPolicy): CompiledPolicy => {
      const { from, to, traffic } = policy.definition;
      const definition = {
        ...policy.definition,
        from: from.toReversed(),
        to: to.toReversed(),
        traffic: traffic.toReversed(),
      };
      return { ...policy, definition };
    };
    fc.assert(
      fc.property(both, ({ told, shuffled }) => {
        for (const nodeId of nodeIds) {
          const other = { ...shuffled, policies: shuffled.policies.map(reversed) };
          expect(JSON.stringify(compileNode(nodeId, other))).toBe(JSON.stringify(compileNode(nodeId, told)));
        }
      }),
      { numRuns: 150 },
    );
  });

  it('have only what the node needs, in the shape of the schema, and every name leads somewhere', () => {
    fc.assert(
      fc.property(intents, (intent) => {
        for (const [nodeId, rules] of compileAll(intent)) {
          expect(ruleSet.parse(rules)).toEqual(rules);
          const own = intent.endpoints.filter((e) => e.nodeId === nodeId).map((e) => e.instanceId);
          expect(rules.endpoints.map((e) => e.instanceId)).toEqual(own.sort());
          const usedChains = rules.endpoints.flatMap((e) => [e.ingress, e.egress]).filter((name) => name !== null);
          expect(new Set(rules.chains.map((chain) => chain.name))).toEqual(new Set(usedChains));
          const usedSets = rules.chains.flatMap((chain) => chain.rules.map((rule) => rule.set));
          expect(new Set(rules.sets.map((set) => set.name))).toEqual(new Set(usedSets));
          const ruled = rules.chains.flatMap((chain) => chain.rules.map((rule): string => rule.policyId));
          const policies = ruled.filter((policyId) => !policyId.startsWith('ns_'));
          expect(new Set(rules.policies.map((policy): string => policy.policyId))).toEqual(new Set(policies));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('know no address of another tenant, whatever ids the policies of a tenant name', () => {
    fc.assert(
      fc.property(intents, (intent) => {
        const tenants = { ...intent, policies: intent.policies.filter((policy) => policy.tenant !== null) };
        const owner = new Map(intent.endpoints.map((endpoint) => [endpoint.ipv4, endpoint.tenant]));
        for (const rules of compileAll(tenants).values()) {
          const members = new Map(rules.sets.map((set) => [set.name, set.kind === 'addresses' ? set.ipv4 : []]));
          for (const { instanceId, ingress, egress } of rules.endpoints) {
            const self = intent.endpoints.find((endpoint) => endpoint.instanceId === instanceId);
            const chains = rules.chains.filter(({ name }) => name === ingress || name === egress);
            for (const rule of chains.flatMap((chain) => chain.rules)) {
              for (const address of members.get(rule.set) ?? []) expect(owner.get(address)).toBe(self?.tenant);
            }
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('names and hashes', () => {
  const [node] = nodeIds;
  if (node === undefined) throw new Error('There is a node.');
  const namespaceId: Id<'namespace'> = `ns_${suffix(0)}`;
  const endpoint = (n: number, app: string): CompiledEndpoint => ({
    instanceId: `ins_${suffix(n)}`,
    tenant: tenantOf(0),
    namespaceId,
    environmentId: environmentOf(0),
    subnetId: `sub_${suffix(0)}`,
    nodeId: node,
    ipv4: `10.64.0.${n + 2}`,
    ipv6: `fd61::${n + 2}`,
    labels: { app },
    isolated: false,
  });
  const labelled = (app: string): CompiledPeer => ({ kind: 'INSTANCES', namespaceId, labels: { app } });
  const policy = (from: number, to: number, n = 0): CompiledPolicy => ({
    policyId: `pol_${suffix(n)}`,
    tier: 'TENANT',
    tenant: tenantOf(0),
    namespaceId,
    revision: 1,
    definition: {
      action: 'ALLOW',
      priority: 500,
      from: [labelled('web')],
      to: [labelled('db')],
      traffic: [{ protocol: 'TCP', from, to }],
      log: false,
    },
  });
  const compile = (endpoints: CompiledEndpoint[], policies: CompiledPolicy[]) =>
    compileNode(node, { endpoints, policies, namespaces: [], services: [] });
  const pair = [endpoint(0, 'web'), endpoint(1, 'db')];

  it('are asked at each end of its own namespace first: nobody else undoes what it forbids, whatever the priority', () => {
    const elsewhere: Id<'namespace'> = `ns_${suffix(1)}`;
    const there = { ...endpoint(1, 'db'), namespaceId: elsewhere, subnetId: `sub_${suffix(1)}` } as const;
    const db: CompiledPeer = { kind: 'INSTANCES', namespaceId: elsewhere, labels: {} };
    const opened = policy(80, 80);
    const theirs: CompiledPolicy = {
      ...opened,
      namespaceId: elsewhere,
      definition: { ...opened.definition, priority: 0, to: [db] },
    };
    const shut = policy(80, 80, 1);
    const own: CompiledPolicy = {
      ...shut,
      definition: { ...shut.definition, action: 'DENY', priority: 1000, to: [db] },
    };
    const rules = compile([endpoint(0, 'web'), there], [theirs, own]);
    const actions = (direction: string) =>
      rules.chains.flatMap((chain) => (chain.direction === direction ? [chain.rules.map(({ action }) => action)] : []));
    expect(actions('egress')).toEqual([['DENY', 'ALLOW']]);
    expect(actions('ingress')).toEqual([['ALLOW', 'DENY']]);
  });

  it('are asked so also where endpoints of two namespaces are in the very same sets', () => {
    const elsewhere: Id<'namespace'> = `ns_${suffix(1)}`;
    const there = { ...endpoint(1, 'web'), namespaceId: elsewhere, subnetId: `sub_${suffix(1)}` } as const;
    const everybody: CompiledPeer = { kind: 'ENVIRONMENT', environmentId: environmentOf(0), labels: {} };
    const of = (n: number, own: Id<'namespace'>, action: 'ALLOW' | 'DENY'): CompiledPolicy => {
      const { definition, ...one } = policy(80, 80, n);
      return { ...one, namespaceId: own, definition: { ...definition, action, from: [everybody], to: [everybody] } };
    };
    const rules = compile([endpoint(0, 'web'), there], [of(0, namespaceId, 'ALLOW'), of(1, elsewhere, 'DENY')]);
    const first = rules.endpoints.map(
      ({ egress }) => rules.chains.find((chain) => chain.name === egress)?.rules[0]?.action,
    );
    expect(first).toEqual(['ALLOW', 'DENY']);
  });

  it('of sets and chains stay when members come and go', () => {
    const before = compile(pair, [policy(80, 80)]);
    const after = compile([...pair, endpoint(2, 'web')], [policy(80, 80)]);
    expect(after.sets.map((set) => set.name)).toEqual(before.sets.map((set) => set.name));
    expect(after.chains).toEqual(before.chains);
    expect(after.policies).toEqual(before.policies);
    expect(rulesHash(after)).not.toBe(rulesHash(before));
  });

  it('of chains and policies change with their content', () => {
    const [a, b] = [compile(pair, [policy(80, 80)]), compile(pair, [policy(80, 81)])];
    expect(b.chains.map((chain) => chain.name)).not.toEqual(a.chains.map((chain) => chain.name));
    expect(b.policies[0]?.hash).not.toBe(a.policies[0]?.hash);
  });

  it('of policies change with either direction, and rules say whether they log', () => {
    const said = policy(80, 80);
    const another = (part: Partial<CompiledPolicy['definition']>) =>
      compile(pair, [{ ...said, definition: { ...said.definition, ...part } }]);
    const hashes = [{}, { from: [labelled('web'), labelled('else')] }, { to: [labelled('db'), labelled('else')] }].map(
      (part) => another(part).policies[0]?.hash,
    );
    expect(new Set(hashes).size).toBe(3);
    for (const log of [true, false]) {
      expect(another({ log }).chains.flatMap(({ rules }) => rules.map((rule) => rule.log))).toEqual([log, log]);
    }
  });

  it('of sets change with what a policy selects: no old rule meets new members', () => {
    const other = policy(80, 80);
    const from = [labelled('else')];
    const a = compile(pair, [policy(80, 80)]);
    const b = compile(pair, [{ ...other, definition: { ...other.definition, from } }]);
    const named = (rules: RuleSet) => rules.chains.find((one) => one.direction === 'ingress')?.rules[0]?.set;
    expect(named(b)).not.toBe(named(a));
  });

  it('endpoints with equal rules share their chains, and policies that mean the same share its set', () => {
    const rules = compile(
      [endpoint(0, 'web'), endpoint(1, 'web'), endpoint(2, 'db')],
      [policy(80, 80), policy(90, 90, 1)],
    );
    expect(rules.chains.map((chain) => chain.rules.length)).toEqual([2, 2]);
    expect(rules.endpoints[0]?.egress).toBe(rules.endpoints[1]?.egress);
    expect(rules.sets).toHaveLength(2);
  });

  it('two spellings of the same ports are one, and all of ICMP includes a part of it', () => {
    const spelled = policy(80, 90);
    const halves = [
      { protocol: 'ICMP', type: 'ECHO_REQUEST' },
      { protocol: 'TCP', from: 86, to: 90 },
      { protocol: 'ICMP', type: null },
      { protocol: 'TCP', from: 80, to: 85 },
    ] as const;
    const whole = [{ protocol: 'ICMP', type: null }, ...spelled.definition.traffic] as const;
    const of = (traffic: CompiledPolicy['definition']['traffic']) =>
      compile(pair, [{ ...spelled, definition: { ...spelled.definition, traffic } }]);
    expect(of([...halves])).toEqual(of([...whole]));
  });

  it('the hash of the rules doesn’t depend on the order of keys', () => {
    const rules = compile(pair, [policy(80, 80)]);
    const reversed = Object.fromEntries(Object.entries(rules).reverse());
    expect(rulesHash(ruleSet.parse(reversed))).toBe(rulesHash(rules));
  });
});

describe('networks', () => {
  const peer = (cidr: string, ...except: string[]) => ({ kind: 'CIDR' as const, cidr, except });

  it('are the halves where they are everything, and exact with what is left out', () => {
    expect(networksOf([peer('0.0.0.0/0')]).ipv4).toEqual(['0.0.0.0/1', '128.0.0.0/1']);
    expect(networksOf([peer('::/0')]).ipv6).toEqual(['8000::/1', '::/1']);
    expect(networksOf([peer('10.0.0.0/30', '10.0.0.1/32')]).ipv4).toEqual(['10.0.0.0/32', '10.0.0.2/31']);
    expect(networksOf([peer('10.0.0.0/24', '10.0.0.0/8')])).toEqual({ ipv4: [], ipv6: [] });
  });

  it('are one spelling of the union, whatever was typed', () => {
    const halves = [peer('10.0.0.128/25'), peer('10.0.0.0/25'), peer('10.0.0.7/32')];
    expect(networksOf(halves)).toEqual(networksOf([peer('10.0.0.77/24')]));
    expect(networksOf([peer('2001:0DB8::/33'), peer('2001:db8:8000::/33')]).ipv6).toEqual(['2001:db8::/32']);
  });
});
