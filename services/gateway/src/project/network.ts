/** Events of the network context → read models. */
import { addressEvents } from '@atoll/schema/network/addresses';
import type { NetworkEvent } from '@atoll/schema/network/events';
import { serviceEvents } from '@atoll/schema/network/services';
import type {
  PlatformDefinition,
  PlatformPeer,
  PolicyDefinition,
  PolicyPeer,
  PolicySchedule,
  PolicyTraffic,
} from '@atoll/schema/network/spec';
import { supplyEvents } from '@atoll/schema/network/supply';
import { isOf } from '@atoll/schema/registry';
import { derive, type Effect, instant, labelList, type Project, patch, purge, put, remove } from './effects.ts';
import { projectAddresses } from './network-addresses.ts';
import { projectServices } from './network-services.ts';
import { projectSupply } from './network-supply.ts';

/** The instances of one namespace, where a side is nothing else. */
const soleInstances = (peers: PolicyDefinition['from']) => {
  const [peer] = peers;
  return peers.length === 1 && peer?.kind === 'INSTANCES' ? peer : null;
};

/** In the SDL's order. */
const shownPeer = (peer: PolicyPeer) => ({
  kind: peer.kind,
  namespaceId: peer.kind === 'INSTANCES' ? peer.namespaceId : null,
  environmentId: peer.kind === 'ENVIRONMENT' ? peer.environmentId : null,
  serviceId: peer.kind === 'SERVICE' ? peer.serviceId : null,
  labels: peer.kind === 'INSTANCES' || peer.kind === 'ENVIRONMENT' ? labelList(peer.labels) : [],
  cidr: peer.kind === 'CIDR' ? peer.cidr : null,
  except: peer.kind === 'CIDR' ? peer.except : [],
});
const shownTraffic = (traffic: PolicyTraffic) => ({
  protocol: traffic.protocol,
  from: traffic.protocol === 'ICMP' ? null : traffic.from,
  to: traffic.protocol === 'ICMP' ? null : traffic.to,
  icmpType: traffic.protocol === 'ICMP' ? traffic.type : null,
});
const shownSchedule = ({ startsAt, endsAt, windows, timeZone }: PolicySchedule) => ({
  startsAt: startsAt && instant(startsAt),
  endsAt: endsAt && instant(endsAt),
  windows: windows.map(({ days, from, to }) => ({ days, from, to })),
  timeZone,
});

interface Told {
  readonly definition: PolicyDefinition;
  readonly schedule: PolicySchedule | null;
  readonly active: boolean;
  readonly nextChangeAt: string | null;
}

function policyColumns({ definition, schedule, active, nextChangeAt }: Told) {
  const { action, priority, from, to, traffic, log } = definition;
  const [sources, destinations] = [soleInstances(from), soleInstances(to)];
  return {
    ...{ action, priority, log, active },
    sources: from.map(shownPeer),
    destinations: to.map(shownPeer),
    traffic: traffic.map(shownTraffic),
    schedule: schedule && shownSchedule(schedule),
    next_change_at: nextChangeAt && instant(nextChangeAt),
    from_namespace_id: sources?.namespaceId ?? null,
    from_labels: labelList(sources?.labels ?? {}),
    to_labels: labelList(destinations?.labels ?? {}),
    ports: traffic.flatMap((one) =>
      one.protocol === 'ICMP' ? [] : [{ protocol: one.protocol, from: one.from, to: one.to }],
    ),
  };
}

const platformColumns = ({ action, priority, from, to, traffic, log }: PlatformDefinition) => {
  const shown = (peer: PlatformPeer) => ({
    kind: peer.kind,
    tenantId: peer.kind === 'TENANT' ? peer.tenantId : null,
    cidr: peer.kind === 'CIDR' ? peer.cidr : null,
    except: peer.kind === 'CIDR' ? peer.except : [],
  });
  return {
    ...{ action, priority, log },
    sources: from.map(shown),
    destinations: to.map(shown),
    traffic: traffic.map(shownTraffic),
  };
};

/** By its schedule, and by nobody. */
const turned = (nextChangeAt: string | null) => ({ next_change_at: nextChangeAt && instant(nextChangeAt) });

