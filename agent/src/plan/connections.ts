/** Connections that were allowed once and are no longer. Pure. */
import type { Traffic } from '@atoll/schema/node/decide';
import type { DesiredNetwork } from '@atoll/schema/node/network';
import { type Family, families } from '../render/family.ts';
import { canonicalMember, sameItems } from '../render/set.ts';
import { createJudge, type Judge } from './judge.ts';
import { narrowed } from './narrowed.ts';

/** As the kernel tracks it. */
export interface Connection {
  readonly family: Family;
  /** `tcp`, `udp`, `icmp` …, as conntrack says. */
  readonly protocol: string;
  /** As IP numbers it. */
  readonly protocolNumber: number;
  readonly source: string;
  /** As its first packet had it. */
  readonly destination: string;
  /** Of its first packet; null where the protocol has none. */
  readonly ports: { readonly source: number; readonly destination: number } | null;
  /** Of the first packet of ICMP, either family; null for others. */
  readonly icmpType: number | null;
  /** Who answers, which is who the rules were asked about: the destination, or where it was translated to. */
  readonly answers: { readonly address: string; readonly port: number | null };
}

/** `nodeAddresses`: the node's own, canonical. */
export type FindForbidden = (all: readonly Connection[], nodeAddresses: ReadonlySet<string>) => Connection[];

/** Finds forbidden connections among all; null where nothing was narrowed, so that there is no need to look. */
export function forbiddenConnections(previous: DesiredNetwork | null, next: DesiredNetwork): FindForbidden | null {
  // What is outside depends on the pools: with others, every network means something else.
  const same =
    previous !== null &&
    ([...families, 'reserved'] as const).every((list) => sameItems(previous.pools[list], next.pools[list]));
  const less = same
    ? narrowed(previous.rules, next.rules)
    : [...(previous?.rules.endpoints ?? []), ...next.rules.endpoints];
  if (less.length === 0) return null;
  const judge = createJudge(next);
  let ofOthers: Judge | undefined;
  /** What is neither TCP, UDP nor ICMP is decided by the rules for every protocol. */
  const judgeOfOthers = () => {
    const chains = next.rules.chains.map((chain) => ({
      ...chain,
      rules: chain.rules.filter((rule) => rule.protocol === null),
    }));
    ofOthers ??= createJudge({ ...next, rules: { ...next.rules, chains } });
    return ofOthers;
  };
  const touched = new Set(less.flatMap((endpoint) => families.map((family) => canonicalMember(endpoint[family]))));
  const gone = new Set(
    less
      .flatMap((endpoint) => families.map((family) => ({ family, address: canonicalMember(endpoint[family]) })))
      .flatMap(({ family, address }) => (judge.isEndpoint(family, address) ? [] : [address])),
  );

  function isForbidden(connection: Connection, nodeAddresses: ReadonlySet<string>): boolean {
    const { family, source, answers } = connection;
    const ends = [canonicalMember(source), canonicalMember(answers.address)];
    if (!ends.some((end) => touched.has(end))) return false;
    // Nothing may outlive an address: the next to have it is somebody else.
    if (ends.some((end) => gone.has(end))) return true;
    // The node's own connections to its pods, probes and the like, aren't the rules' matter; those from outside are.
    if (nodeAddresses.has(canonicalMember(source))) return false;
    // A service has led it to itself.
    if (ends[0] === ends[1]) return false;
    const between = { family, source, destination: answers.address };
    const asked = trafficOf(connection);
    return asked === null
      ? !judgeOfOthers().allows({ ...between, protocol: 'ICMP', icmp: null })
      : !judge.allows({ ...between, ...asked });
  }
  return (all, nodeAddresses) => all.filter((connection) => isForbidden(connection, nodeAddresses));
}

const echoRequests = { ipv4: 8, ipv6: 128 } as const satisfies Record<Family, number>;

/** Null where it is none of these. */
function trafficOf({ family, protocol, icmpType, answers }: Connection): Traffic | null {
  if (icmpType !== null) return { protocol: 'ICMP', icmp: icmpType === echoRequests[family] ? 'ECHO_REQUEST' : null };
  if (answers.port === null || (protocol !== 'tcp' && protocol !== 'udp')) return null;
  return { protocol: protocol === 'tcp' ? 'TCP' : 'UDP', port: answers.port };
}
