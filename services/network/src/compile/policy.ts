/**
 * A policy as rules, whoever its peers are at the moment: they are in the sets that the rules name. So members come and go
 * without a change of rules, and a policy that selects others from now on names other sets: never is an old rule in force
 * with new members.
 */
import type { Id } from '@atoll/schema/ids';
import type { PolicyRule, RuleChain } from '@atoll/schema/node/network';
import { sha256 } from './digest.ts';
import type { CompiledDefinition, CompiledNamespace, CompiledPeer, CompiledPolicy } from './model.ts';
import { type Networks, networksOf } from './networks.ts';
import { byText } from './order.ts';
import { canonicalPeers, type InstancePeer } from './selector.ts';
import { mergedTraffic } from './traffic.ts';

export type Direction = RuleChain['direction'];

/** A set by what it is to contain; the name follows from that, and so do two policies that mean the same share it. */
export interface Selection {
  readonly name: string;
  readonly tenant: string | null;
  readonly peers: readonly InstancePeer[];
}
export interface NetworkSet extends Networks {
  readonly name: string;
}

/** One decision in the order of all. */
export interface Decision {
  readonly key: string;
  /** Compared element by element. */
  readonly order: readonly [tier: number, priority: number, action: number, id: string];
  readonly policyId: PolicyRule['policyId'];
  /** Whose policy it is; null for the platform's. */
  readonly namespaceId: Id<'namespace'> | null;
  /** Null for an isolation level, which has no receipts. */
  readonly receipt: { readonly revision: number; readonly hash: string } | null;
  /** Whom it guards: by its ingress rules the members of `to`, by its egress rules those of `from`. */
  readonly from: Selection | null;
  readonly to: Selection | null;
  readonly networks: readonly NetworkSet[];
  readonly rules: { readonly [D in Direction]: readonly PolicyRule[] };
}

interface Side {
  readonly instances: Selection | null;
  readonly networks: NetworkSet | null;
}

export function selection(tenant: string | null, given: readonly InstancePeer[]): Selection | null {
  const { peers, text } = canonicalPeers(given);
  return peers.length === 0 ? null : { name: `a${sha256([tenant, text]).slice(0, 20)}`, tenant, peers };
}

function networkSet(peers: readonly Extract<CompiledPeer, { kind: 'CIDR' }>[]): NetworkSet | null {
  const networks = networksOf(peers);
  if (networks.ipv4.length + networks.ipv6.length === 0) return null;
  return { name: `n${sha256(networks).slice(0, 20)}`, ...networks };
}

const sideOf = (tenant: string | null, peers: readonly CompiledPeer[]): Side => ({
  instances: selection(
    tenant,
    peers.filter((peer) => peer.kind !== 'CIDR'),
  ),
  networks: networkSet(peers.filter((peer) => peer.kind === 'CIDR')),
});

const setsOf = ({ instances, networks }: Side) => [instances, networks].flatMap((set) => (set ? [set.name] : []));

function rulesFor(
  policyId: PolicyRule['policyId'],
  { action, traffic, log }: Pick<CompiledDefinition, 'action' | 'traffic' | 'log'>,
  peers: Side,
): PolicyRule[] {
  const sets = setsOf(peers);
  return mergedTraffic(traffic).flatMap((one) =>
    sets.map((set): PolicyRule => ({ policyId, action, ...one, set, log })),
  );
}

const tiers = { PLATFORM: 0, TENANT: 1 } as const;
const levelTier = 2;

export function decisionOf({ policyId, tier, tenant, namespaceId, revision, definition }: CompiledPolicy): Decision {
  const [from, to] = [sideOf(tenant, definition.from), sideOf(tenant, definition.to)];
  const rules = {
    ingress: to.instances ? rulesFor(policyId, definition, from) : [],
    egress: from.instances ? rulesFor(policyId, definition, to) : [],
  };
  return {
    key: policyId,
    order: [tiers[tier], definition.priority, definition.action === 'DENY' ? 0 : 1, policyId],
    policyId,
    namespaceId,
    receipt: { revision, hash: sha256(rules) },
    from: from.instances,
    to: to.instances,
    networks: [from.networks, to.networks].filter((set) => set !== null),
    rules,
  };
}

/** What a namespace opens by its isolation level, after all policies. */
export function levelDecisions({ namespaceId, tenant, level, subnetIds }: CompiledNamespace): Decision[] {
  const open = (key: string, peer: InstancePeer): Decision => {
    const peers: Side = { instances: selection(tenant, [peer]), networks: null };
    const rules = rulesFor(namespaceId, { action: 'ALLOW', traffic: [], log: false }, peers);
    return {
      key,
      order: [levelTier, 0, 1, key],
      policyId: namespaceId,
      namespaceId,
      receipt: null,
      from: peers.instances,
      to: peers.instances,
      networks: [],
      rules: { ingress: rules, egress: rules },
    };
  };
  switch (level) {
    case 'NAMESPACE':
      return [open(namespaceId, { kind: 'INSTANCES', namespaceId, labels: {} })];
    case 'SUBNET':
      return subnetIds.map((subnetId) => open(`${namespaceId}/${subnetId}`, { kind: 'SUBNET', subnetId }));
    case 'RULE':
    case 'HOST':
      return [];
    default:
      return level satisfies never;
  }
}

/**
 * For an endpoint of the namespace. Within a tier its own policies decide first: what another namespace lets its instances do
 * doesn't undo what their own forbids them.
 */
export const inOrderFor =
  (namespaceId: string) =>
  (a: Decision, b: Decision): number =>
    a.order[0] - b.order[0] ||
    Number(a.namespaceId !== namespaceId) - Number(b.namespaceId !== namespaceId) ||
    a.order[1] - b.order[1] ||
    a.order[2] - b.order[2] ||
    byText(a.order[3], b.order[3]);
