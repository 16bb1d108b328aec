/**
 * What a rule set says about a connection, without sending a packet: the one meaning of its rules, which the agent's chains
 * must have and which the network service tells who asks. Pure.
 *
 * A connection is decided at each end that is an endpoint of the node: at its source by the egress rules, at its destination by
 * the ingress rules. The first rule that matches decides; where none does, it is denied. It may begin where every end allows it.
 */
import ipaddr from 'ipaddr.js';
import type { AddressSet, DesiredNetwork, icmpTypes, PolicyRule, RuleChain, RuleEndpoint, RuleSet } from './network.ts';
import { neverOutside } from './never-outside.ts';

export const families = ['ipv4', 'ipv6'] as const;
export type Family = (typeof families)[number];
export type Direction = RuleChain['direction'];

/** What is asked for: a port of the destination, or ICMP (ICMPv6 in IPv6) with a type; null: a type that no rule can name. */
export type Traffic =
  | { readonly protocol: 'TCP' | 'UDP'; readonly port: number }
  | { readonly protocol: 'ICMP'; readonly icmp: (typeof icmpTypes)[number] | null };

export type Flow = Traffic & { readonly family: Family; readonly source: string; readonly destination: string };

export type Verdict =
  /** The end is no endpoint of this rule set, which then has no say. */
  | { readonly kind: 'elsewhere'; readonly allowed: true }
  /** `index`: its place in the chain, from 0. */
  | {
      readonly kind: 'rule';
      readonly allowed: boolean;
      readonly chain: string;
      readonly index: number;
      readonly rule: PolicyRule;
    }
  | { readonly kind: 'none'; readonly allowed: false };

export interface OutsideRule {
  readonly index: number;
  readonly rule: PolicyRule;
  /** It is about every address of the family outside. */
  readonly everywhere: boolean;
}

/** Of a rule set only what decides. */
export interface Ruled {
  readonly rules: Pick<RuleSet, 'endpoints' | 'chains' | 'sets'>;
  readonly pools: Pick<DesiredNetwork['pools'], 'ipv4' | 'ipv6' | 'reserved'>;
}

export interface RuleReader {
  endpoint(family: Family, address: string): RuleEndpoint | undefined;
  endpointOf(instanceId: string): RuleEndpoint | undefined;
  /** What one end says. `peer`: the address of the other one. */
  atEnd(direction: Direction, end: RuleEndpoint, peer: string, asked: Traffic & { readonly family: Family }): Verdict;
  /**
   * Rules about networks outside of the platform that the traffic matches, in their order, up to one that is about all of them.
   */
  outside(
    direction: Direction,
    end: RuleEndpoint,
    asked: Traffic & { readonly family: Family },
  ): readonly OutsideRule[];
  egress(flow: Flow): Verdict;
  ingress(flow: Flow): Verdict;
  /** The addresses in the set of that name, canonical; none of what is outside of the platform, and of a set that isn't there. */
  members(set: string, family: Family): ReadonlySet<string>;
  /** Whether it is in a pool of the platform, reserved, or one of those that are never meant: then no network outside has it. */
  isInside(family: Family, address: string): boolean;
}

/** One spelling for each address. */
export const canonicalAddress = (address: string): string => ipaddr.parse(address).toString();
export const familyOf = (address: string): Family => (address.includes(':') ? 'ipv6' : 'ipv4');

const elsewhere: Verdict = { kind: 'elsewhere', allowed: true };
const none: Verdict = { kind: 'none', allowed: false };

/** What is set apart, of one family. */
export const reservedOf = (
  { reserved }: Pick<DesiredNetwork['pools'], 'reserved'>,
  family: Family,
): readonly string[] => reserved.filter((network) => familyOf(network) === family);

type Network = ReturnType<typeof ipaddr.parseCIDR>;

const isWithin = (address: string, networks: readonly Network[]) => {
  const parsed = ipaddr.parse(address);
  return networks.some((network) => parsed.match(network));
};

/** Made when it is first asked for, and kept. */
function kept<T>(make: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = make(key);
    known.set(key, made);
    return made;
  };
}

const carries = (rule: PolicyRule, asked: Traffic): boolean => {
  if (rule.protocol === null) return true;
  if (rule.protocol !== asked.protocol) return false;
  if (asked.protocol === 'ICMP') return rule.icmp === null || rule.icmp === asked.icmp;
  return rule.ports === null || (rule.ports.from <= asked.port && asked.port <= rule.ports.to);
};

const nobody: ReadonlySet<string> = new Set();
type Members = { readonly [F in Family]?: ReadonlySet<string> };
/** Sets that a change of rules leaves alone are the very same objects: what was read of them stays. */
const membersRead = new WeakMap<AddressSet, Members>();

