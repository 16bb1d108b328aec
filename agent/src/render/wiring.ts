/**
 * A pod's wire as lines of `ip -batch`: a veth pair with one address per family, a route to it on the host, and nothing
 * shared with any other pod. Both ends know the other's hardware address, so neither asks for it on the wire. Pure.
 */
import type { RuleEndpoint } from '@atoll/schema/node/network';
import { families, familyFacts } from './family.ts';
import { gatewayMac, type NodeNames, podMac } from './names.ts';

/** What is wired: an instance with its addresses. */
export type WireEnd = Pick<RuleEndpoint, 'instanceId' | 'ipv4' | 'ipv6'>;

/** Of every pod, inside. */
export const podInterface = 'eth0';

/** Marks a finished wire: written last, and only true for this very network namespace (by its inode). */
export const wireMark = (end: WireEnd, inode: string) => `atoll ${end.instanceId} ${inode} ${end.ipv4} ${end.ipv6}`;

export function podSysctls(): string[] {
  const ipv6 = ['all', 'default', 'lo', podInterface].map((device) => `net.ipv6.conf.${device}.disable_ipv6=0`);
  return [...ipv6, `net.ipv6.conf.${podInterface}.accept_ra=0`];
}

export function podLines(end: WireEnd): string[] {
  const dev = ['dev', podInterface];
  return [
    // No address that nobody gave out: not even a link-local one.
    ['link', 'set', ...dev, 'addrgenmode', 'none'],
    ['link', 'set', 'dev', 'lo', 'up'],
    ['link', 'set', ...dev, 'up'],
    ...families.flatMap((family) => {
      const { length, gateway, everywhere, podFlags } = familyFacts[family];
      return [
        ['addr', 'replace', `${end[family]}/${length}`, ...dev, ...podFlags],
        ['neigh', 'replace', gateway, 'lladdr', gatewayMac, ...dev, 'nud', 'permanent'],
        ['route', 'replace', everywhere, 'via', gateway, ...dev, 'onlink'],
      ];
    }),
  ].map((words) => words.join(' '));
}

export function hostSysctls(hostInterface: string): string[] {
  return [
    // The kernel itself refuses IPv4 sources that aren't the pod's, before any rule.
    `net.ipv4.conf.${hostInterface}.rp_filter=1`,
    // ARP is answered for the gateway's address only: a pod doesn't learn the host's other addresses.
    `net.ipv4.conf.${hostInterface}.arp_ignore=1`,
    `net.ipv4.conf.${hostInterface}.proxy_arp=0`,
    `net.ipv4.conf.${hostInterface}.send_redirects=0`,
    `net.ipv4.conf.${hostInterface}.accept_redirects=0`,
    `net.ipv6.conf.${hostInterface}.disable_ipv6=0`,
    `net.ipv6.conf.${hostInterface}.accept_ra=0`,
    `net.ipv6.conf.${hostInterface}.accept_redirects=0`,
    `net.ipv6.conf.${hostInterface}.proxy_ndp=0`,
  ];
}

export function hostLines(names: NodeNames, end: WireEnd): string[] {
  const dev = ['dev', names.interface(end.instanceId)];
  return [
    ['link', 'set', ...dev, 'addrgenmode', 'none'],
    ['link', 'set', ...dev, 'up'],
    ...families.flatMap((family) => {
      const { gatewayAddress, gatewayFlags } = familyFacts[family];
      return [
        ['addr', 'replace', gatewayAddress, ...dev, ...gatewayFlags],
        ['neigh', 'replace', end[family], 'lladdr', podMac(end.instanceId), ...dev, 'nud', 'permanent'],
      ];
    }),
  ]
    .map((words) => words.join(' '))
    .concat(routeLines(names, end));
}

export function routeLines(names: NodeNames, end: WireEnd): string[] {
  return families.map(
    (family) =>
      `route replace ${end[family]}/${familyFacts[family].length} dev ${names.interface(end.instanceId)} proto 97`,
  );
}
