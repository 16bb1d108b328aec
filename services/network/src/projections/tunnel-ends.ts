/** Where the nodes of the platform are reached: all that are connected, one short row each. */
import type { Id } from '@atoll/schema/ids';
import type { TunnelEnd } from '@atoll/schema/node/network';
import type { PoolClient } from 'pg';
import type { TunnelEnds } from '../compile/remotes.ts';

export async function readTunnelEnds(tx: PoolClient): Promise<TunnelEnds> {
  const { rows } = await tx.query<TunnelEnd & { readonly nodeId: Id<'node'> }>(
    'select node_id as "nodeId", address, port, mac from network.node',
  );
  return new Map(rows.map((row) => [row.nodeId, row]));
}
