/**
 * Whether a policy is wholly shadowed: another one decides before it, wherever it would, about all that it is about. Told only where it
 * is certain: by one policy of the same namespace that decides always. What several together shadow isn't found. Pure.
 */
import type { Id } from '@atoll/schema/ids';
import type { PolicyDefinition, PolicyPeer, PolicyTraffic } from '@atoll/schema/network/spec';
import type { Labels } from '@atoll/schema/text';
import { networksOf } from './networks.ts';
import { byText } from './order.ts';
import { mergedTraffic } from './traffic.ts';

export interface Rival {
  readonly policyId: Id<'policy'>;
  readonly definition: PolicyDefinition;
}

/** What ids mean now. Null where it isn't known. */
export interface Places {
  readonly environmentOf: (namespaceId: string) => string | null;
  readonly serviceOf: (serviceId: string) => { readonly namespaceId: string; readonly labels: Labels } | null;
}

type InstancePeer = Exclude<PolicyPeer, { kind: 'CIDR' }>;
const isCidr = (peer: PolicyPeer) => peer.kind === 'CIDR';
const isInstances = (peer: PolicyPeer): peer is InstancePeer => peer.kind !== 'CIDR';

/** A service is the instances that it selects. */
const resolved = (peer: InstancePeer, { serviceOf }: Places) => {
  if (peer.kind !== 'SERVICE') return peer;
  const service = serviceOf(peer.serviceId);
  return service && { kind: 'INSTANCES' as const, ...service };
};

/** Whoever carries all of `narrower` carries all of `wider`. */
const labelsCover = (wider: Labels, narrower: Labels) =>
  Object.entries(wider).every(([key, value]) => Object.hasOwn(narrower, key) && narrower[key] === value);

function peerCovers(wider: InstancePeer, narrower: InstancePeer, places: Places): boolean {
  if (wider.kind === 'SERVICE' && narrower.kind === 'SERVICE' && wider.serviceId === narrower.serviceId) return true;
  const [w, n] = [resolved(wider, places), resolved(narrower, places)];
  if (w === null || n === null || !labelsCover(w.labels, n.labels)) return false;
  if (n.kind === 'ENVIRONMENT') return w.kind === 'ENVIRONMENT' && w.environmentId === n.environmentId;
  if (w.kind === 'INSTANCES') return w.namespaceId === n.namespaceId;
  return places.environmentOf(n.namespaceId) === w.environmentId;
}

/** What is added to the wider changes nothing of it. */
function networksCover(wider: readonly PolicyPeer[], narrower: readonly PolicyPeer[]): boolean {
  const [w, n] = [wider.filter(isCidr), narrower.filter(isCidr)];
  return n.length === 0 || JSON.stringify(networksOf([...w, ...n])) === JSON.stringify(networksOf(w));
}

const sideCovers = (wider: readonly PolicyPeer[], narrower: readonly PolicyPeer[], places: Places) =>
  narrower
    .filter(isInstances)
    .every((one) => wider.filter(isInstances).some((other) => peerCovers(other, one, places))) &&
  networksCover(wider, narrower);

function trafficCovers(wider: readonly PolicyTraffic[], narrower: readonly PolicyTraffic[]): boolean {
  if (wider.length === 0) return true;
  if (narrower.length === 0) return false;
  return JSON.stringify(mergedTraffic([...wider, ...narrower])) === JSON.stringify(mergedTraffic(wider));
}

const order = ({ definition: { priority, action }, policyId }: Rival) =>
  [priority, action === 'DENY' ? 0 : 1, policyId] as const;

/** Of two policies of one namespace. */
export function decidesBefore(one: Rival, other: Rival): boolean {
  const [a, b] = [order(one), order(other)];
  return (a[0] - b[0] || a[1] - b[1] || byText(a[2], b[2])) < 0;
}

/** The first of `rivals`, policies of the same namespace that decide always, which shadows it; null where none does by itself. */
export function shadowOf(policy: Rival, rivals: readonly Rival[], places: Places): Rival | null {
  const { from, to, traffic } = policy.definition;
  const shadows = rivals.filter(
    (rival) =>
      rival.policyId !== policy.policyId &&
      decidesBefore(rival, policy) &&
      sideCovers(rival.definition.from, from, places) &&
      sideCovers(rival.definition.to, to, places) &&
      trafficCovers(rival.definition.traffic, traffic),
  );
  return shadows.reduce<Rival | null>(
    (first, one) => (first === null || decidesBefore(one, first) ? one : first),
    null,
  );
}
