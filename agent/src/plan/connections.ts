/** Connections that were allowed once and are no longer. Pure. */
import type { DesiredNetwork } from '@atoll/schema/node/network';
import ipaddr from 'ipaddr.js';
import { type Family, families } from '../render/family.ts';
import { canonicalMember } from '../render/set.ts';
import { createJudge } from './judge.ts';
import { narrowed } from './narrowed.ts';

/** As the kernel tracks it, in the direction of its first packet. */
export interface Connection {
  readonly family: Family;
  /** `tcp`, `udp`, `icmp` …, as conntrack says. */
  readonly protocol: string;
  readonly source: string;
  readonly destination: string;
  /** Null where the protocol has none. */
  readonly ports: { readonly source: number; readonly destination: number } | null;
}

/** Finds forbidden connections among all; null where nothing was narrowed, so that there is no need to look. */
export function forbiddenConnections(
  previous: DesiredNetwork | null,
  next: DesiredNetwork,
): ((all: readonly Connection[]) => Connection[]) | null {
  const less = previous === null ? next.rules.endpoints : narrowed(previous.rules, next.rules);
  if (less.length === 0) return null;
  const judge = createJudge(next);
  const touched = new Set(less.flatMap((endpoint) => families.map((family) => canonicalMember(endpoint[family]))));
  const gone = new Set(
    less
      .flatMap((endpoint) => families.map((family) => ({ family, address: canonicalMember(endpoint[family]) })))
      .flatMap(({ family, address }) => (judge.isEndpoint(family, address) ? [] : [address])),
  );

  function isForbidden({ family, protocol, source, destination, ports }: Connection): boolean {
    const ends = [canonicalMember(source), canonicalMember(destination)];
    if (!ends.some((end) => touched.has(end))) return false;
    // Nothing may outlive an address: the next to have it is somebody else.
    if (ends.some((end) => gone.has(end))) return true;
    // The node's own connections to its pods, probes and the like, aren't the rules' matter.
    const address = ipaddr.parse(source);
    if (!next.pools[family].some((pool) => address.match(ipaddr.parseCIDR(pool)))) return false;
    if (ports === null || (protocol !== 'tcp' && protocol !== 'udp')) return true;
    const flow = { family, source, destination, port: ports.destination };
    return !judge.allows({ ...flow, protocol: protocol === 'tcp' ? 'TCP' : 'UDP' });
  }
  return (all) => all.filter(isForbidden);
}
