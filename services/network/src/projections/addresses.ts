/** The plan of addresses as tables. */
import { addressEvents } from '@atoll/schema/network/addresses';
import { isOf } from '@atoll/schema/registry';
import type { PoolClient } from 'pg';
import { lastOf, parseRange } from '../domain/address.ts';
import { addressAlone } from '../domain/address-range.ts';
import { announcedMappings, announcerOf } from './mappings.ts';
import type { NetworkRecord } from './record.ts';
import type { Touch } from './touch.ts';

export type AddressRecord = NetworkRecord<keyof typeof addressEvents>;
export const isAddressRecord = (record: NetworkRecord): record is AddressRecord => isOf(addressEvents, record);

async function hold(
  tx: PoolClient,
  cidrs: readonly string[],
  holder: string,
  { position, time }: { readonly position: number; readonly time: string },
): Promise<void> {
  const ranges = cidrs.map(parseRange);
  await tx.query(
    `insert into network.held_range (family, first, last, subnet_id, position, taken_at)
     select *, $4, $5::bigint, $6::timestamptz from unnest($1::smallint[], $2::numeric[], $3::numeric[]) on conflict do nothing`,
    [
      ranges.map((range) => range.family),
      ranges.map((range) => range.first.toString()),
      ranges.map((range) => lastOf(range).toString()),
      ...[holder, position, time],
    ],
  );
}
const letGo = (tx: PoolClient, holder: string) =>
  tx.query('delete from network.held_range where subnet_id = $1', [holder]);

export { hold as holdRanges, letGo as releaseRanges };

/** Answers with what it may change in the lists of nodes' rules; null for nothing. */
export async function applyAddresses(tx: PoolClient, record: AddressRecord): Promise<Touch | null> {
  const { position, traceparent, tenant } = record;
  switch (record.type) {
    case 'AddressRangeAdded': {
      const { rangeId, purpose, cidr, within } = record.data;
      const range = parseRange(cidr);
      await tx.query(
        `insert into network.address_range (range_id, purpose, family, cidr, first, last, within, position)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
        [rangeId, purpose, range.family, cidr, range.first.toString(), lastOf(range).toString(), within, position],
      );
      // No subnet is looked for there; and it is no place to go on from.
      if (within !== null) await hold(tx, [cidr], rangeId, { position: 0, time: record.time });
      return { kind: 'pools', position, traceparent };
    }
    case 'AddressRangeWithdrawn': {
      const { rangeId } = record.data;
      await tx.query('delete from network.address_range where range_id = $1', [rangeId]);
      await letGo(tx, rangeId);
      return { kind: 'pools', position, traceparent };
    }
    case 'SubnetClosed':
      await tx.query('update network.subnet set closed = true where subnet_id = $1', [record.data.subnetId]);
      return null;
    case 'SubnetGrowthSet':
      await tx.query(
        record.data.automatic
          ? 'insert into network.subnet_growth (namespace_id) values ($1) on conflict do nothing'
          : 'delete from network.subnet_growth where namespace_id = $1',
        [record.data.namespaceId],
      );
      return null;
    case 'PublicAddressAllocated': {
      const { publicAddressId, namespaceId, rangeId, name, address } = record.data;
      // One that it takes over is at rest no longer.
      await tx.query(
        `with over as (
           delete from network.public_address where address = $1 and rests_until is not null returning public_address_id
         )
         delete from network.held_range where subnet_id in (select public_address_id from over)`,
        [address],
      );
      await tx.query(
        `insert into network.public_address
           (public_address_id, tenant, namespace_id, range_id, name, address, cause, correlation, traceparent)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
        [
          ...[publicAddressId, tenant, namespaceId, rangeId, name, address],
          ...[record.id, record.correlation, traceparent],
        ],
      );
      await hold(tx, [addressAlone(address)], publicAddressId, record);
      return null;
    }
    case 'PublicAddressAnnounced': {
      const { publicAddressId, nodeId } = record.data;
      const before = await announcerOf(tx, publicAddressId);

      await tx.query('update network.public_address set announced_by = $2 where public_address_id = $1', [
        publicAddressId,
        nodeId,
      ]);
      const announced = await announcedMappings(tx, { publicAddress: publicAddressId });
      return { kind: 'mappings', position, traceparent, ...announced, nodes: [...before, nodeId] };
    }
    case 'PublicAddressReleased':
      await tx.query('update network.public_address set rests_until = $2 where public_address_id = $1', [
        record.data.publicAddressId,
        record.data.restsUntil,
      ]);
      return null;
    case 'PublicAddressRested':
      await tx.query('delete from network.public_address where public_address_id = $1', [record.data.publicAddressId]);
      await letGo(tx, record.data.publicAddressId);
      return null;
    case 'PortMappingCreated': {
      const { portMappingId, namespaceId, publicAddressId, address, protocol, port, target } = record.data;
      await tx.query(
        `insert into network.port_mapping
           (port_mapping_id, tenant, namespace_id, public_address_id, address, protocol, port, target,
            cause, correlation, traceparent)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing`,
        [
          ...[portMappingId, tenant, namespaceId, publicAddressId, address, protocol, port, JSON.stringify(target)],
          ...[record.id, record.correlation, traceparent],
        ],
      );
      const nodes = await announcerOf(tx, publicAddressId);
      return {
        kind: 'mappings',
        position,
        traceparent,
        portMappingIds: [portMappingId],
        nodes,
        namespaces: [namespaceId],
      };
    }
    case 'PortMappingDeleted':
      await tx.query('delete from network.port_mapping where port_mapping_id = $1', [record.data.portMappingId]);
      return {
        ...{ kind: 'mappings', position, traceparent, portMappingIds: [record.data.portMappingId] },
        nodes: await announcerOf(tx, record.data.publicAddressId),
        namespaces: [record.data.namespaceId],
      };
    default:
      return record satisfies never;
  }
}
