/** Chains of policies: what they do with a packet is what the rule set means, however few looks into sets it takes. */
import { readRules } from '@atoll/schema/node/decide';
import { emptyRuleSet, type PolicyRule, type RuleSet } from '@atoll/schema/node/network';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endpointAt, fixedId, pools } from '../../test/fixtures.ts';
import { applyToModel, emptyModel, observe } from '../../test/kernel-model.ts';
import { accepts } from '../../test/kernel-verdict.ts';
import { planRules } from '../plan/rules.ts';
import { families } from './family.ts';
import { nodeNames } from './names.ts';
import { renderRules } from './rules.ts';

const names = nodeNames(fixedId('node', 1));
const ports = [1, 2] as const;
const own = { ...endpointAt(fixedId('instance', 1), 1, 2), ingress: 'in', egress: 'out' };
const others = [3, 4, 5].map((host) => endpointAt(fixedId('instance', host), 1, host));
const outside = [6, 7].map((number) => ({
  ...endpointAt(fixedId('instance', number), 1, number),
  ...{ ipv4: `198.51.100.${number}`, ipv6: `2001:db8::${number}` },
}));
const peers = [...others, ...outside];
const directions = ['ingress', 'egress'] as const;

type Run = { readonly set: 'a' | 'b' | 'n'; readonly rules: readonly Pick<PolicyRule, 'action' | 'ports'>[] };
const ruleSet = (runs: readonly Run[], a: readonly number[], b: readonly number[]): RuleSet => {
  const all = runs.flatMap(({ set, rules }) => rules.map((rule) => ({ ...rule, set })));
  const rules = all.map(
    ({ action, ports: range, set }, n): PolicyRule => ({
      ...{ policyId: fixedId('policy', n), action, ports: range, set, log: n % 5 === 3 },
      ...{ protocol: range === null ? null : 'TCP', icmp: null },
    }),
  );
  const members = (of: readonly number[]) => {
    const some = of.flatMap((at) => others[at] ?? []);
    return { ipv4: some.map(({ ipv4 }) => ipv4).sort(), ipv6: some.map(({ ipv6 }) => ipv6).sort() };
  };
  return {
    ...emptyRuleSet,
    endpoints: [own],
    chains: [
      { name: 'in', direction: 'ingress', rules },
      { name: 'out', direction: 'egress', rules },
    ],
    sets: [
      { name: 'a', kind: 'addresses', ...members(a) },
      { name: 'b', kind: 'addresses', ...members(b) },
      // Much of it is in a pool, and so never meant.
      { name: 'n', kind: 'networks', ipv4: ['10.0.0.0/8', '198.51.100.6/32'], ipv6: ['2001:db8::6/128', 'fd00::/8'] },
    ],
  };
};
const rendered = (rules: RuleSet) => {
  const wanted = {
    ipv4: renderRules(names, { pools, rules }, 'ipv4'),
    ipv6: renderRules(names, { pools, rules }, 'ipv6'),
  };
  const looksOf = (family: (typeof families)[number], chain: string) =>
    wanted[family].tables.filter.chains
      .find(({ name }) => name === names.chain(chain))
      ?.rules.map(({ text }) => (text.includes('--match-set') ? 'look' : text.split(' ').at(-1)));
  return { wanted, looksOf };
};

describe('the chain of an endpoint', () => {
  test('decides as the rule set says, whichever rules share a set', () => {
    const range = fc.constantFrom(null, ...ports.map((port) => ({ from: port, to: port })));
    const rule = fc.record({ action: fc.constantFrom('ALLOW' as const, 'DENY' as const), ports: range });
    const run = fc.record({
      set: fc.constantFrom('a' as const, 'b' as const, 'n' as const),
      rules: fc.array(rule, { minLength: 1, maxLength: 6 }),
    });
    const some = fc.subarray([0, 1, 2]);
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 3 }), some, some, (runs, a, b) => {
        const rules = ruleSet(runs, a, b);
        const model = emptyModel();
        applyToModel(model, planRules(names, rendered(rules).wanted, observe(model, names)));
        const meaning = readRules({ rules, pools });
        for (const family of families) {
          for (const direction of directions) {
            for (const peer of peers) {
              for (const port of ports) {
                const [from, to] = direction === 'ingress' ? [peer, own] : [own, peer];
                const said = meaning.atEnd(direction, own, peer[family], { family, protocol: 'TCP', port }).allowed;
                const chain = names.chain(direction === 'ingress' ? 'i-in' : 'e-out');
                expect(
                  accepts(model, names, { family, from, to, port }, chain),
                  `${chain} ${peer[family]} ${port}`,
                ).toBe(said);
              }
            }
          }
        }
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  const allow = (count: number) =>
    Array.from({ length: count }, () => ({ action: 'ALLOW' as const, ports: { from: 1, to: 1 } }));

  test('asks once for the set that four rules at its end share, and each time for one that fewer do', () => {
    const few = rendered(
      ruleSet(
        [
          { set: 'b', rules: allow(1) },
          { set: 'a', rules: allow(3) },
        ],
        [0],
        [1],
      ),
    );
    expect(few.looksOf('ipv4', 'i-in')).toEqual(['look', 'look', 'look', 'look', 'look', 'DROP']);
    const shared = rendered(
      ruleSet(
        [
          { set: 'b', rules: allow(1) },
          { set: 'a', rules: allow(4) },
        ],
        [0],
        [1],
      ),
    );
    for (const family of families) {
      // The fourth rule logs.
      const last = ['RETURN', 'RETURN', 'RETURN', 'RETURN', 'DROP'];
      expect(shared.looksOf(family, 'i-in')?.slice(0, 2)).toEqual(['look', 'look']);
      expect(shared.looksOf(family, 'i-in')?.filter((one) => one === 'look')).toHaveLength(2);
      expect(shared.looksOf(family, 'i-in')?.filter((one) => one === 'RETURN' || one === 'DROP')).toEqual(last);
    }
  });
});
