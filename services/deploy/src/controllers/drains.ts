/**
 * Drains nodes: each deployment on a node that is being drained is told that its instances there have to leave, and the
 * node, once nothing is on it, that it is drained. How they leave is the rollout controller's: as in an upgrade, the
 * replacement first where there may be a surge, and never below what the deployment needs. What a drain that was called off
 * has told is taken back.
 */
import { type EventStore, handleCommand } from '@atoll/events/store';
import type { Id } from '@atoll/schema/ids';
import { type Controller, startController } from '@atoll/service/controller';
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';
import { eachBounded } from '../bounded.ts';
import { deploymentDecider } from '../domain/decide.ts';
import { nodeDecider } from '../domain/node.ts';
import { deploymentStream, nodeStream } from '../domain/streams.ts';
import { aboutNode, following, type Request, SELF } from '../origin.ts';

const RESYNC_MS = 1000;
const COMMANDS_AT_ONCE = 8;
const PAGE = 200;

interface Needs {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly log: Logger;
}

export const startDrainController = (needs: Needs): Controller =>
  startController({ name: 'drains', resyncMs: RESYNC_MS, log: needs.log, reconcile: () => reconcile(needs) });

type Due = Request & {
  readonly deployment_id: Id<'deployment'>;
  readonly node_id: Id<'node'>;
  readonly tenant: Id<'tenant'>;
  readonly draining: boolean;
};

/** Deployments that have something on a draining node that isn't leaving, or on another one something that is. */
const dueSql = `
  select distinct d.deployment_id, d.tenant, d.correlation, d.traceparent, d.cause, i.node_id,
    coalesce(n.duty = 'DRAINING', false) as draining
  from deploy.instance i
  join deploy.deployment d using (deployment_id)
  left join deploy.node_duty n on n.node_id = i.node_id
  where i.stopping is null and not d.deleting
    and ((n.duty = 'DRAINING' and not i.leaving) or (i.leaving and n.duty is distinct from 'DRAINING'))
  order by i.node_id, d.deployment_id
  limit ${PAGE}`;

const emptySql = `
  select n.node_id from deploy.node_duty n
  where n.duty = 'DRAINING' and not exists (select from deploy.instance i where i.node_id = n.node_id)
    and not exists (
      select from deploy.claim_total t where t.claim_set = 'node-instances' and t.key = n.node_id and t.held > 0)
  order by n.node_id
  limit ${PAGE}`;

async function reconcile(needs: Needs): Promise<void> {
  const { rows: due } = await needs.pool.query<Due>({ name: 'deploy-drain-due', text: dueSql });
  await eachBounded(COMMANDS_AT_ONCE, due, (deployment) => move(needs, deployment));
  const { rows: empty } = await needs.pool.query<{ node_id: Id<'node'> }>({ name: 'deploy-drained', text: emptySql });
  for (const { node_id } of empty) await finish(needs, node_id);
}

async function move({ store, log }: Needs, due: Due): Promise<void> {
  const { deployment_id: deploymentId, node_id: nodeId, tenant, draining } = due;
  const outcome = await handleCommand(store, {
    decider: deploymentDecider,
    stream: deploymentStream(deploymentId),
    command: { action: draining ? 'evacuate' : 'stay', tenant, nodeId },
    origin: following(due, SELF),
  });
  // It stays due, and the others go on.
  if (!outcome.ok) log.error({ deploymentId, nodeId, code: outcome.rejection.code }, 'a drain could not be told');
}

async function finish({ store, log }: Needs, nodeId: Id<'node'>): Promise<void> {
  const outcome = await handleCommand(store, {
    decider: nodeDecider,
    stream: nodeStream(nodeId),
    command: { action: 'emptied', nodeId },
    origin: aboutNode(nodeId, SELF),
  });
  if (!outcome.ok) throw new Error(`${nodeId}: ${outcome.rejection.message}`);
  log.info({ nodeId }, 'a node is drained');
}
