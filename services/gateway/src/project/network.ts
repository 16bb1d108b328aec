/** Events of the network context → read models. */
import type { NetworkEvent } from '@atoll/schema/network/events';
import type { PolicyDefinition } from '@atoll/schema/network/spec';
import { derive, type Effect, instant, labelList, type Project, patch, purge, put, remove } from './effects.ts';

/** The instances of one namespace, where a side is nothing else. */
const soleInstances = (peers: PolicyDefinition['from']) => {
  const [peer] = peers;
  return peers.length === 1 && peer?.kind === 'INSTANCES' ? peer : null;
};

function policyColumns({ from, to, traffic }: PolicyDefinition) {
  const [sources, destinations] = [soleInstances(from), soleInstances(to)];
  return {
    from_namespace_id: sources?.namespaceId ?? null,
    from_labels: labelList(sources?.labels ?? {}),
    to_labels: labelList(destinations?.labels ?? {}),
    ports: traffic.flatMap((one) =>
      one.protocol === 'ICMP' ? [] : [{ protocol: one.protocol, from: one.from, to: one.to }],
    ),
  };
}

export const projectNetwork: Project<NetworkEvent> = (event, record): readonly Effect[] => {
  const tenant_id = record.tenant;
  const created_at = instant(record.time);
  const { version } = record;
  switch (event.type) {
    case 'EnvironmentOpened':
    case 'NamespaceLocated':
    case 'NamespaceIsolationSet':
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
    case 'NamespaceDrained':
      return [];
    case 'SubnetAllocated': {
      const { subnetId: id, namespaceId: namespace_id, ipv4, ipv6 } = event.data;
      return [
        put('subnet', id, { id, tenant_id, namespace_id, ipv4, ipv6, created_at }),
        derive('namespace', namespace_id),
      ];
    }
    case 'SubnetReleased':
      return [remove('subnet', event.data.subnetId), derive('namespace', event.data.namespaceId)];
    case 'EndpointAllocated': {
      const { instanceId: id, ipv4, ipv6 } = event.data;
      return [
        put('endpoint', id, { id, tenant_id, ipv4, ipv6, secured_at: null, refusal: null }),
        derive('instance', id),
      ];
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
    case 'EndpointServing':
    case 'EndpointWithdrawn':
    case 'EndpointDrained':
    case 'ServiceCreated':
    case 'ServiceUpdated':
    case 'ServiceDeleted':
      return [];
    case 'EndpointReleased':
      return [remove('endpoint', event.data.instanceId), derive('instance', event.data.instanceId)];
    case 'IsolationPolicyCreated': {
      const { policyId: id, namespaceId: namespace_id, name, revision, definition } = event.data;
      const row = { id, tenant_id, namespace_id, name, labels: [], revision, version, created_at };
      return [put('isolation_policy', id, { ...row, ...policyColumns(definition) })];
    }
    case 'IsolationPolicyUpdated': {
      const { policyId: id, revision, definition } = event.data;
      return [patch('isolation_policy', id, { revision, version, ...policyColumns(definition) })];
    }
    case 'PolicyActivated':
      return [patch('isolation_policy', event.data.policyId, { revision: event.data.revision, version })];
    case 'PolicyDeactivated':
      return [patch('isolation_policy', event.data.policyId, { version })];
    case 'IsolationPolicyLabelsSet': {
      const { policyId: id, labels } = event.data;
      return [patch('isolation_policy', id, { labels: labelList(labels), version })];
    }
    case 'IsolationPolicyDeleted':
      return [
        remove('isolation_policy', event.data.policyId),
        purge('policy_receipt', 'policy_id', event.data.policyId),
      ];
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
