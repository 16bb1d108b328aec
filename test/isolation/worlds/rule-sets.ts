/** Rule sets of a seed: every shape that the contract allows, also those that no compiler makes. */
import { createHash } from 'node:crypto';
import type { AddressSet, PolicyRule, RuleEndpoint, RuleSet } from '@atoll/schema/node/network';
import { compile, fixedId } from '../../../agent/test/fixtures.ts';
import type { Dice } from '../random.ts';

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

/** Names of pools, of parts of them, of hosts outside, of everything; canonical, and none of length 0. */
const networks = {
  ipv4: [
    '0.0.0.0/1',
    '128.0.0.0/1',
    '10.0.0.0/8',
    '203.0.113.0/24',
    '203.0.113.128/25',
    '198.51.100.5/32',
    '10.64.1.0/24',
  ],
  ipv6: [
    '::/1',
    '8000::/1',
    'fd00::/8',
    '2001:db8:a::/48',
    '2001:db8:a:8000::/49',
    '2001:db8:b::5/128',
    'fd61:746f:6c6c::/48',
  ],
} as const;

const ranges = [
  { from: 1, to: 65_535 },
  { from: 80, to: 80 },
  { from: 79, to: 81 },
  { from: 81, to: 442 },
  { from: 443, to: 19_999 },
  { from: 1, to: 79 },
] as const;
/** On either side of the edges of the ranges. */
export const ports = [80, 81, 442, 443] as const;

function someRule(dice: Dice, sets: readonly AddressSet[]): PolicyRule {
  const protocol = dice.of(['TCP', 'UDP', 'ICMP', null] as const);
  const ported = protocol === 'TCP' || protocol === 'UDP';
  return {
    policyId: dice.of([fixedId('policy', dice.number(9)), fixedId('platformPolicy', 1), fixedId('namespace', 1)]),
    action: dice.chance(0.35) ? 'DENY' : 'ALLOW',
    protocol,
    ports: ported && dice.chance(0.7) ? { ...dice.of(ranges) } : null,
    icmp: protocol === 'ICMP' && dice.chance(0.5) ? 'ECHO_REQUEST' : null,
    set: dice.of(sets).name,
    log: dice.chance(0.1),
  };
}

/** One for each list of `nodes`, which are the endpoints that live there. */
export function randomRuleSets(dice: Dice, nodes: readonly (readonly RuleEndpoint[])[]): RuleSet[] {
  const all = nodes.flat();
  const sets = Array.from({ length: 6 }, (_, index): AddressSet => {
    const name = `set${index}`;
    // Members of the two families are drawn apart: they are two sets with one name.
    if (index < 4) {
      const draw = (family: 'ipv4' | 'ipv6') =>
        dice
          .some(all, 0.45)
          .map((end) => end[family])
          .sort();
      return { name, kind: 'addresses', ipv4: draw('ipv4'), ipv6: draw('ipv6') };
    }
    const draw = (family: 'ipv4' | 'ipv6') => dice.some<string>(networks[family], 0.4).sort();
    return { name, kind: 'networks', ipv4: draw('ipv4'), ipv6: draw('ipv6') };
  });
  const lists = Array.from({ length: 5 }, () => Array.from({ length: 1 + dice.number(7) }, () => someRule(dice, sets)));
  return nodes.map((local) => {
    const chains = new Map<string, RuleSet['chains'][number]>();
    const chosen = (direction: 'ingress' | 'egress'): string | null => {
      if (dice.chance(0.1)) return null;
      const rules = dice.of(lists);
      const name = createHash('sha256')
        .update(JSON.stringify([direction, rules]))
        .digest('hex')
        .slice(0, 16);
      chains.set(name, { name, direction, rules });
      return name;
    };
    const rules = compile(local, []);
    const endpoints = rules.endpoints.map((end) => ({ ...end, ingress: chosen('ingress'), egress: chosen('egress') }));
    return { ...rules, endpoints, chains: [...chains.values()].sort(byName), sets };
  });
}
