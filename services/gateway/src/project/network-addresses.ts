/** Events of the plan of addresses → read models. */
import type { EventRecord } from '@atoll/schema/envelope';
import type { addressEvents, MappingTarget } from '@atoll/schema/network/addresses';
import type { EventsOf } from '@atoll/schema/registry';
import { derive, type Effect, instant, patch, put, remove } from './effects.ts';

const familyOf = (cidr: string) => (cidr.includes(':') ? 'IPV6' : 'IPV4');

const targetColumns = (target: MappingTarget) => ({
  deployment_id: target.kind === 'DEPLOYMENT' ? target.deploymentId : null,
  service_id: target.kind === 'SERVICE' ? target.serviceId : null,
  target_port: target.port,
  // Of every mapping.
  source_preserved: true,
});

export function projectAddresses(event: EventsOf<typeof addressEvents>, record: EventRecord): readonly Effect[] {
  const tenant_id = record.tenant;
  const created_at = instant(record.time);
  switch (event.type) {
    case 'AddressRangeAdded': {
      const { rangeId: id, purpose, cidr, within: within_id } = event.data;
      const range = { id, tenant_id, purpose, cidr, within_id, created_at };
      return [put('address_range', id, range), derive('addressPool', `${purpose} ${familyOf(cidr)}`)];
    }
    case 'AddressRangeWithdrawn':
      return [remove('address_range', event.data.rangeId)];
    case 'PublicAddressRested':
      return [];
    case 'PublicAddressAllocated': {
      const { publicAddressId: id, namespaceId: namespace_id, name, address } = event.data;
      return [put('public_address', id, { id, tenant_id, namespace_id, name, address, created_at })];
    }
    case 'PublicAddressAnnounced':
      return [];
    case 'PublicAddressReleased':
      return [remove('public_address', event.data.publicAddressId)];
    case 'PortMappingCreated': {
      const { portMappingId: id, publicAddressId, namespaceId, address, protocol, port, target } = event.data;
      const row = { id, tenant_id, namespace_id: namespaceId, public_address_id: publicAddressId };
      return [put('port_mapping', id, { ...row, address, protocol, port, ...targetColumns(target), created_at })];
    }
    case 'PortMappingDeleted':
      return [remove('port_mapping', event.data.portMappingId)];
    case 'SubnetGrowthSet':
      return [patch('namespace', event.data.namespaceId, { subnet_growth: event.data.automatic })];
    case 'SubnetClosed':
      return [patch('subnet', event.data.subnetId, { deleting: true })];
    default:
      return event satisfies never;
  }
}
