/** Connections that were allowed once and are no longer. Pure. */
import type { Traffic } from '@atoll/schema/node/decide';
import type { DesiredNetwork } from '@atoll/schema/node/network';
import { type Family, families } from '../render/family.ts';
import { canonicalMember } from '../render/set.ts';
import { createJudge } from './judge.ts';
import { narrowed } from './narrowed.ts';

/** As the kernel tracks it, in the direction of its first packet. */
export interface Connection {
  readonly family: Family;
  /** `tcp`, `udp`, `icmp` …, as conntrack says. */
  readonly protocol: string;
  /** As IP numbers it. */
  readonly protocolNumber: number;
  readonly source: string;
  readonly destination: string;
  /** Of the first packet of ICMP, either family; null for others. */
  readonly icmpType: number | null;
  /** Null where the protocol has none. */
  readonly ports: { readonly source: number; readonly destination: number } | null;
}

/** `nodeAddresses`: the node's own, canonical. */
export type FindForbidden = (all: readonly Connection[], nodeAddresses: ReadonlySet<string>) => Connection[];

/** Finds forbidden connections among all; null where nothing was narrowed, so that there is no need to look. */
export function forbiddenConnections(previous: DesiredNetwork | null, next: DesiredNetwork): FindForbidden | null {
  const less = previous === null ? next.rules.endpoints : narrowed(previous.rules, next.rules);
  if (less.length === 0) return null;
  const judge = createJudge(next);
  const touched = new Set(less.flatMap((endpoint) => families.map((family) => canonicalMember(endpoint[family]))));
  const gone = new Set(
    less
      .flatMap((endpoint) => families.map((family) => ({ family, address: canonicalMember(endpoint[family]) })))
      .flatMap(({ family, address }) => (judge.isEndpoint(family, address) ? [] : [address])),
  );

  function isForbidden(connection: Connection, nodeAddresses: ReadonlySet<string>): boolean {
    const { family, source, destination } = connection;
    const ends = [canonicalMember(source), canonicalMember(destination)];
    if (!ends.some((end) => touched.has(end))) return false;
    // Nothing may outlive an address: the next to have it is somebody else.
    if (ends.some((end) => gone.has(end))) return true;
    // The node's own connections to its pods, probes and the like, aren't the rules' matter; those from outside are.
    if (nodeAddresses.has(canonicalMember(source))) return false;
    const asked = trafficOf(connection);
    return asked === null || !judge.allows({ family, source, destination, ...asked });
  }
  return (all, nodeAddresses) => all.filter((connection) => isForbidden(connection, nodeAddresses));
}

const echoRequests: Readonly<Record<Family, number>> = { ipv4: 8, ipv6: 128 };

/** As rules know it; null where they have no name for it: then it is cut, and may begin again where everything is allowed. */
function trafficOf({ family, protocol, ports, icmpType }: Connection): Traffic | null {
  if (icmpType !== null) {
    return { protocol: 'ICMP', icmp: icmpType === echoRequests[family] ? 'ECHO_REQUEST' : null };
  }
  if (ports === null || (protocol !== 'tcp' && protocol !== 'udp')) return null;
  return { protocol: protocol === 'tcp' ? 'TCP' : 'UDP', port: ports.destination };
}
