/** How much is left of addresses → read models. */
import type { EventRecord } from '@atoll/schema/envelope';
import type { AddressSupply, NamespaceSupply, PoolSupply, supplyEvents } from '@atoll/schema/network/supply';
import type { EventsOf } from '@atoll/schema/registry';
import { derive, type Effect, put } from './effects.ts';

const ofNamespace = ({ namespaceId: id }: NamespaceSupply, tenant_id: string, supply: AddressSupply) => [
  put('namespace_supply', id, { id, tenant_id, namespace_id: id, supply }),
  derive('namespace', id),
];

function ofPool({ purpose, family }: PoolSupply, tenant_id: string, supply: AddressSupply): readonly Effect[] {
  const id = `${purpose} ${family}`;
  return [put('pool_supply', id, { id, tenant_id, supply }), derive('addressPool', id)];
}

export function projectSupply(event: EventsOf<typeof supplyEvents>, { tenant }: EventRecord): readonly Effect[] {
  switch (event.type) {
    case 'NamespaceAddressesRanLow':
      return ofNamespace(event.data, tenant, 'LOW');
    case 'NamespaceAddressesRanOut':
      return ofNamespace(event.data, tenant, 'EXHAUSTED');
    case 'NamespaceAddressesRecovered':
      return ofNamespace(event.data, tenant, 'ENOUGH');
    case 'AddressPoolRanLow':
      return ofPool(event.data, tenant, 'LOW');
    case 'AddressPoolRanOut':
      return ofPool(event.data, tenant, 'EXHAUSTED');
    case 'AddressPoolRecovered':
      return ofPool(event.data, tenant, 'ENOUGH');
    default:
      return event satisfies never;
  }
}
