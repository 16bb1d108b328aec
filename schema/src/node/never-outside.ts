/**
 * Addresses that no CIDR of a policy ever means, whatever it says: who opens 0.0.0.0/0 means hosts, not the link of the node or
 * the service from which its machine gets its credentials. As for the platform's pools, a network outside has none of them.
 */
export const neverOutside = {
  ipv4: [
    '0.0.0.0/8',
    // Of clouds, where a machine asks who it is: Alibaba's; Azure's; of most others 169.254.169.254, below.
    '100.100.100.200/32',
    '127.0.0.0/8',
    '168.63.129.16/32',
    '169.254.0.0/16',
    // Multicast, what is reserved (RFC 1112), and the broadcast address.
    '224.0.0.0/4',
    '240.0.0.0/4',
  ],
  ipv6: [
    // Unspecified, loopback, and IPv4 written as IPv6 (RFC 4291).
    '::/96',
    '::ffff:0:0/96',
    // The link-local network of IPv4, by a translator (RFC 6052).
    '64:ff9b::a9fe:0/112',
    // Of clouds, where a machine asks who it is: Amazon's; Google's.
    'fd00:ec2::254/128',
    'fd20:ce::254/128',
    'fe80::/10',
    'ff00::/8',
  ],
} as const;
