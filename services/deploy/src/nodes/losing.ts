/**
 * Counts a node as lost. Either it is heard of in time or it is lost, never both: that is decided under the node's row of
 * `node_hearing`, which each report takes, too. Once it is decided the node gets no lease until all that it ran is written down
 * as lost in the tables that its document is made of: a lease is for a document, and from then on for one without it.
 */
import { type EventStore, handleCommand } from '@atoll/events/store';
import { LEASE_MARGIN } from '@atoll/schema/deploy/fencing';
import type { Id } from '@atoll/schema/ids';
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';
import { eachBounded } from '../bounded.ts';
import { deploymentDecider } from '../domain/decide.ts';
import { nodeDecider } from '../domain/node.ts';
import { deploymentStream, nodeStream } from '../domain/streams.ts';
import { aboutNode, following, type Request, SELF } from '../origin.ts';

const COMMANDS_AT_ONCE = 8;

export interface Losing {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly log: Logger;
}

/** True where nothing newer was heard than `sequence`, and a lease that it may have is over after so long a silence. */
export async function markLost(
  pool: Pool,
  { nodeId, sequence, silentMs }: { readonly nodeId: Id<'node'>; readonly sequence: number; readonly silentMs: number },
): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'deploy-mark-lost',
    // One whose report is being taken at this moment isn't silent. The row is only missing where the table was lost.
    text: `
      with silent as (
        select node_id from deploy.node_hearing h
        where node_id = $1 and sequence = $2 and coalesce(lease_ms, 0) * $4::float8 <= $3
        for update skip locked
      ), marked as (
        update deploy.node_hearing h set lost = true from silent where h.node_id = silent.node_id returning h.node_id
      ), made as (
        insert into deploy.node_hearing (node_id, heard_at, sequence, lost) values ($1, clock_timestamp(), $2, true)
        on conflict do nothing returning node_id
      )
      select from marked union all select from made`,
    values: [nodeId, sequence, silentMs, LEASE_MARGIN],
  });
  return rowCount === 1;
}

/** What the node has, by deployment. */
export type Loss = readonly DeploymentOn[];

interface DeploymentOn extends Request {
  readonly deployment_id: Id<'deployment'>;
  readonly tenant: Id<'tenant'>;
  readonly instance_ids: readonly Id<'instance'>[];
}

/**
 * To be read before the node is marked, or while its row is held: what is placed there once it is heard of again is none of
 * what was lost, however late that is written down.
 */
export async function readLoss(pool: Pool, nodeId: Id<'node'>): Promise<Loss> {
  const { rows } = await pool.query<DeploymentOn>({
    name: 'deploy-read-loss',
    text: `
      select d.deployment_id, d.tenant, d.correlation, d.traceparent, d.cause, i.instance_ids
      from deploy.deployment d
      join (
        select deployment_id, array_agg(instance_id) as instance_ids
        from deploy.instance where node_id = $1 group by deployment_id) i using (deployment_id)
      order by d.deployment_id`,
    values: [nodeId],
  });
  return rows;
}

/** The node is lost, and that with it: again, it changes nothing. */
export async function lose(needs: Losing, nodeId: Id<'node'>, reason: string, loss: Loss): Promise<void> {
  const { store, log } = needs;
  const outcome = await handleCommand(store, {
    decider: nodeDecider,
    stream: nodeStream(nodeId),
    command: { action: 'lose', nodeId, reason, instances: loss.reduce((sum, one) => sum + one.instance_ids.length, 0) },
    origin: aboutNode(nodeId, SELF),
  });
  if (!outcome.ok) throw new Error(`${nodeId}: ${outcome.rejection.message}`);
  await eachBounded(COMMANDS_AT_ONCE, loss, (deployment) => loseOn(needs, deployment, nodeId));
  log.warn({ nodeId, deployments: loss.length }, 'a node counts as lost, with what it ran');
}

async function loseOn({ store }: Losing, deployment: DeploymentOn, nodeId: Id<'node'>): Promise<void> {
  const { tenant, deployment_id, instance_ids } = deployment;
  const command = { action: 'lose', tenant, nodeId, instanceIds: new Set(instance_ids) } as const;
  // One commit takes a part of many: until there is nothing left to lose, which the version tells.
  for (let before = -1, version = 0; version !== before; ) {
    before = version;
    const outcome = await handleCommand(store, {
      decider: deploymentDecider,
      stream: deploymentStream(deployment_id),
      command,
      origin: following(deployment, SELF),
    });
    if (!outcome.ok) throw new Error(`${deployment_id}: ${outcome.rejection.message}`);
    version = outcome.version;
  }
}
