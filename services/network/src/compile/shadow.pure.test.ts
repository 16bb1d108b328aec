import type { Id } from '@atoll/schema/ids';
import type { PolicyDefinition } from '@atoll/schema/network/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { environmentOf, intents, outside, packets, suffix } from '../../test/compile/intents.ts';
import { modelMayPass } from '../../test/compile/model.ts';
import type { CompiledPolicy, Intent } from './model.ts';
import { type Places, type Rival, shadowOf } from './shadow.ts';

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
});

it('a policy that is called shadowed decides nothing, whatever there is: without it the same passes', () => {
  let shadowed = 0;
  fc.assert(
    fc.property(intents, like, ({ policies, ...rest }, { of, action, later, labels, ranges }) => {
      const tenants = policies.filter(isRival).filter((one) => atHome(one, { policies, ...rest }));
      const model = tenants[of % Math.max(1, tenants.length)];
      if (model === undefined) return;
      const narrowed = (peers: CompiledPolicy['definition']['from']) =>
        peers.slice(0, 1).map((peer) => ('labels' in peer ? { ...peer, labels: { ...labels, ...peer.labels } } : peer));
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
      if (shadowOf(policy, rivals, placesOf(intent)) === null) return;
      shadowed += 1;
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
  expect(shadowed).toBeGreaterThan(5);
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
    expect(shadowOf(policy, [policy, other], places)).toBe(other);
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
    expect(shadowOf(policy, [policy, other], places)).toBeNull();
  });
});
