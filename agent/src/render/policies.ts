/**
 * What policies decide, in `filter`.
 *
 *   FORWARD ─ check ─┬─ from (a packet of a pod of this node) ── branch … ── chain of its source's egress rules
 *           │        └─ to   (a packet to a pod of this node) ── branch … ── chain of its destination's ingress rules
 *           └ accept
 *   INPUT ─── input (a packet of a pod to the node itself)
 *
 * Each step either drops or returns; only `accept` accepts, and it stands behind the checks of every Atoll node that
 * shares the host. So a packet passes only after the egress rules of its source and the ingress rules of its
 * destination were both asked, wherever the two are. `-g` is what lets a rule of a leaf return straight to `check`.
 */
import { reservedOf } from '@atoll/schema/node/decide';
import type { AddressSet, PolicyRule, RuleChain } from '@atoll/schema/node/network';
import { neverOutside } from '@atoll/schema/node/never-outside';
import { type Chain, chain, inSet, inState, jump, notInSet, type RuleBody } from './chain.ts';
import { type Direction, digitsOf, dispatch, endpointChain, peerEnd, type Target } from './dispatch.ts';
import { type Family, familyFacts } from './family.ts';
import { type RuleIntent, RuleSetInvalid } from './intent.ts';
import { logBody } from './log.ts';
import { memoryOf } from './memory.ts';
import type { NodeNames } from './names.ts';
import { localSet, ownSet } from './own.ts';
import { fromItself, hairpinSet, serviceRangeSet } from './services.ts';
import { type IpSet, ipSet } from './set.ts';
import { anchor, type RenderedPart } from './tables.ts';

interface PolicySet {
  readonly kind: AddressSet['kind'];
  readonly rendered: IpSet;
}

const deniedBy = ({ rules }: RuleChain) => rules.flatMap((rule) => (rule.action === 'DENY' ? [rule.set] : []));

const drop: RuleBody = { match: [], target: jump('DROP') };
const established: RuleBody = { match: inState('ESTABLISHED'), target: jump('RETURN') };
const invalidOrRelated: RuleBody = { match: inState('INVALID,RELATED'), target: jump('DROP') };
const invalid: RuleBody = { match: inState('INVALID'), target: jump('DROP') };

/** IPv6 finds the hardware address of the other end of the wire by ICMP; a hop limit of 255 can't come from afar. */
const neighbourDiscovery: readonly RuleBody[] = ['135', '136'].map((type) => ({
  match: ['-p', 'ipv6-icmp', '-m', 'icmp6', '--icmpv6-type', type, '-m', 'hl', '--hl-eq', '255'],
  target: jump('ACCEPT'),
}));

/** What is never outside: the pools, the nodes and what else is reserved, and what is nobody's address there. */
export function poolSet(names: NodeNames, { pools }: RuleIntent, family: Family): IpSet {
  const known = pools === null ? [] : [...pools[family], ...reservedOf(pools, family)];
  return ipSet(names, family, 'hash:net', 'pools', [...known, ...neverOutside[family]], 'closes');
}

/**
 * So many rules of one set are dearer to write, each with a look into it, than one more that asks for all of them: the kernel takes a
 * third of the time of a rule for it.
 */
const worthAsking = 4;

/** Where those rules begin that name the set of the last one, up to the end; past the end where they are too few. */
function lastOfOneSet(rules: readonly PolicyRule[]): number {
  const first = rules.findLastIndex((rule) => rule.set !== rules.at(-1)?.set) + 1;
  return rules.length - first < worthAsking ? rules.length : first;
}

