import type { Id } from '@atoll/schema/ids';
import type { PolicyDefinition } from '@atoll/schema/network/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { environmentOf, intents, outside, packets, suffix } from '../../test/compile/intents.ts';
import { modelMayPass } from '../../test/compile/model.ts';
import type { CompiledPolicy, Intent } from './model.ts';
import { type Places, type Rival, shadowsOf } from './shadow.ts';

const policyId = (n: number): Id<'policy'> => `pol_${suffix(n)}`;
const namespaceId = (n: number): Id<'namespace'> => `ns_${suffix(n)}`;
const placesOf = ({ services }: Pick<Intent, 'services'>): Places => ({
  environmentOf: (id) => environmentOf(Number(id.slice(-7))),
  serviceOf: (id) => services.find((one) => one.serviceId === id) ?? null,
});
const isRival = (policy: CompiledPolicy): policy is CompiledPolicy & Rival => policy.tier === 'TENANT';
/** What names another tenant's things is refused at the door. */
const atHome = (policy: CompiledPolicy, { services }: Intent) =>
  [...policy.definition.from, ...policy.definition.to].every(
    (peer) =>
      peer.kind !== 'SERVICE' || services.find((one) => one.serviceId === peer.serviceId)?.tenant === policy.tenant,
  );

/** Much like another one of the intent: the first of its peers with more labels perhaps, and some of its traffic. */
const like = fc.record({
  of: fc.nat(20),
  action: fc.constantFrom('ALLOW' as const, 'DENY' as const),
  later: fc.nat(1),
  labels: fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('a', 'b'), { maxKeys: 1 }),
  ranges: fc.nat(3),
  split: fc.constantFrom('not', 'by peers', 'by traffic', 'by ports'),
});

/** Policies that say together what one says. */
function splitOf(
  policy: CompiledPolicy & Rival,
  how: 'not' | 'by peers' | 'by traffic' | 'by ports',
): CompiledPolicy[] {
  const { from, traffic } = policy.definition;
  type Part = Partial<CompiledPolicy['definition']>;
  const parts: readonly Part[] = {
    not: [{}],
    'by peers': from.map((peer) => ({ from: [peer] })),
    'by traffic': traffic.length === 0 ? [{}] : traffic.map((one) => ({ traffic: [one] })),
    'by ports':
      traffic.length === 0
        ? [{}]
        : traffic.flatMap((one): Part[] => {
            if (one.protocol === 'ICMP' || one.from === one.to) return [{ traffic: [one] }];
            return [{ traffic: [{ ...one, to: one.from }] }, { traffic: [{ ...one, from: one.from + 1 }] }];
          }),
  }[how];
  return parts.map((part, index) => ({
    ...policy,
    policyId: index === 0 ? policy.policyId : policyId(80 + index),
    definition: { ...policy.definition, ...part },
  }));
}

it('a policy that is called shadowed decides nothing, whatever there is: without it the same passes', () => {
  const shadowed = { alone: 0, together: 0 };
  fc.assert(
    fc.property(intents, like, ({ policies: given, ...rest }, { of, action, later, labels, ranges, split }) => {
      const found = given.filter(isRival).filter((one) => atHome(one, { policies: given, ...rest }));
      const model = found[of % Math.max(1, found.length)];
      if (model === undefined) return;
      const policies = given.flatMap((one) => (one === model ? splitOf(model, split) : [one]));
      const tenants = policies.filter(isRival).filter((one) => atHome(one, { policies, ...rest }));
      const narrowed = (peers: CompiledPolicy['definition']['from']) =>
        peers
          .slice(0, split === 'by peers' ? 3 : 1)
          .map((peer) => ('labels' in peer ? { ...peer, labels: { ...labels, ...peer.labels } } : peer));
      const { from, to, traffic, priority } = model.definition;
      const policy: CompiledPolicy = {
        ...model,
        policyId: policyId(99),
        definition: {
          ...{ ...model.definition, action, priority: priority + later, traffic: traffic.slice(0, ranges) },
          ...{ from: narrowed(from), to: narrowed(to) },
        },
      };
      if (!isRival(policy)) throw new Error('it is of a tenant');
      const without = { policies, ...rest };
      const intent = { policies: [...policies, policy], ...rest };
      const rivals = tenants.filter((one) => one.namespaceId === policy.namespaceId);
      const shadows = shadowsOf(policy, rivals, placesOf(intent));
      if (shadows.length === 0) return;
      shadowed[shadows.length > 1 ? 'together' : 'alone'] += 1;
      const parties = [...intent.endpoints, ...outside.addresses];
      const passing = (of: Intent) =>
        parties.flatMap((source) =>
          parties.flatMap((destination) =>
            packets
              .filter((packet) => modelMayPass(of, source, destination, packet))
              .map((packet) => [source, destination, packet]),
          ),
        );
      expect(passing(without)).toEqual(passing(intent));
    }),
    { numRuns: 150 },
  );
  expect(shadowed.alone).toBeGreaterThan(5);
  expect(shadowed.together).toBeGreaterThan(5);
}, 60_000);

const labelled = (labels: Record<string, string>, n = 0) =>
  ({ kind: 'INSTANCES', namespaceId: namespaceId(n), labels }) as const;
