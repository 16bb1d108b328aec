/**
 * The tunnel between nodes as the kernel has it: one VXLAN device (RFC 7348) that learns nothing and floods nothing, and for
 * each other node a neighbour, where it is, and a route to each of its endpoints. Pure.
 *
 * A node has no address in the tunnel: the next hop of a route is a link-local IPv6 address made of the other node's hardware
 * address, for IPv4 too (RFC 5549). So there are no addresses to give out, and no ARP or neighbour discovery to forge.
 */
import type { RemoteNode, TunnelEnd } from '@atoll/schema/node/network';
import { families, familyFacts } from './family.ts';
import type { NodeNames } from './names.ts';
import { canonicalMember } from './set.ts';

/** Of every node of a platform: the port tells one platform from another. */
const networkId = 684_049;
/** Bytes that the tunnel puts around a packet: inner Ethernet 14, VXLAN 8, UDP 8, and IP. */
const around = { ipv4: 30 + 20, ipv6: 30 + 40 } as const;
/** Below this a link can't have IPv6. */
const smallestMtu = 1280;

/** A node's own end, and the MTU of the network underneath. */
export interface Underlay extends TunnelEnd {
  readonly mtu: number;
}

export const familyOf = (address: string) => (address.includes(':') ? 'ipv6' : 'ipv4');
export const tunnelMtu = ({ address, mtu }: Pick<Underlay, 'address' | 'mtu'>) => mtu - around[familyOf(address)];
/** What the network underneath must carry for pods to have IPv6. */
export const smallestUnderlay = (address: string) => smallestMtu + around[familyOf(address)];

/** As `ip` and `bridge` show it. Texts that are equal are the same thing. */
export interface TunnelState {
  /** Null: there is none. What can't be changed in place, and what can. */
  readonly link: { readonly fixed: string; readonly mac: string; readonly mtu: number; readonly up: boolean } | null;
  /** Link-local address → hardware address. */
  readonly neighbours: ReadonlyMap<string, string>;
  /** Hardware address → `address port`. */
  readonly ends: ReadonlyMap<string, string>;
  /** `address` → next hop. */
  readonly routes: ReadonlyMap<string, string>;
}

export const absent: TunnelState = { link: null, neighbours: new Map(), ends: new Map(), routes: new Map() };

export const fixedOf = (link: { address: string; port: number; id: number; learning: boolean }) =>
  `${link.id} ${link.address} ${link.port} ${link.learning ? 'learning' : ''}`;

/** fe80:: and the hardware address, as in EUI-64. */
export function nextHopOf(mac: string): string {
  const [a = '', b = '', c = '', d = '', e = '', f = ''] = mac.split(':');
  const flipped = (Number.parseInt(a, 16) ^ 2).toString(16);
  return canonicalMember(`fe80::${flipped}${b}:${c}ff:fe${d}:${e}${f}`);
}

/** A remote node in the other family can't be reached: its addresses stay without a route, and are dropped. */
export const reachable = (own: Underlay, remotes: readonly RemoteNode[]) =>
  remotes.filter(({ tunnel }) => familyOf(tunnel.address) === familyOf(own.address));

export function wantedTunnel(own: Underlay | null, remotes: readonly RemoteNode[]): TunnelState {
  if (own === null) return absent;
  const others = reachable(own, remotes);
  if (others.length === 0) return absent;
  return {
    link: {
      fixed: fixedOf({ ...own, id: networkId, learning: false }),
      mac: own.mac,
      mtu: tunnelMtu(own),
      up: true,
    },
    neighbours: new Map(others.map(({ tunnel }) => [nextHopOf(tunnel.mac), tunnel.mac])),
    ends: new Map(others.map(({ tunnel }) => [tunnel.mac, `${canonicalMember(tunnel.address)} ${tunnel.port}`])),
    routes: new Map(
      others.flatMap((remote) =>
        families.flatMap((family) =>
          remote[family].map((address) => [canonicalMember(address), nextHopOf(remote.tunnel.mac)] as const),
        ),
      ),
    ),
  };
}

export const linkLine = (names: NodeNames, own: Underlay) =>
  `link add ${names.tunnel} address ${own.mac} mtu ${tunnelMtu(own)} type vxlan id ${networkId} dstport ${own.port} local ${own.address} nolearning`;

export const routeLine = (names: NodeNames, verb: 'replace' | 'del', address: string, nextHop: string) => {
  const family = familyOf(address);
  const via = family === 'ipv4' ? `inet6 ${nextHop}` : nextHop;
  // A wire on this very host goes first: its routes have a smaller metric.
  return `route ${verb} ${address}/${familyFacts[family].length} via ${via} dev ${names.tunnel} onlink metric ${names.routeMetric} proto 97`;
};

/** Set anew with every link: there are no addresses to answer for, and nothing to be told by anybody. */
export const tunnelSysctls = (names: NodeNames): string[] => [
  // What says that a packet is too large comes from a node's own address, to which another way leads. Sources are the rules' matter.
  `net.ipv4.conf.${names.tunnel}.rp_filter=0`,
  // And where all interfaces check: what comes from outside by another node is looked for with its mark, where it leads back.
  `net.ipv4.conf.${names.tunnel}.src_valid_mark=1`,
  `net.ipv4.conf.${names.tunnel}.arp_ignore=8`,
  `net.ipv4.conf.${names.tunnel}.proxy_arp=0`,
  `net.ipv4.conf.${names.tunnel}.send_redirects=0`,
  `net.ipv4.conf.${names.tunnel}.accept_redirects=0`,
  `net.ipv6.conf.${names.tunnel}.disable_ipv6=0`,
  `net.ipv6.conf.${names.tunnel}.accept_ra=0`,
  `net.ipv6.conf.${names.tunnel}.accept_redirects=0`,
  `net.ipv6.conf.${names.tunnel}.proxy_ndp=0`,
];
