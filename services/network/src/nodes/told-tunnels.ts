/** How nodes are connected, for the operator: where each is reached, since when, and why not. */
import type { Id } from '@atoll/schema/ids';
import type { ToldTunnel } from '@atoll/schema/network/nodes';
import type { Pool } from 'pg';

interface Row {
  readonly nodeId: Id<'node'>;
  readonly address: string | null;
  readonly port: number;
  readonly mtu: number;
  readonly since: Date | null;
  readonly heardAt: Date | null;
  readonly refused: string | null;
}

export async function readToldTunnels(db: Pick<Pool, 'query'>, nodes: readonly Id<'node'>[]): Promise<ToldTunnel[]> {
  const { rows } = await db.query<Row>(
    `select asked.id as "nodeId", n.address, n.port, n.mtu, n.attached_at as since, p.reported_at as "heardAt",
       r.message as refused
     from unnest($1::text[]) as asked(id)
     left join network.node n on n.node_id = asked.id
     left join network.node_applied p on p.node_id = asked.id
     left join network.node_refused r on r.node_id = asked.id
     where n.node_id is not null or p.node_id is not null
     order by asked.id`,
    [nodes],
  );
  return rows.map(({ nodeId, address, port, mtu, since, heardAt, refused }) => ({
    ...{ nodeId, refused, heardAt: heardAt?.toISOString() ?? null },
    end: address === null ? null : { address, port, mtu, since: since?.toISOString() ?? null },
  }));
}

/** Kept while the node isn't connected as it asks for. Null: it is, or asks for nothing. */
export async function noteRefusal(db: Pool, nodeId: Id<'node'>, message: string | null): Promise<void> {
  await (message === null
    ? db.query('delete from network.node_refused where node_id = $1', [nodeId])
    : db.query(
        `insert into network.node_refused (node_id, message) values ($1, $2)
         on conflict (node_id) do update set message = excluded.message`,
        [nodeId, message],
      ));
}
