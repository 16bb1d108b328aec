/**
 * The independent model of what may pass: no sets, no chains, no nodes; only what policies, levels and services say. A peer
 * that is a text is an address outside of the platform.
 */
import type { PolicyTraffic } from '@atoll/schema/network/spec';
import type { CompiledEndpoint, CompiledPeer, CompiledPolicy, Intent } from '../../src/compile/model.ts';
import { outside, type Packet } from './intents.ts';

type Party = CompiledEndpoint | string;

function carries(endpoint: CompiledEndpoint, labels: CompiledEndpoint['labels']): boolean {
  for (const key of Object.keys(labels)) if (endpoint.labels[key] !== labels[key]) return false;
  return true;
}

function isMeant(intent: Intent, tenant: string | null, peer: CompiledPeer, party: Party): boolean {
  if (typeof party === 'string') {
    if (peer.kind !== 'CIDR' || !outside.contains(peer.cidr, party)) return false;
    return peer.except.every((cidr) => !outside.contains(cidr, party));
  }
  if (party.isolated || (tenant !== null && party.tenant !== tenant)) return false;
  switch (peer.kind) {
    case 'CIDR':
      return false;
    case 'ALL':
      return true;
    case 'TENANT':
      return party.tenant === peer.tenantId;
    case 'INSTANCES':
      return party.namespaceId === peer.namespaceId && carries(party, peer.labels);
    case 'ENVIRONMENT':
      return party.environmentId === peer.environmentId && carries(party, peer.labels);
    case 'SERVICE': {
      const service = intent.services.find((one) => one.serviceId === peer.serviceId);
      if (!service || service.tenant !== party.tenant || service.namespaceId !== party.namespaceId) return false;
      return carries(party, service.labels);
    }
    default:
      return peer satisfies never;
  }
}

function isOf(traffic: readonly PolicyTraffic[], packet: Packet): boolean {
  if (traffic.length === 0) return true;
  return traffic.some((one) => {
    if (one.protocol === 'ICMP') return packet.protocol === 'ICMP' && (one.type === null || one.type === packet.type);
    return packet.protocol === one.protocol && packet.port >= one.from && packet.port <= one.to;
  });
}

const rank = ({ tier, namespaceId, definition: { priority, action } }: CompiledPolicy, own: string) =>
  (tier === 'PLATFORM' ? 0 : 1_000_000) +
  (namespaceId === own ? 0 : 100_000) +
  priority * 10 +
  (action === 'DENY' ? 0 : 1);

export function modelMayPass(intent: Intent, from: Party, to: Party, packet: Packet): boolean {
  const matching = intent.policies.filter(
    ({ tenant, definition }) =>
      definition.from.some((peer) => isMeant(intent, tenant, peer, from)) &&
      definition.to.some((peer) => isMeant(intent, tenant, peer, to)) &&
      isOf(definition.traffic, packet),
  );
  // Each end asks what its own namespace says first.
  for (const end of [from, to]) {
    if (typeof end === 'string') continue;
    const first = matching.toSorted((a, b) => rank(a, end.namespaceId) - rank(b, end.namespaceId))[0];
    if (first?.definition.action === 'DENY') return false;
  }
  if (matching.length > 0) return true;
  if (typeof from === 'string' || typeof to === 'string') return false;
  if (from.isolated || to.isolated || from.namespaceId !== to.namespaceId) return false;
  const namespace = intent.namespaces.find((one) => one.namespaceId === from.namespaceId);
  if (namespace?.level === 'NAMESPACE') return true;
  return namespace?.level === 'SUBNET' && from.subnetId === to.subnetId && namespace.subnetIds.includes(to.subnetId);
}
