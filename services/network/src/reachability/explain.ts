/** Whether a connection may begin, by the rules of the nodes of both ends. Pure. */
import type { AskedTraffic, EndVerdict, KnownEnd, ReachabilityFlow } from '@atoll/schema/network/reachability';
import type { Direction, Family } from '@atoll/schema/node/decide';
import ipaddr from 'ipaddr.js';
import type { NodeRules } from './read.ts';
import { shownVerdict } from './verdict.ts';

export interface End extends KnownEnd {
  readonly node: NodeRules;
}

export const shownFamily = { ipv4: 'IPV4', ipv6: 'IPV6' } as const;
const portOf = (traffic: AskedTraffic) => (traffic.protocol === 'ICMP' ? null : traffic.port);
const known = ({ instanceId, namespaceId, nodeId, ipv4, ipv6 }: End): KnownEnd => ({
  ...{ instanceId, namespaceId, nodeId, ipv4, ipv6 },
});
const denied: EndVerdict = { allowed: false, rule: null };

/** What an end says about a peer. An endpoint that its node's rules don't have yet is open to nobody. */
function atEnd(direction: Direction, end: End, family: Family, peer: string, traffic: AskedTraffic): EndVerdict {
  const guarded = end.node.reader.endpointOf(end.instanceId);
  if (guarded === undefined) return denied;
  return shownVerdict(end.node.reader.atEnd(direction, guarded, peer, { ...traffic, family }), end.node.revisions);
}

/** Null where it can be told; else why not, to a person. */
export function notRoutable(address: string): string | null {
  const range = ipaddr.parse(address).range();
  const connects = range === 'unicast' || range === 'private' || range === 'uniqueLocal' || range === 'carrierGradeNat';
  if (connects || range === 'reserved') return null;
  return `${address} is not an address that can be asked about (${range}): give one that is unicast and not of one link or host alone.`;
}

const unasked: EndVerdict = { allowed: true, rule: null };

export function betweenInstances(from: End, to: End, family: Family, traffic: AskedTraffic): ReachabilityFlow {
  if (from.instanceId !== to.instanceId) return throughRules(from, to, family, traffic);
  // What an instance says to itself doesn't leave it.
  return { ...throughRules(from, to, family, traffic), allowed: true, egress: unasked, ingress: unasked };
}

/** As `betweenInstances`, also where a service sends an instance to itself: then it does leave it. */
export function throughRules(from: End, to: End, family: Family, traffic: AskedTraffic): ReachabilityFlow {
  const egress = atEnd('egress', from, family, to[family], traffic);
  const ingress = atEnd('ingress', to, family, from[family], traffic);
  return {
    ...{ family: shownFamily[family], source: from[family], destination: to[family], port: portOf(traffic) },
    ...{ to: known(to), allowed: egress.allowed && ingress.allowed, egress, ingress },
  };
}

/**
 * To a public address, and in again by it: the source's rules see that address, those of the instance behind it see the source's node.
 * `seenAs` null: it isn't led to the instance at all.
 */
export function throughOutside(
  from: End,
  to: End,
  way: {
    readonly family: Family;
    readonly address: string;
    readonly seenAs: string | null;
    readonly protocol: 'TCP' | 'UDP';
    readonly port: number;
    readonly asked: AskedTraffic;
  },
): ReachabilityFlow {
  const { family, address, seenAs, protocol, port, asked } = way;
  const egress = atEnd('egress', from, family, address, asked);
  const ingress = seenAs === null ? denied : atEnd('ingress', to, family, seenAs, { protocol, port });
  return {
    ...{ family: shownFamily[family], source: from[family], destination: to[family], port, to: known(to) },
    ...{ allowed: egress.allowed && ingress.allowed, egress, ingress },
  };
}

/** Outside of the platform nobody but the source has a say. */
export function toOutside(from: End, address: string, family: Family, traffic: AskedTraffic): ReachabilityFlow {
  const egress = atEnd('egress', from, family, address, traffic);
  return {
    ...{ family: shownFamily[family], source: from[family], destination: address, port: portOf(traffic) },
    ...{ to: null, allowed: egress.allowed, egress, ingress: null },
  };
}
