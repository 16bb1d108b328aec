/**
 * Rule sets that follow each other, in each of which the same few connections are allowed and the same few denied, each time said
 * in another way: by other policies, other sets, other names with the same members and the same names with other members, in
 * another order, with an endpoint that comes and goes.
 */
import { createHash } from 'node:crypto';
import type { AddressSet, PolicyRule, RuleEndpoint, RuleSet } from '@atoll/schema/node/network';
import { compile, fixedId } from '../../../agent/test/fixtures.ts';
import type { Dice } from '../random.ts';

/** Six endpoints; the first four are on the first node. */
export const roles = ['client', 'server', 'intruder', 'other', 'remote', 'comer'] as const;
export type Role = (typeof roles)[number];
export type Ends = Readonly<Record<Role, RuleEndpoint>>;

export interface Wanted {
  readonly from: Role | 'outside';
  readonly to: Role | 'outside';
  readonly protocol: 'TCP' | 'UDP' | 'ICMP';
  readonly port: number;
  readonly allowed: boolean;
}

export const wanted: readonly Wanted[] = [
  { from: 'client', to: 'server', protocol: 'UDP', port: 80, allowed: true },
  { from: 'client', to: 'server', protocol: 'TCP', port: 80, allowed: true },
  { from: 'client', to: 'server', protocol: 'ICMP', port: 0, allowed: true },
  { from: 'client', to: 'remote', protocol: 'TCP', port: 80, allowed: true },
  { from: 'remote', to: 'server', protocol: 'TCP', port: 80, allowed: true },
  { from: 'outside', to: 'server', protocol: 'TCP', port: 80, allowed: true },
  { from: 'server', to: 'outside', protocol: 'TCP', port: 443, allowed: true },
  { from: 'intruder', to: 'server', protocol: 'TCP', port: 80, allowed: false },
  { from: 'intruder', to: 'server', protocol: 'UDP', port: 80, allowed: false },
  // Each is in the set of the other's rule in every other rule set, under the same name.
  { from: 'intruder', to: 'server', protocol: 'TCP', port: 22, allowed: false },
  { from: 'other', to: 'server', protocol: 'TCP', port: 443, allowed: false },
  { from: 'intruder', to: 'remote', protocol: 'TCP', port: 80, allowed: false },
  { from: 'comer', to: 'server', protocol: 'TCP', port: 80, allowed: false },
  { from: 'outside', to: 'server', protocol: 'TCP', port: 22, allowed: false },
  { from: 'server', to: 'client', protocol: 'TCP', port: 80, allowed: false },
];

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

export function someRuleSets(dice: Dice, ends: Ends): readonly RuleSet[] {
  const sets = new Map<string, AddressSet>();
  const addresses = (name: string, members: readonly Role[]): string => {
    const list = (family: 'ipv4' | 'ipv6') => members.map((role) => ends[role][family]).sort();
    sets.set(name, { name, kind: 'addresses', ipv4: list('ipv4'), ipv6: list('ipv6') });
    return name;
  };
  const rule = (
    set: string,
    protocol: PolicyRule['protocol'],
    from = 80,
    to = from,
    action: PolicyRule['action'] = 'ALLOW',
  ): PolicyRule => ({
    ...{ policyId: fixedId('policy', dice.number(50)), action, protocol, icmp: null, set, log: false },
    ports: protocol === 'TCP' || protocol === 'UDP' ? { from, to } : null,
  });
  // Names are shared between meanings: what was the clients' set is somebody else's in the next rule set.
  const [first = 'a', second = 'b', third = 'c'] = dice.between(['a', 'b', 'c'], 3, 3);
  const width = dice.of([0, 1]);
  const web = (set: string) => [
    rule(set, 'TCP', 80 - width, 80 + width),
    rule(set, 'UDP', 80 - width, 80 + width),
    rule(set, 'ICMP'),
  ];
  const denied: readonly Role[] = ['intruder', 'other', 'comer'];
  const flips = dice.chance(0.5);
  const crossed = addresses(second, flips ? ['other'] : ['intruder']);
  const crossing = rule(crossed, 'TCP', flips ? 22 : 443);
  const noise = (): PolicyRule[] =>
    Array.from({ length: dice.number(4) }, () =>
      rule(dice.of([first, second]), dice.of(['TCP', 'UDP']), 1000 + dice.number(50)),
    );
  const clients: readonly Role[] = ['client', 'remote'];
  const all = dice.chance(0.5);
  // Everybody, after those who may not; or those who may, and nobody else.
  const serverIn = all
    ? [
        rule(addresses(third, denied), 'TCP', 80, 80, 'DENY'),
        rule(third, 'UDP', 80, 80, 'DENY'),
        ...web(addresses(first, roles)),
      ]
    : [...noise(), ...web(addresses(first, clients))];
  sets.set('net', { name: 'net', kind: 'networks', ipv4: ['128.0.0.0/1'], ipv6: ['2000::/3'] });
  const ingressOfServer = [
    ...(dice.chance(0.5) ? [crossing, ...serverIn] : [...serverIn, crossing]),
    rule('net', 'TCP', 80),
  ];
  const toServer = addresses('server', ['server']);
  const toRemote = addresses('remote', ['remote']);
  const egressOf: Partial<Record<Role, PolicyRule[]>> = {
    client: [...noise().slice(0, 1), ...web(toServer), ...web(toRemote)],
    server: [rule('net', 'TCP', 443, 443 + width)],
    intruder: [rule(toServer, null), rule(toRemote, null)],
    other: [rule(toServer, null)],
    remote: [...web(toServer), ...noise().slice(0, 1)],
    comer: [rule(toServer, null)],
  };
  const ingressOf: Partial<Record<Role, PolicyRule[]>> = {
    server: ingressOfServer,
    remote: [...noise(), ...web(addresses('client', ['client']))],
  };
  const nodes: readonly (readonly Role[])[] = [
    ['client', 'server', 'intruder', 'other'],
    dice.chance(0.5) ? ['remote', 'comer'] : ['remote'],
  ];
  return nodes.map((local) => {
    const chains = new Map<string, RuleSet['chains'][number]>();
    const chainOf = (direction: 'ingress' | 'egress', rules: readonly PolicyRule[] | undefined): string | null => {
      if (rules === undefined) return null;
      const name = createHash('sha256')
        .update(JSON.stringify([direction, rules]))
        .digest('hex')
        .slice(0, 16);
      chains.set(name, { name, direction, rules: [...rules] });
      return name;
    };
    const base = compile(
      local.map((role) => ends[role]),
      [],
    );
    const roleOf = new Map(local.map((role) => [ends[role].instanceId, role]));
    const endpoints = base.endpoints.map((end) => {
      const role = roleOf.get(end.instanceId) ?? 'client';
      return { ...end, ingress: chainOf('ingress', ingressOf[role]), egress: chainOf('egress', egressOf[role]) };
    });
    const used = new Set([...chains.values()].flatMap(({ rules }) => rules.map(({ set }) => set)));
    return {
      ...base,
      endpoints,
      chains: [...chains.values()].sort(byName),
      sets: [...sets.values()].filter(({ name }) => used.has(name)).sort(byName),
    };
  });
}