export function renderPolicies(names: NodeNames, intent: RuleIntent, family: Family): RenderedPart {
  const { endpoints, chains: ruleChains, sets: addressSets } = intent.rules;
  const memory = memoryOf(names, family);
  const denied = new Set<string>();
  for (const entry of ruleChains) {
    for (const set of memory.of('denied', entry, () => deniedBy(entry))) denied.add(set);
  }
  const policySets = new Map<string, PolicySet>();
  for (const set of addressSets) {
    const role = denied.has(set.name) ? 'closes' : 'opens';
    policySets.set(
      set.name,
      memory.of(role, set, () => {
        const type = set.kind === 'networks' ? 'hash:net' : 'hash:ip';
        const rendered = ipSet(names, family, type, `policy ${set.kind} ${set.name}`, set[family], role);
        memory.called(set.name, rendered.name);
        return { kind: set.kind, rendered };
      }),
    );
  }
  const chainOf = new Map(ruleChains.map((entry) => [entry.name, entry]));

  const own = ownSet(names, family, endpoints);
  const local = localSet(names, family, endpoints);
  const inside = poolSet(names, intent, family);
  memory.called('', inside.name);

  function targets(direction: Direction): Target[] {
    return endpoints
      .flatMap((endpoint): Target[] => {
        const name = endpoint[direction];
        if (name === null) return [];
        if (chainOf.get(name)?.direction !== direction) {
          throw new RuleSetInvalid(
            `endpoint ${endpoint.instanceId} names the ${direction} chain ${name}, which isn't there`,
          );
        }
        const address = endpoint[family];
        return [memory.of(direction, endpoint, () => ({ address, digits: digitsOf(address), chain: name }))];
      })
      .sort((a, b) => (a.digits < b.digits ? -1 : 1));
  }

  /** An address of a pool is somebody's endpoint, and some are never meant, whatever a CIDR says. */
  const outsideOnly = (set: PolicySet) => set.kind === 'networks';

  /** `asked`: who comes here is in its set. */
  function decide(rule: PolicyRule, direction: Direction, asked: boolean): RuleBody[] {
    const set = policySets.get(rule.set);
    if (set === undefined) return [];
    const peer = peerEnd[direction];
    const match = [
      ...protocolMatch(rule, family),
      ...(!asked && outsideOnly(set) ? notInSet(inside.name, peer) : []),
      ...(asked ? [] : inSet(set.rendered.name, peer)),
    ];
    return [
      ...(rule.log ? [logBody(names, direction, rule, match)] : []),
      { match, target: jump(rule.action === 'ALLOW' ? 'RETURN' : 'DROP'), note: rule.policyId },
    ];
  }

  /** Whom none of the rules behind it could mean is denied at once. */
  function ask(name: string, direction: Direction): RuleBody[] {
    const set = policySets.get(name);
    if (set === undefined) return [];
    const peer = peerEnd[direction];
    return [
      ...(outsideOnly(set) ? [{ match: inSet(inside.name, peer), target: jump('DROP') }] : []),
      { match: notInSet(set.rendered.name, peer), target: jump('DROP') },
    ];
  }

  function policyChain(entry: RuleChain): Chain {
    for (const rule of entry.rules) {
      if (policySets.has(rule.set)) continue;
      throw new RuleSetInvalid(
        `a rule of policy ${rule.policyId} names the address set ${rule.set}, which isn't there`,
      );
    }
    return memory.of('chain', entry, () => {
      const { direction, rules } = entry;
      const shared = lastOfOneSet(rules);
      const bodies = rules.flatMap((rule, at) => [
        ...(at === shared ? ask(rule.set, direction) : []),
        ...decide(rule, direction, at >= shared),
      ]);
      return chain(endpointChain(names, entry.direction, entry.name), [...bodies, drop]);
    });
  }

  const outgoing = targets('egress');
  const incoming = targets('ingress');
  const used = new Set([...outgoing, ...incoming].map((target) => target.chain));
  const egress = dispatch(names, family, 'egress', outgoing);
  const ingress = dispatch(names, family, 'ingress', incoming);
  /** Who comes or goes is let in last and out first, whatever else changes with it. */
  const notHere: RuleBody = { match: notInSet(local.name, 'dst'), target: jump('DROP') };
  const notItsOwn: RuleBody = { match: notInSet(own.name, 'src,src'), target: jump('DROP') };

  const hairpin = hairpinSet(names, intent, family);
  /** A service has sent an instance to itself. */
  const itself: RuleBody = { match: inSet(hairpin.name, fromItself), target: jump('RETURN') };
  const ranges = serviceRangeSet(names, intent, family);
  const toServices = inSet(ranges.name, 'dst');
  // A virtual address with nothing behind it, or with nothing that this pod may know of: it isn't told which.
  const refuseServices: readonly RuleBody[] = [
    { match: ['-p', 'tcp', ...toServices], target: ['-j', 'REJECT', '--reject-with', 'tcp-reset'] },
    { match: toServices, target: ['-j', 'REJECT', '--reject-with', familyFacts[family].refusal] },
  ];

  const check = names.chain('check');
  const accept = names.chain('accept');
  const input = names.chain('input');
  const { anyInterface } = names;

  const chains: Chain[] = [
    chain(check, [
      { match: ['-i', anyInterface], target: jump(names.chain('from')) },
      { match: ['-o', anyInterface], target: jump(names.chain('to')) },
    ]),
    // No RELATED, not even where a rule would allow it: an ICMP error names a flow in its payload, and a pod could forge
    // one for a flow of somebody else's.
    chain(names.chain('from'), [notItsOwn, established, invalidOrRelated, itself, ...egress.bodies, drop]),
    chain(names.chain('to'), [
      notHere,
      // Here RELATED comes from routers on the way (path MTU): what a local pod sends has been through `from`.
      { match: inState('ESTABLISHED,RELATED'), target: jump('RETURN') },
      invalid,
      itself,
      ...ingress.bodies,
      drop,
    ]),
    chain(accept, [
      { match: ['-i', anyInterface], target: jump('ACCEPT') },
      { match: ['-o', anyInterface], target: jump('ACCEPT') },
      // From a public address to an endpoint of another node, and back: the rules there decide.
      ...(intent.rules.mappings.some(({ targets }) => targets.some(({ here }) => !here))
        ? ['-i', '-o'].map((flag) => ({ match: [flag, names.tunnel, ...inState('DNAT')], target: jump('ACCEPT') }))
        : []),
    ]),
    chain(input, [
      ...(family === 'ipv6' ? neighbourDiscovery : []),
      notItsOwn,
      ...asksForNames(names, family),
      { match: inState('ESTABLISHED'), target: jump('ACCEPT') },
      ...refuseServices,
      drop,
    ]),
    ...egress.chains,
    ...ingress.chains,
    ...ruleChains.filter((entry) => used.has(entry.name)).map(policyChain),
  ];

  return {
    sets: [own, local, inside, hairpin, ranges, ...[...policySets.values()].map((set) => set.rendered)],
    tables: {
      filter: {
        chains,
        anchors: [
          anchor('FORWARD', [], check),
          anchor('FORWARD', [], accept),
          anchor('INPUT', ['-i', anyInterface], input),
        ],
      },
    },
  };
}

