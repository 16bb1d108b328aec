/**
 * Which endpoints services send connections to. An endpoint that some service selects serves once deploy says that it is ready,
 * unless deploy holds its release back; it is withdrawn when that isn't so any more, or it is to stop; and it is drained when every node that is heard of has put rules in
 * force that don't send it connections. Its agent doesn't stop it before (`serving` of the rule set), so that no connection is
 * sent to what is gone. Level-triggered.
 */
import { type EventStore, handleCommand } from '@atoll/events/store';
import type { Id } from '@atoll/schema/ids';
import type { Pool } from 'pg';
import { endpoint, endpointStream } from '../domain/endpoint.ts';
import type { Reachability } from '../nodes/reachability.ts';
import { type Because, originBecauseOf } from '../origin.ts';

/** Bounds of one run; what is left over is for the next one. */
const perRun = 1000;
/** A node that hasn't reported for so long keeps nobody from being stopped. It reports every 5 s. */
const silentAfterMs = 12_000;

export interface ServingOptions {
  readonly db: Pool;
  readonly store: EventStore;
  readonly reachability: Reachability;
  readonly caughtUp: () => Promise<void>;
  /** Asks for another run. */
  readonly again: () => void;
}

type Turn = 'serve' | 'withdraw' | 'drain';
interface Due extends Because {
  readonly instanceId: Id<'instance'>;
}

const columns = `e.instance_id as "instanceId", i.tenant, i.cause, i.correlation, i.traceparent`;

/** Those that a service, or whatever else sends connections to ready endpoints, is about. */
const selected = `(
  exists (select from network.service s where s.namespace_id = e.namespace_id and e.labels @> s.selector)
  or exists (select from network.port_mapping m where m.target ->> 'deploymentId' = i.deployment_id)
)`;

const due: Readonly<Record<Turn, string>> = {
  serve: `select ${columns} from network.endpoint e join network.deploy_instance i using (instance_id)
    where e.serving <> 'serving' and e.status <> 'refused' and i.wanted and i.ready and not i.stopping
      and not i.held_back
      and e.namespace_id in (
        select namespace_id from network.service union select namespace_id from network.port_mapping
      ) and ${selected}
    order by 1 limit $1`,
  withdraw: `select ${columns} from network.deploy_instance i join network.endpoint e using (instance_id)
    where (i.stopping or not i.ready or not i.wanted or i.held_back) and e.serving = 'serving'
    order by 1 limit $1`,
  drain: `select ${columns} from network.endpoint e join network.deploy_instance i using (instance_id)
    where e.serving = 'withdrawn' and not exists (
      select from network.node_document d join network.node_applied p using (node_id)
      where d.generation >= e.serving_generation and coalesce(p.generation, 0) < e.serving_generation
        and greatest(p.reported_at, $2::timestamptz) > now() - $3 * interval '1 millisecond'
        and (d.node_id = e.node_id or exists (
          select from network.port_mapping m join network.public_address o on o.public_address_id = m.public_address_id
          where m.namespace_id = e.namespace_id and o.announced_by = d.node_id
        ) or exists (
          select from network.namespace own
          join network.namespace other
            on other.namespace_id = own.namespace_id or other.environment_id = own.environment_id
          join network.endpoint there on there.namespace_id = other.namespace_id and there.node_id = d.node_id
          where own.namespace_id = e.namespace_id
        ))
    )
    order by 1 limit $1`,
};

async function read({ db, reachability }: ServingOptions, turn: Turn): Promise<Due[]> {
  const waited = turn === 'drain' ? [reachability.since, Math.min(silentAfterMs, reachability.silentAfterMs)] : [];
  const { rows } = await db.query<Due>(due[turn], [perRun, ...waited]);
  return rows;
}

async function take({ store }: ServingOptions, turn: Turn, endpoints: readonly Due[]): Promise<void> {
  await Promise.all(
    endpoints.map(async ({ instanceId, ...because }) => {
      const outcome = await handleCommand(store, {
        decider: endpoint,
        stream: endpointStream(instanceId),
        command: { kind: turn },
        origin: originBecauseOf(because),
      });
      if (!outcome.ok) throw new Error(`${instanceId} can't do ${turn}: ${outcome.rejection.message}`);
    }),
  );
}

export async function reconcileServing(options: ServingOptions): Promise<void> {
  // What the last run did must be in the tables, or this one would do it again (to no effect, but for nothing).
  await options.caughtUp();
  // Who goes is read first and goes last: whoever was ready before it was told to stop is there by then, so no service is
  // without endpoints while one replaces another.
  const going = await read(options, 'withdraw');
  const coming = await read(options, 'serve');
  await take(options, 'serve', coming);
  await take(options, 'withdraw', going);
  if (going.length > 0) await options.caughtUp();
  const drained = await read(options, 'drain');
  await take(options, 'drain', drained);
  if ([going, coming, drained].some((all) => all.length === perRun)) options.again();
}
