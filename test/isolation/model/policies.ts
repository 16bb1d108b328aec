/**
 * What policies mean, read from decision 33 and from nothing else: no sets, no chains, no nodes. It knows the intent, one
 * connection, and one order.
 */
import type { CompiledEndpoint, CompiledPeer, CompiledPolicy, Intent } from '@atoll/network/compile/model';
import { isIn, kindOf } from './networks.ts';

export interface Connection {
  readonly source: string;
  readonly destination: string;
  readonly protocol: 'TCP' | 'UDP' | 'ICMP';
  /** Of the destination; nothing for ICMP, which is an echo request. */
  readonly port: number;
}

/** Who has the address: an instance, or somebody outside of the platform. */
type End = { readonly instance: CompiledEndpoint } | { readonly outside: string };

const carries = (labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(([key, value]) => labels[key] === value);

function isMeant(peer: CompiledPeer, end: End, policy: CompiledPolicy, intent: Intent): boolean {
  if (peer.kind === 'CIDR') {
    if (!('outside' in end)) return false;
    const sameFamily = (networks: readonly string[]) => networks.filter((one) => kindOf(one) === kindOf(end.outside));
    return isIn(end.outside, sameFamily([peer.cidr])) && !isIn(end.outside, sameFamily(peer.except));
  }
  if (!('instance' in end)) return false;
  const { instance } = end;
  if (instance.isolated) return false;
  if (policy.tier === 'TENANT' && instance.tenant !== policy.tenant) return false;
  switch (peer.kind) {
    case 'INSTANCES':
      return instance.namespaceId === peer.namespaceId && carries(instance.labels, peer.labels);
    case 'ENVIRONMENT':
      return instance.environmentId === peer.environmentId && carries(instance.labels, peer.labels);
    case 'SERVICE': {
      const service = intent.services.find((one) => one.serviceId === peer.serviceId);
      if (service === undefined || service.tenant !== instance.tenant) return false;
      return instance.namespaceId === service.namespaceId && carries(instance.labels, service.labels);
    }
    case 'TENANT':
      return instance.tenant === peer.tenantId;
    case 'ALL':
      return true;
    default:
      return peer satisfies never;
  }
}

const carriesTraffic = ({ definition: { traffic } }: CompiledPolicy, { protocol, port }: Connection): boolean =>
  traffic.length === 0 ||
  traffic.some((one) => one.protocol === protocol && (one.protocol === 'ICMP' || (one.from <= port && port <= one.to)));

const rank = ({ tier, policyId, namespaceId, definition: { priority, action } }: CompiledPolicy, own: string) =>
  [tier === 'PLATFORM' ? 0 : 1, namespaceId === own ? 0 : 1, priority, action === 'DENY' ? 0 : 1, policyId] as const;

/** For an instance of a namespace: what that one says itself comes first. */
function before(a: CompiledPolicy, b: CompiledPolicy, own: string): number {
  const [left, right] = [rank(a, own), rank(b, own)];
  const at = left.findIndex((item, index) => item !== right[index]);
  return at === -1 ? 0 : (left[at] ?? 0) < (right[at] ?? 0) ? -1 : 1;
}

/** What the isolation level of a namespace opens, where no policy decides. */
function levelOpens(a: End, b: End, { namespaces }: Intent): boolean {
  if (!('instance' in a && 'instance' in b)) return false;
  const [one, other] = [a.instance, b.instance];
  if (one.isolated || other.isolated || one.namespaceId !== other.namespaceId) return false;
  const level = namespaces.find(({ namespaceId }) => namespaceId === one.namespaceId)?.level;
  return level === 'NAMESPACE' || (level === 'SUBNET' && one.subnetId === other.subnetId);
}

export function isOpen(intent: Intent, connection: Connection): boolean {
  const endOf = (address: string): End => {
    const instance = intent.endpoints.find(({ ipv4, ipv6 }) => isIn(address, [ipv4, ipv6]));
    return instance ? { instance } : { outside: address };
  };
  const [from, to] = [endOf(connection.source), endOf(connection.destination)];
  const isAny = (peers: readonly CompiledPeer[], end: End, policy: CompiledPolicy) =>
    peers.some((peer) => isMeant(peer, end, policy, intent));
  const deciding = intent.policies
    .filter((policy) => carriesTraffic(policy, connection))
    .filter((policy) => isAny(policy.definition.from, from, policy) && isAny(policy.definition.to, to, policy));
  if (deciding.length === 0) return levelOpens(from, to, intent);
  return [from, to].every((end) => {
    if ('outside' in end) return true;
    const own = end.instance.namespaceId;
    return deciding.toSorted((a, b) => before(a, b, own))[0]?.definition.action === 'ALLOW';
  });
}
