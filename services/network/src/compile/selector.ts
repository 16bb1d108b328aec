/**
 * Which endpoints a peer means. Every endpoint is in several places (its namespace, its environment, …); a selector names
 * one place, the tenant, and labels. The tenant is compared always: no policy of a tenant reaches an endpoint of another,
 * whatever ids it names.
 */
import type { Labels } from '@atoll/schema/text';
import type { CompiledEndpoint, CompiledPeer, CompiledService } from './model.ts';
import { byText } from './order.ts';

/** What addresses are selected by. SUBNET comes from isolation levels only. */
export type InstancePeer =
  | Exclude<CompiledPeer, { kind: 'CIDR' }>
  | { readonly kind: 'SUBNET'; readonly subnetId: string };

export interface Selector {
  /** Null: of every tenant, as the platform's policies say. */
  readonly tenant: string | null;
  readonly place: string;
  readonly labels: Labels;
}

const everywhere = 'all';
const noLabels: Labels = {};

/** Null where the peer means nobody: a service that isn't there, or is another tenant's. */
export function selectorOf(
  tenant: string | null,
  peer: InstancePeer,
  serviceOf: (serviceId: string) => CompiledService | undefined,
): Selector | null {
  switch (peer.kind) {
    case 'INSTANCES':
      return { tenant, place: `namespace/${peer.namespaceId}`, labels: peer.labels };
    case 'ENVIRONMENT':
      return { tenant, place: `environment/${peer.environmentId}`, labels: peer.labels };
    case 'SERVICE': {
      const service = serviceOf(peer.serviceId);
      if (service === undefined || (tenant !== null && service.tenant !== tenant)) return null;
      return { tenant: service.tenant, place: `namespace/${service.namespaceId}`, labels: service.labels };
    }
    case 'SUBNET':
      return { tenant, place: `subnet/${peer.subnetId}`, labels: noLabels };
    case 'ALL':
      return { tenant, place: everywhere, labels: noLabels };
    case 'TENANT':
      return { tenant, place: `tenant/${peer.tenantId}`, labels: noLabels };
    default:
      return peer satisfies never;
  }
}

/** Where selectors look for it: nowhere while its tenant is suspended. */
export function placesOf(endpoint: CompiledEndpoint): string[] {
  if (endpoint.isolated) return [];
  const { namespaceId, environmentId, subnetId, tenant } = endpoint;
  const environment = environmentId === null ? [] : [`environment/${environmentId}`];
  return [`namespace/${namespaceId}`, ...environment, `subnet/${subnetId}`, `tenant/${tenant}`, everywhere];
}

/** Carries all of these labels. */
const hasLabels = (has: Labels, wanted: Labels) =>
  Object.entries(wanted).every(([key, value]) => Object.hasOwn(has, key) && has[key] === value);

/** For an endpoint that is in the place of the selector. */
export const selects = ({ tenant, labels }: Selector, endpoint: CompiledEndpoint) =>
  (tenant === null || tenant === endpoint.tenant) && hasLabels(endpoint.labels, labels);

/** One spelling of each peer. */
const spelled = (peer: InstancePeer): string =>
  JSON.stringify(
    Object.entries(peer)
      .map(([key, value]) =>
        key === 'labels' ? [key, Object.entries(value).sort(([a], [b]) => byText(a, b))] : [key, value],
      )
      .sort(([a], [b]) => byText(String(a), String(b))),
  );

/** Each once, in one order. */
export function canonicalPeers(peers: readonly InstancePeer[]): {
  readonly peers: InstancePeer[];
  readonly text: string;
} {
  const bySpelling = new Map(peers.map((peer) => [spelled(peer), peer]));
  const sorted = [...bySpelling].sort(([a], [b]) => byText(a, b));
  return { peers: sorted.map(([, peer]) => peer), text: JSON.stringify(sorted.map(([text]) => text)) };
}
