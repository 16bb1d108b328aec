/** Events of services → read models. */
import type { EventRecord } from '@atoll/schema/envelope';
import type { ServiceSpec, serviceEvents } from '@atoll/schema/network/services';
import type { EventsOf } from '@atoll/schema/registry';
import { derive, type Effect, instant, labelList, patch, purge, put, remove } from './effects.ts';

const columns = ({ selector, ports, affinitySeconds }: ServiceSpec) => ({
  selector: labelList(selector),
  selector_labels: selector,
  ports: ports.map(({ name, protocol, port, targetPort }) => ({ name, protocol, port, targetPort })),
  affinity_seconds: affinitySeconds,
});

export function projectServices(event: EventsOf<typeof serviceEvents>, record: EventRecord): readonly Effect[] {
  const { tenant: tenant_id, version } = record;
  switch (event.type) {
    case 'ServiceCreated': {
      const { serviceId: id, namespaceId: namespace_id, name, ipv4, ipv6, spec } = event.data;
      const row = { id, tenant_id, namespace_id, name, ipv4, ipv6, version, created_at: instant(record.time) };
      return [put('service', id, { ...row, ...columns(spec) }), derive('service', id)];
    }
    case 'ServiceUpdated': {
      const { serviceId: id, spec } = event.data;
      return [patch('service', id, { ...columns(spec), version }), derive('service', id)];
    }
    case 'ServiceLabelsSet': {
      const { serviceId: id, labels } = event.data;
      return [patch('service', id, { labels: labelList(labels), version })];
    }
    case 'ServiceDeleted':
      return [remove('service', event.data.serviceId), purge('service_endpoint', 'service_id', event.data.serviceId)];
    case 'EndpointServing':
    case 'EndpointWithdrawn': {
      const { instanceId: id } = event.data;
      return [patch('endpoint', id, { serving: event.type === 'EndpointServing' }), derive('serviceEndpoint', id)];
    }
    // That no node sends it connections any more is the nodes' matter: it was told when it was withdrawn.
    case 'EndpointDrained':
      return [];
    default:
      return event satisfies never;
  }
}