function membersOf(set: AddressSet, family: Family): ReadonlySet<string> {
  if (set.kind === 'networks') return nobody;
  const read = membersRead.get(set);
  const known = read?.[family];
  if (known !== undefined) return known;
  const members = new Set(set[family].map(canonicalAddress));
  membersRead.set(set, { ...read, [family]: members });
  return members;
}

const spelled = (asked: Traffic) => `${asked.protocol} ${asked.protocol === 'ICMP' ? asked.icmp : asked.port}`;

/** Rules of a chain that the traffic matches, with their places: of the traffic that was asked about last. */
function carriers(): (chain: RuleChain, asked: Traffic) => readonly (readonly [index: number, rule: PolicyRule])[] {
  let last = '';
  let known = new Map<RuleChain, readonly (readonly [number, PolicyRule])[]>();
  return (chain, asked) => {
    const now = spelled(asked);
    if (now !== last) known = new Map();
    last = now;
    const found = known.get(chain);
    if (found !== undefined) return found;
    const made = chain.rules.flatMap((rule, index) => (carries(rule, asked) ? [[index, rule] as const] : []));
    known.set(chain, made);
    return made;
  };
}

/** Work is done when it is asked for: reading one chain of a large rule set costs what that chain has. */
export function readRules({ rules, pools }: Ruled): RuleReader {
  const chains = new Map(rules.chains.map((chain) => [chain.name, chain]));
  const sets = new Map(rules.sets.map((set) => [set.name, set]));
  const instances = new Map(rules.endpoints.map((endpoint) => [endpoint.instanceId as string, endpoint]));
  const insideOf = (family: Family) =>
    [...pools[family], ...reservedOf(pools, family), ...neverOutside[family]].map((network) =>
      ipaddr.parseCIDR(network),
    );
  const inside = { ipv4: insideOf('ipv4'), ipv6: insideOf('ipv6') };

  const isInside = (family: Family, address: string) => isWithin(address, inside[family]);

  /** Of canonical addresses. */
  function membership(family: Family, name: string): (address: string) => boolean {
    const set = sets.get(name);
    if (set === undefined) return () => false;
    if (set.kind === 'networks') {
      const networks = set[family].map((network) => ipaddr.parseCIDR(network));
      return (address) => isWithin(address, networks) && !isInside(family, address);
    }
    const members = membersOf(set, family);
    return (address) => members.has(address);
  }
  const byFamily = (family: Family) => ({
    sets: kept((name) => membership(family, name)),
    endpoints: kept(() => new Map(rules.endpoints.map((one) => [canonicalAddress(one[family]), one]))),
  });
  const indexed = { ipv4: byFamily('ipv4'), ipv6: byFamily('ipv6') };

  const carrying = carriers();
  const endpoint: RuleReader['endpoint'] = (family, address) =>
    indexed[family].endpoints('all').get(canonicalAddress(address));

  const atEnd: RuleReader['atEnd'] = (direction, end, peer, asked) => {
    const chain = chains.get(end[direction] ?? '');
    if (chain === undefined || chain.direction !== direction) return none;
    const { sets: isIn } = indexed[asked.family];
    const address = canonicalAddress(peer);
    const found = carrying(chain, asked).find(([, rule]) => isIn(rule.set)(address));
    if (found === undefined) return none;
    const [index, rule] = found;
    return { kind: 'rule', allowed: rule.action === 'ALLOW', chain: chain.name, index, rule };
  };
  /** None is /0: the whole of a family is its two halves. */
  const isEverywhere = (networks: readonly string[]) =>
    networks.filter((network) => network.endsWith('/1')).length === 2 || networks.some((one) => one.endsWith('/0'));
  const outside: RuleReader['outside'] = (direction, end, asked) => {
    const chain = chains.get(end[direction] ?? '');
    const found = (chain?.direction === direction ? chain.rules : []).flatMap((rule, index): OutsideRule[] => {
      const set = sets.get(rule.set);
      if (set?.kind !== 'networks' || set[asked.family].length === 0 || !carries(rule, asked)) return [];
      return [{ index, rule, everywhere: isEverywhere(set[asked.family]) }];
    });
    const last = found.findIndex((one) => one.everywhere);
    return last < 0 ? found : found.slice(0, last + 1);
  };
  const end = (direction: Direction, flow: Flow, own: string, peer: string): Verdict => {
    const found = endpoint(flow.family, own);
    return found === undefined ? elsewhere : atEnd(direction, found, peer, flow);
  };

  return {
    endpoint,
    endpointOf: (instanceId) => instances.get(instanceId),
    atEnd,
    outside,
    egress: (flow) => end('egress', flow, flow.source, flow.destination),
    ingress: (flow) => end('ingress', flow, flow.destination, flow.source),
    members(name, family) {
      const set = sets.get(name);
      return set === undefined ? nobody : membersOf(set, family);
    },
    isInside,
  };
}
