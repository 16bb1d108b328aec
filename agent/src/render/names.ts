/**
 * Every name that the agent gives to something of the kernel's. All begin with `atl` and the node's tag, but for the tunnel,
 * which isn't the end of a pod's wire and must not look like one: agents that share a host don't collide, and everything of
 * one node can be found and removed without a record of it.
 *
 * Limits: interfaces 15 characters, iptables chains 28, ipsets 31.
 */
import { createHash } from 'node:crypto';
import type { Id } from '@atoll/schema/ids';
import { type Family, familyFacts } from './family.ts';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** `length` characters of base32 that stand for `text`. */
function short(text: string, length: number): string {
  const digest = createHash('sha256').update(text).digest();
  return Array.from({ length }, (_, index) => alphabet[(digest[index] ?? 0) & 31]).join('');
}

const hex = (text: string, length: number) => createHash('sha256').update(text).digest('hex').slice(0, length);

/** A chain of any Atoll node. */
export const anyChainPattern = /^atl[a-z2-7]{4}-/;

/** Matches wires of pods, and tunnels, of every Atoll node, in iptables' notation. */
export const anyWire = 'atl+';
export const anyTunnel = 'atv+';

/** Where the tunnel between nodes listens, unless the agent is told otherwise; of no registered protocol's. */
export const defaultTunnelPort = 9789;

/** Of each pod, by address family. 0: unbounded. */
export interface PodBounds {
  /** That it has begun and are open, over all protocols. Four times as many may be open to it. */
  readonly connections: number;
  /** That it begins in a second, on average. */
  readonly newPerSecond: number;
}

/** A sixteenth of the table that the kernel makes on a usual machine; and what leaves half of it free. */
export const usualBounds: PodBounds = { connections: 16_384, newPerSecond: 1000 };

/**
 * From where connections to public addresses are taken: everywhere outside of the platform, or the machine itself and nowhere else,
 * where the node's interface to the outside is its loopback.
 */
export type PublicReach = 'everywhere' | 'machine';
export const loopback = 'lo';

export interface NodeNames {
  /** `atl` and the node's tag: how every name of this node begins. */
  readonly prefix: string;
  /** Matches the host end of every pod of this node, in iptables' notation. */
  readonly anyInterface: string;
  readonly interface: (instance: Id<'instance'>) => string;
  readonly chain: (name: string) => string;
  readonly set: (family: Family, name: string) => string;
  /** Where the next content of a set is built before the two are swapped. */
  readonly nextSet: (set: string) => string;
  /** The other name of a set, for when its rules and its members change in one step: these name the one or the other. */
  readonly aliasOf: (set: string) => string;
  readonly isAlias: (set: string) => boolean;
  /** Its first name, of either. */
  readonly withoutAlias: (set: string) => string;
  /** Of the node's name server, UDP and TCP: pods ask port 53. Several nodes may share a host. */
  readonly namesPort: number;
  /** Netlink group of what rules log: the node's own, and none of the low ones that others use. */
  readonly logGroup: number;
  /** The node's end of the tunnel between nodes. */
  readonly tunnel: string;
  /** UDP port on which packets from other nodes arrive. */
  readonly tunnelPort: number;
  readonly bounds: PodBounds;
  readonly publicReach: PublicReach;
  /** Tells this node's blackhole routes, and those to other nodes, from another agent's in the same network namespace. */
  readonly routeMetric: number;
  /** Of the first of two kinds of routing rules, the second of which comes right behind it. */
  readonly rulePriority: number;
  /** The table of routes that is the node's own of that number, 1–4095. */
  readonly routeTable: (number: number) => number;
}

export function nodeNames(
  node: Id<'node'>,
  tunnelPort = defaultTunnelPort,
  bounds = usualBounds,
  publicReach: PublicReach = 'everywhere',
): NodeNames {
  const prefix = `atl${short(node, 4)}`;
  const tag = Number.parseInt(hex(node, 4), 16);
  return {
    prefix,
    anyInterface: `${prefix}+`,
    interface: (instance) => `${prefix}${short(instance, 8)}`,
    chain: (name) => `${prefix}-${name}`,
    set: (family, name) => `${prefix}${familyFacts[family].digit}${hex(name, 16)}`,
    nextSet: (set) => `${set}n`,
    aliasOf: (set) => `${set}x`,
    isAlias: (set) => set.endsWith('x'),
    withoutAlias: (set) => (set.endsWith('x') ? set.slice(0, -1) : set),
    namesPort: 10_000 + (Number.parseInt(hex(`names ${node}`, 6), 16) % 20_000),
    logGroup: 1024 + (Number.parseInt(hex(`log ${node}`, 8), 16) % 64_000),
    tunnel: `atv${short(node, 4)}`,
    tunnelPort,
    bounds,
    publicReach,
    routeMetric: 0x10000 + tag,
    rulePriority: 1024 + 2 * (tag % 4096),
    routeTable: (number) => (0x10000 + tag) * 4096 + number,
  };
}

/** Locally administered, and the same for a pod whenever it is wired. */
export function podMac(instance: Id<'instance'>): string {
  return `02:${(hex(`mac ${instance}`, 10).match(/../g) ?? []).join(':')}`;
}
/** Nobody has them: 46 bits that are drawn, in a locally administered address. */
export const tunnelMac = (random: Uint8Array): string =>
  [((random[0] ?? 0) & 0xfc) | 0x02, ...random.slice(1, 6)].map((byte) => byte.toString(16).padStart(2, '0')).join(':');

/** Of every host end: a pod's neighbour entry for its gateway never has to change. */
export const gatewayMac = 'ee:ee:ee:ee:ee:ee';