/** Of the node itself a pod can reach the name server, and nothing else. */
function asksForNames(names: NodeNames, family: Family): RuleBody[] {
  const to = (protocol: string) => {
    const { nameServer } = familyFacts[family];
    return ['-d', nameServer, '-p', protocol, '-m', protocol, '--dport', `${names.namesPort}`];
  };
  // Each pod by itself: one that asks without end doesn't fill the queue that others wait in.
  const limit = ['--hashlimit-upto', '300/second', '--hashlimit-burst', '200', '--hashlimit-mode', 'srcip'];
  return [
    { match: [...to('udp'), '-m', 'hashlimit', ...limit, '--hashlimit-name', names.prefix], target: jump('ACCEPT') },
    { match: to('udp'), target: jump('DROP') },
    { match: to('tcp'), target: jump('ACCEPT') },
  ];
}

/** How ICMP and the types of the schema are called in each family. */
const icmp = {
  ipv4: { protocol: 'icmp', flag: '--icmp-type', types: { ECHO_REQUEST: '8' } },
  ipv6: { protocol: 'ipv6-icmp', flag: '--icmpv6-type', types: { ECHO_REQUEST: '128' } },
} as const;

function protocolMatch(rule: PolicyRule, family: Family): string[] {
  if (rule.protocol === null) return [];
  if (rule.protocol === 'ICMP') {
    const { protocol, flag, types } = icmp[family];
    const type = rule.icmp === null ? [] : ['-m', family === 'ipv4' ? 'icmp' : 'icmp6', flag, types[rule.icmp]];
    return ['-p', protocol, ...type];
  }
  const protocol = rule.protocol.toLowerCase();
  const ports = rule.ports === null ? [] : ['-m', protocol, '--dport', `${rule.ports.from}:${rule.ports.to}`];
  return ['-p', protocol, ...ports];
}
