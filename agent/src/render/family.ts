/** What differs between the two address families, as data: everything else is one code path. */

export const families = ['ipv4', 'ipv6'] as const;
export type Family = (typeof families)[number];

export const familyFacts = {
  ipv4: {
    digit: '4',
    ipset: 'inet',
    restore: 'iptables-restore',
    save: 'iptables-save',
    conntrack: 'ipv4',
    /** Of one address. */
    length: 32,
    everywhere: '0.0.0.0/0',
    /** The host end of every pod's wire: link-local, so the same on all of them. */
    gateway: '169.254.1.1',
    gatewayAddress: '169.254.1.1/32',
    gatewayFlags: ['scope', 'link'],
    /** Where pods find the node's name server: the same on every node. */
    nameServer: '169.254.1.1',
    refusal: 'icmp-port-unreachable',
    podFlags: [],
  },
  ipv6: {
    digit: '6',
    ipset: 'inet6',
    restore: 'ip6tables-restore',
    save: 'ip6tables-save',
    conntrack: 'ipv6',
    length: 128,
    everywhere: '::/0',
    gateway: 'fe80::1',
    gatewayAddress: 'fe80::1/64',
    // Not a link-local one: resolvers would have to be told the interface.
    nameServer: 'fd00:a701::53',
    refusal: 'icmp6-port-unreachable',
    // Addresses are given out by Atoll and the wire has two ends: nobody to detect duplicates with.
    gatewayFlags: ['nodad'],
    podFlags: ['nodad'],
  },
} as const satisfies Record<Family, FamilyFacts>;

interface FamilyFacts {
  readonly digit: string;
  readonly ipset: string;
  readonly restore: string;
  readonly save: string;
  readonly conntrack: string;
  readonly length: number;
  readonly everywhere: string;
  readonly gateway: string;
  readonly gatewayAddress: string;
  readonly gatewayFlags: readonly string[];
  readonly podFlags: readonly string[];
  readonly nameServer: string;
  readonly refusal: string;
}
