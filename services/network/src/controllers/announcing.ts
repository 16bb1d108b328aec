/** Has each public address that leads somewhere answered for by one node (domain/announcing.ts). Level-triggered. */
import { type EventStore, handleCommand } from '@atoll/events/store';
import type { Id } from '@atoll/schema/ids';
import type { Pool } from 'pg';
import { type Candidate, chooseAnnouncer } from '../domain/announcing.ts';
import { publicAddress, publicAddressStream } from '../domain/public-address.ts';
import type { Reachability } from '../nodes/reachability.ts';
import { type Because, originBecauseOf } from '../origin.ts';
import { connected, takesFrom } from '../projections/outside.ts';

const perPage = 500;

interface Row extends Because {
  readonly publicAddressId: Id<'publicAddress'>;
  readonly address: string;
  readonly announcedBy: Id<'node'> | null;
  readonly candidates: readonly Candidate[];
}

const sql = `
  with outside as (
    select node_id from network.node_applied
    where outside and greatest(reported_at, $2::timestamptz) > now() - $3 * interval '1 millisecond'
  ),
  connected as (${connected}),
  ready as (
    select m.public_address_id, m.port_mapping_id, e.node_id, c.underlay
    from network.port_mapping m
    join network.endpoint e on ${takesFrom}
    left join connected c on c.node_id = e.node_id
  ),
  near as (
    select public_address_id, node_id, count(distinct port_mapping_id)::integer as ports from ready group by 1, 2
  ),
  far as (
    select public_address_id, underlay, count(distinct port_mapping_id)::integer as ports from ready
    where underlay is not null group by 1, 2
  )
  select p.public_address_id as "publicAddressId", p.address, p.announced_by as "announcedBy",
    p.tenant, p.cause, p.correlation, p.traceparent,
    (select coalesce(json_agg(json_build_object(
        'nodeId', o.node_id, 'served', coalesce(f.ports, n.ports, 0), 'near', coalesce(n.ports, 0)
      )), '[]'::json)
     from outside o
     left join connected c on c.node_id = o.node_id
     left join near n on n.node_id = o.node_id and n.public_address_id = p.public_address_id
     left join far f on f.underlay = c.underlay and f.public_address_id = p.public_address_id
    ) as candidates
  from network.public_address p
  where p.rests_until is null
    and exists (select from network.port_mapping m where m.public_address_id = p.public_address_id)
    and p.public_address_id > $4
  order by p.public_address_id limit $1`;

export async function reconcileAnnouncing(options: {
  readonly db: Pool;
  readonly store: EventStore;
  readonly reachability: Reachability;
  readonly caughtUp: () => Promise<void>;
}): Promise<void> {
  const { db, store, reachability, caughtUp } = options;
  await caughtUp();
  for (let after = ''; ; ) {
    const { rows } = await db.query<Row>(sql, [perPage, reachability.since, reachability.silentAfterMs, after]);
    await Promise.all(rows.map((row) => announce(store, row)));
    const last = rows.at(-1);
    if (last === undefined || rows.length < perPage) return;
    after = last.publicAddressId;
  }
}

async function announce(store: EventStore, row: Row): Promise<void> {
  const { publicAddressId, address, announcedBy, candidates, ...because } = row;
  const nodeId = chooseAnnouncer(address, announcedBy, candidates);
  if (nodeId === null || nodeId === announcedBy) return;
  const outcome = await handleCommand(store, {
    decider: publicAddress,
    stream: publicAddressStream(publicAddressId),
    command: { kind: 'announce', nodeId },
    origin: originBecauseOf(because),
  });
  if (!outcome.ok) throw new Error(`${publicAddressId} is answered for by nobody: ${outcome.rejection.message}`);
}