const environment = { kind: 'ENVIRONMENT', environmentId: environmentOf(0), labels: {} } as const;
const service = { kind: 'SERVICE', serviceId: `svc_${suffix(0)}` as const } as const;
const cidr = (range: string, ...except: string[]) => ({ kind: 'CIDR', cidr: range, except }) as const;
const tcp = (from: number, to = from) => ({ protocol: 'TCP', from, to }) as const;
const rival = (n: number, more: Partial<PolicyDefinition> = {}): Rival => ({
  policyId: policyId(n),
  definition: {
    ...{ action: 'ALLOW', priority: 500, log: false, traffic: [tcp(80)] },
    ...{ from: [labelled({ app: 'a' })], to: [labelled({ app: 'b' })] },
    ...more,
  },
});
const places = placesOf({
  services: [
    { serviceId: service.serviceId, tenant: '', namespaceId: namespaceId(0), labels: { app: 'a', tier: 'b' } },
  ],
});

describe('a policy is shadowed', () => {
  it.each([
    ['by one that says the same with a lower priority', rival(2), rival(1, { priority: 10 })],
    ['by a denial of the same priority', rival(1), rival(2, { action: 'DENY' })],
    ['by wider labels', rival(2), rival(1, { from: [labelled({})] })],
    ['by the whole environment', rival(2), rival(1, { from: [environment] })],
    ['by the instances that a service has', rival(2, { from: [service] }), rival(1)],
    [
      'by more traffic, in pieces',
      rival(2, { traffic: [tcp(80, 90)] }),
      rival(1, { traffic: [tcp(85, 95), tcp(70, 84)] }),
    ],
    ['by all traffic', rival(2), rival(1, { traffic: [] })],
    [
      'by wider ranges, in pieces',
      rival(2, { to: [cidr('192.0.2.0/24')] }),
      rival(1, { to: [cidr('192.0.2.0/25'), cidr('192.0.2.128/25')] }),
    ],
  ])('%s', (_what, policy, other) => {
    expect(shadowsOf(policy, [policy, other], places)).toEqual([other]);
  });
});

describe('a policy is shadowed by several together', () => {
  const [a, b] = [labelled({ app: 'a' }), labelled({ app: 'c' })];
  it.each([
    ['each about one of its peers', { from: [a, b] }, [{ from: [a] }, { from: [b] }]],
    [
      'each about some of its ports',
      { traffic: [tcp(80, 90)] },
      [{ traffic: [tcp(1, 85)] }, { traffic: [tcp(86, 99)] }],
    ],
    [
      'each about some of the addresses outside',
      { to: [cidr('192.0.2.0/24')] },
      [{ to: [cidr('192.0.2.0/25')] }, { to: [cidr('192.0.2.128/25')] }],
    ],
    [
      'one about some ports of all addresses, the others of the rest',
      { to: [cidr('192.0.2.0/24')], traffic: [tcp(80, 90)] },
      [
        { to: [cidr('192.0.2.0/24')], traffic: [tcp(80, 84)] },
        { to: [cidr('192.0.2.0/25')], traffic: [tcp(85, 90)] },
        { to: [cidr('192.0.2.128/25')], traffic: [tcp(85, 99)] },
      ],
    ],
  ] satisfies [string, Partial<PolicyDefinition>, Partial<PolicyDefinition>[]][])('%s', (_what, own, others) => {
    const all = others.map((one, index) => rival(index + 1, { ...one, priority: 10 + index }));
    const policy = rival(9, own);
    const needless = rival(8, { priority: 400, traffic: [tcp(81)] });
    expect(shadowsOf(policy, [policy, needless, ...all.toReversed()], places)).toEqual(all);
    // Each is needed.
    for (const one of all) {
      expect(shadowsOf(policy, [policy, needless, ...all.filter((other) => other !== one)], places)).toEqual([]);
    }
  });

  it('and as many comparisons are made for it as are said, no more', () => {
    const slices = (count: number) =>
      Array.from({ length: count }, (_, n) =>
        rival(n, { priority: 10, to: [cidr('192.0.2.0/24')], traffic: [tcp(1 + n * 10, 10 + n * 10)] }),
      );
    const whole = (count: number) => rival(2000, { to: [cidr('192.0.2.0/24')], traffic: [tcp(1, count * 10)] });
    expect(shadowsOf(whole(200), slices(200), places)).toHaveLength(200);
    expect(shadowsOf(whole(300), slices(300), places)).toEqual([]);
  });

  it('not by what leaves out one pair of its peers', () => {
    const [c, d] = [labelled({ app: 'b' }), labelled({ app: 'd' })];
    const pair = (n: number, from: typeof a, to: typeof a) => rival(n, { priority: 10, from: [from], to: [to] });
    const policy = rival(9, { from: [a, b], to: [c, d] });
    const three = [pair(1, a, c), pair(2, a, d), pair(3, b, c)];
    expect(shadowsOf(policy, three, places)).toEqual([]);
    expect(shadowsOf(policy, [...three, pair(4, b, d)], places)).toHaveLength(4);
  });
});

describe('a policy is not shadowed', () => {
  it.each([
    ['by one that comes after it', rival(1), rival(2)],
    ['by itself', rival(1), rival(1)],
    ['by narrower labels', rival(2), rival(1, { from: [labelled({ app: 'a', tier: 'b' })] })],
    ['by other instances', rival(2), rival(1, { from: [labelled({ app: 'a' }, 1)] })],
    ['by less traffic', rival(2, { traffic: [] }), rival(1, { traffic: [tcp(1, 65_535)] })],
    ['where one of its sides is wider', rival(2, { from: [labelled({ app: 'a' }), labelled({ app: 'c' })] }), rival(1)],
    [
      'by a range with a hole',
      rival(2, { to: [cidr('192.0.2.0/24')] }),
      rival(1, { to: [cidr('192.0.2.0/24', '192.0.2.1/32')] }),
    ],
    ['by a range in place of instances', rival(2), rival(1, { from: [cidr('0.0.0.0/0')] })],
  ])('%s', (_what, policy, other) => {
    expect(shadowsOf(policy, [policy, other], places)).toEqual([]);
  });
});
