/**
 * Whether a policy is wholly shadowed: others decide before it, wherever it would, about all that it is about. Told only where it is
 * certain: by policies of the same namespace that decide always, one alone or several together. Pure.
 *
 * Each pair of its peers is looked at by itself. Of instances on both sides no two selectors together have what neither has (somebody
 * may carry just the labels that are asked for), so there the traffic alone is shared out; against a CIDR the addresses are, too. An
 * environment isn't taken as the sum of its namespaces: there may be another one tomorrow.
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

/** So often at most a policy is held against another one for one that several may shadow; where more is needed, it isn't told. */
const mostLooks = 50_000;

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

const traffics = (rivals: readonly Rival[]) => rivals.map(({ definition }) => definition.traffic);
/** All of them together. */
const trafficsCover = (all: readonly (readonly PolicyTraffic[])[], narrower: readonly PolicyTraffic[]) =>
  all.some((one) => one.length === 0) || (all.length > 0 && trafficCovers(all.flat(), narrower));

/** Cut wherever one of the others begins or ends: each of these is about all of a piece, or nothing of it. */
function pieces(traffic: readonly PolicyTraffic[], others: readonly PolicyTraffic[]): PolicyTraffic[][] {
  if (traffic.length === 0) return [[]];
  return traffic.flatMap((one): PolicyTraffic[][] => {
    if (one.protocol === 'ICMP') return [[one]];
    const cuts = others.flatMap((other) =>
      other.protocol === one.protocol ? [other.from, other.to + 1].filter((at) => at > one.from && at <= one.to) : [],
    );
    const starts = [...new Set([one.from, ...cuts])].sort((a, b) => a - b);
    return starts.map((from, index) => [{ ...one, from, to: (starts[index + 1] ?? one.to + 1) - 1 }]);
  });
}

/** Of `among` some that together cover, and of which none is needless, the earlier rather than the later; null where all don't. */
function enough(among: readonly Rival[], cover: (some: readonly Rival[]) => boolean): readonly Rival[] | null {
  if (!cover(among)) return null;
  const needed: Rival[] = [];
  for (let rest = among; !cover(needed); ) {
    // The shortest beginning that does: its last one is needed.
    let [short, long] = [0, rest.length];
    while (long - short > 1) {
      const middle = (short + long) >> 1;
      if (cover([...needed, ...rest.slice(0, middle)])) long = middle;
      else short = middle;
    }
    needed.push(...rest.slice(long - 1, long));
    rest = rest.slice(0, long - 1);
  }
  return needed;
}

interface Looks {
  left: number;
}
interface Pair {
  readonly source: PolicyPeer;
  readonly destination: PolicyPeer;
  readonly traffic: readonly PolicyTraffic[];
  /** Those that are about both, wholly where it is instances. */
  readonly about: readonly Rival[];
}

/** Null where they don't shadow it, or it would take more looks than are left. */
function pairShadows({ source, destination, traffic, about }: Pair, looks: Looks): readonly Rival[] | null {
  if (!isCidr(source) && !isCidr(destination)) return enough(about, (some) => trafficsCover(traffics(some), traffic));
  const [side, outside] = isCidr(source) ? (['from', source] as const) : (['to', destination] as const);
  const parts = pieces(traffic, traffics(about).flat());
  looks.left -= parts.length * about.length;
  if (looks.left < 0) return null;
  const needed = new Set<Rival>();
  for (const piece of parts) {
    const some = enough(
      about.filter(({ definition }) => trafficCovers(definition.traffic, piece)),
      (all) =>
        networksCover(
          all.flatMap(({ definition }) => definition[side]),
          [outside],
        ),
    );
    if (some === null) return null;
    for (const one of some) needed.add(one);
  }
  return [...needed];
}

/**
 * Of `rivals`, policies of the same namespace that decide always, those that shadow it: the first that does so alone, else several that
 * do together, in the order in which they decide. Empty where it isn't shadowed.
 */
export function shadowsOf(policy: Rival, rivals: readonly Rival[], places: Places): readonly Rival[] {
  const { from, to, traffic } = policy.definition;
  const before = rivals
    .filter((rival) => rival.policyId !== policy.policyId && decidesBefore(rival, policy))
    .sort((a, b) => (decidesBefore(a, b) ? -1 : 1));
  const alone = before.find(
    ({ definition }) =>
      sideCovers(definition.from, from, places) &&
      sideCovers(definition.to, to, places) &&
      trafficCovers(definition.traffic, traffic),
  );
  if (alone !== undefined) return [alone];
  const looks: Looks = { left: mostLooks - before.length * (from.length + to.length) };
  if (looks.left < 0) return [];
  const about = (side: 'from' | 'to', peer: PolicyPeer) =>
    before.filter(({ definition }) =>
      isCidr(peer) ? definition[side].some(isCidr) : sideCovers(definition[side], [peer], places),
    );
  const sources = from.map((source) => [source, about('from', source)] as const);
  const destinations = to.map((destination) => [destination, new Set(about('to', destination))] as const);
  const needed = new Set<Rival>();
  for (const [source, outOf] of sources) {
    for (const [destination, into] of destinations) {
      const both = outOf.filter((one) => into.has(one));
      looks.left -= outOf.length + both.length;
      const some = looks.left < 0 ? null : pairShadows({ source, destination, traffic, about: both }, looks);
      if (some === null) return [];
      for (const one of some) needed.add(one);
    }
  }
  return before.filter((one) => needed.has(one));
}
