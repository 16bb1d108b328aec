/** What was told last of how much is left of addresses. */
import { supplyEvents } from '@atoll/schema/network/supply';
import { isOf } from '@atoll/schema/registry';
import type { PoolClient } from 'pg';
import { supplyTold } from '../domain/supply.ts';
import type { NetworkRecord } from './record.ts';

export type SupplyRecord = NetworkRecord<keyof typeof supplyEvents>;
export const isSupplyRecord = (record: NetworkRecord): record is SupplyRecord => isOf(supplyEvents, record);

/** It changes no rule. */
export async function applySupply(tx: PoolClient, record: SupplyRecord): Promise<null> {
  const supply = supplyTold[record.type];
  if ('namespaceId' in record.data) {
    const { namespaceId } = record.data;
    if (supply === 'ENOUGH')
      await tx.query('delete from network.namespace_supply where namespace_id = $1', [namespaceId]);
    else
      await tx.query(
        `insert into network.namespace_supply (namespace_id, supply) values ($1, $2)
         on conflict (namespace_id) do update set supply = excluded.supply`,
        [namespaceId, supply],
      );
    return null;
  }
  const { purpose, family } = record.data;
  if (supply === 'ENOUGH') {
    await tx.query('delete from network.pool_supply where purpose = $1 and family = $2', [purpose, family]);
  } else {
    await tx.query(
      `insert into network.pool_supply (purpose, family, supply) values ($1, $2, $3)
       on conflict (purpose, family) do update set supply = excluded.supply`,
      [purpose, family, supply],
    );
  }
  return null;
}
