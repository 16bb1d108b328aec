/** Where nodes of the platform are reached: those of them that are connected. */
import type { Id } from '@atoll/schema/ids';
import type { TunnelEnd } from '@atoll/schema/node/network';
import type { PoolClient } from 'pg';
import type { TunnelEnds } from '../compile/remotes.ts';

export async function readTunnelEnds(tx: PoolClient, nodes: readonly string[]): Promise<TunnelEnds> {
  if (nodes.length === 0) return new Map();
  const { rows } = await tx.query<TunnelEnd & { readonly nodeId: Id<'node'> }>(
    'select node_id as "nodeId", address, port, mac from network.node where node_id = any($1)',
    [nodes],
  );
  return new Map(rows.map((row) => [row.nodeId, row]));
}
