/** The platform's pools are part of every node's document: when they change, each gets a newer generation of what it has. */
import type { Id } from '@atoll/schema/ids';
import type { PoolClient } from 'pg';

/** Answers with the nodes, which are told. One that has no document yet asks for the pools as they are then. */
export async function publishPools(tx: PoolClient, position: number): Promise<Id<'node'>[]> {
  const { rows } = await tx.query<{ node_id: Id<'node'> }>(
    `with published as (
       update network.node_document set generation = $1 where generation < $1 returning node_id, hash, rules
     )
     insert into network.node_generation (node_id, generation, hash, policies)
     select node_id, $1, hash, rules -> 'policies' from published
     on conflict (node_id, generation) do nothing
     returning node_id`,
    [position],
  );
  return rows.map(({ node_id }) => node_id);
}