export const projectNetwork: Project<NetworkEvent> = (event, record): readonly Effect[] => {
  const tenant_id = record.tenant;
  const created_at = instant(record.time);
  const { version } = record;
  if (isOf(addressEvents, event)) return projectAddresses(event, record);
  if (isOf(serviceEvents, event)) return projectServices(event, record);
  if (isOf(supplyEvents, event)) return projectSupply(event, record);
  switch (event.type) {
    case 'EnvironmentOpened':
    case 'NamespaceLocated':
    case 'EnvironmentClosed':
    case 'TenantIsolated':
    case 'TenantReconnected':
    case 'TenantForgotten':
    case 'NodeAttached':
    case 'NodeDetached':
    case 'NodeRulesLagging':
    case 'NodeRulesCaughtUp':
    case 'PolicyLagging':
    case 'PolicyCaughtUp':
    case 'NamespaceOpened':
    case 'NamespaceClosed':
      return [];
    case 'NamespaceDrained':
      return [
        remove('namespace_isolation', event.data.namespaceId),
        remove('namespace_supply', event.data.namespaceId),
      ];
    case 'NamespaceIsolationSet': {
      const { namespaceId: id, level } = event.data;
      return [put('namespace_isolation', id, { id, tenant_id, namespace_id: id, level }), derive('namespace', id)];
    }
    case 'SubnetAllocated': {
      const { subnetId: id, namespaceId: namespace_id, ipv4, ipv6 } = event.data;
      return [
        put('subnet', id, { id, tenant_id, namespace_id, ipv4, ipv6, deleting: false, created_at }),
        derive('namespace', namespace_id),
      ];
    }
    case 'SubnetReleased':
      return [remove('subnet', event.data.subnetId), derive('namespace', event.data.namespaceId)];
    case 'EndpointAllocated': {
      const { instanceId: id, namespaceId: namespace_id, ipv4, ipv6, labels } = event.data;
      const found = { ipv4, ipv6, secured_at: null, refusal: null, serving: null };
      return [put('endpoint', id, { id, tenant_id, namespace_id, labels, ...found }), derive('instance', id)];
    }
    case 'EndpointRefused': {
      const { instanceId: id, message } = event.data;
      return [
        put('endpoint', id, { id, tenant_id, ipv4: null, ipv6: null, secured_at: null, refusal: message }),
        derive('instance', id),
      ];
    }
    case 'EndpointSecured': {
      const { instanceId: id, enforcedAt } = event.data;
      return [patch('endpoint', id, { secured_at: instant(enforcedAt) }), derive('instance', id)];
    }
    case 'EndpointReleased':
      return [
        remove('endpoint', event.data.instanceId),
        purge('service_endpoint', 'instance_id', event.data.instanceId),
        derive('instance', event.data.instanceId),
      ];
    case 'IsolationPolicyCreated': {
      const { policyId: id, namespaceId: namespace_id, name, revision } = event.data;
      const row = { id, tenant_id, namespace_id, name, labels: [], revision, version, created_at };
      return [put('isolation_policy', id, { ...row, ...policyColumns(event.data) })];
    }
    case 'IsolationPolicyUpdated': {
      const { policyId: id, revision } = event.data;
      return [patch('isolation_policy', id, { revision, version, ...policyColumns(event.data) })];
    }
    case 'PlatformPolicyCreated': {
      const { platformPolicyId: id, name, revision, definition } = event.data;
      return [
        put('platform_policy', id, { id, tenant_id, name, revision, created_at, ...platformColumns(definition) }),
      ];
    }
    case 'PlatformPolicyUpdated': {
      const { platformPolicyId: id, name, revision, definition } = event.data;
      return [patch('platform_policy', id, { name, revision, ...platformColumns(definition) })];
    }
    case 'PlatformPolicyDeleted':
      return [remove('platform_policy', event.data.platformPolicyId)];
    case 'PolicyActivated': {
      const { policyId: id, revision, nextChangeAt } = event.data;
      return [patch('isolation_policy', id, { active: true, revision, version, ...turned(nextChangeAt) })];
    }
    case 'PolicyDeactivated': {
      const { policyId: id, nextChangeAt } = event.data;
      return [patch('isolation_policy', id, { active: false, version, ...turned(nextChangeAt) })];
    }
    case 'IsolationPolicyLabelsSet': {
      const { policyId: id, labels } = event.data;
      return [patch('isolation_policy', id, { labels: labelList(labels), version })];
    }
    case 'IsolationPolicyDeleted':
      return [
        remove('isolation_policy', event.data.policyId),
        purge('policy_receipt', 'policy_id', event.data.policyId),
      ];
    // `enforcement` asks the network service.
    case 'PlatformPolicyEnforced':
      return [];
    case 'PolicyEnforced': {
      const { policyId: policy_id, revision, nodeId: node_id, generation, hash, enforcedAt } = event.data;
      const id = `${policy_id}.${revision}.${node_id}`;
      const row = { id, tenant_id, policy_id, revision, node_id, generation, hash, enforced_at: instant(enforcedAt) };
      return [put('policy_receipt', id, row), patch('isolation_policy', policy_id, { version })];
    }
    default:
      return event satisfies never;
  }
};
