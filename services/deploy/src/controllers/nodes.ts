/**
 * Watches for nodes that aren't heard of: first nothing new is placed there, later what they ran counts as lost and is
 * replaced elsewhere. What a lost node really runs is stopped by its agent when it comes back: it is in no document.
 */
import { type EventStore, handleCommand } from '@atoll/events/store';
import type { Id } from '@atoll/schema/ids';
import { type Controller, startController } from '@atoll/service/controller';
import type { Logger } from '@atoll/service/log';
import { type NatsConnection, natsReadiness } from '@atoll/service/nats';
import type { Pool } from 'pg';
import { eachBounded } from '../bounded.ts';
import { deploymentDecider } from '../domain/decide.ts';
import { nodeDecider } from '../domain/node.ts';
import { deploymentStream, nodeStream } from '../domain/streams.ts';
import { aboutNode, following, type Request, SELF } from '../origin.ts';
import { Silence } from './silence.ts';

const RESYNC_MS = 1000;
const COMMANDS_AT_ONCE = 8;

interface Needs {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly nc: NatsConnection;
  readonly log: Logger;
  readonly suspectSeconds: number;
  readonly deadSeconds: number;
}

export function startNodeController(needs: Needs): Controller {
  const silence = new Silence(Date.now);
  const connected = natsReadiness(needs.nc);
  return startController({
    name: 'nodes',
    resyncMs: RESYNC_MS,
    log: needs.log,
    async reconcile() {
      if ((await connected()) !== null) return silence.deaf();
      try {
        await reconcile(needs, silence);
      } catch (error) {
        silence.deaf();
        throw error;
      }
    },
  });
}

async function reconcile(needs: Needs, silence: Silence): Promise<void> {
  for (const { node, seconds } of silence.look(await readNodes(needs.pool))) {
    if (node.ready && seconds >= needs.suspectSeconds) await miss(needs, node.nodeId, seconds);
    if (node.occupied && seconds >= needs.deadSeconds) await lose(needs, node.nodeId);
  }
}

interface Watched {
  readonly nodeId: Id<'node'>;
  readonly ready: boolean;
  /** Of its newest report. */
  readonly sequence: number | null;
  /** It has instances that aren't gone. */
  readonly occupied: boolean;
}

async function readNodes(pool: Pool): Promise<readonly Watched[]> {
  const { rows } = await pool.query<Watched>({
    name: 'deploy-watch-nodes',
    text: `
      select n.node_id as "nodeId", n.ready, h.sequence,
        exists (select from deploy.instance i where i.node_id = n.node_id) as occupied
      from deploy.node n left join deploy.node_hearing h using (node_id)
      order by n.node_id`,
  });
  return rows;
}

async function miss({ store, log }: Needs, nodeId: Id<'node'>, seconds: number): Promise<void> {
  const reason = `Nothing was heard from its agent for ${seconds} s.`;
  const outcome = await handleCommand(store, {
    decider: nodeDecider,
    stream: nodeStream(nodeId),
    command: { action: 'miss', reason },
    origin: aboutNode(nodeId, SELF),
  });
  if (!outcome.ok) throw new Error(`${nodeId}: ${outcome.rejection.message}`);
  log.warn({ nodeId, seconds }, 'a node is not heard of');
}

async function lose({ store, pool, log }: Needs, nodeId: Id<'node'>): Promise<void> {
  const deployments = await readDeploymentsOn(pool, nodeId);
  await eachBounded(COMMANDS_AT_ONCE, deployments, async (deployment) => {
    const { tenant, deployment_id } = deployment;
    // One commit takes a part of many: until there is nothing left to lose, which the version tells.
    for (let before = -1, version = 0; version !== before; ) {
      before = version;
      const outcome = await handleCommand(store, {
        decider: deploymentDecider,
        stream: deploymentStream(deployment_id),
        command: { action: 'lose', tenant, nodeId },
        origin: following(deployment, SELF),
      });
      if (!outcome.ok) throw new Error(`${deployment_id}: ${outcome.rejection.message}`);
      version = outcome.version;
    }
  });
  log.warn({ nodeId, deployments: deployments.length }, 'a node counts as lost, with what it ran');
}

type DeploymentOn = Request & { readonly deployment_id: Id<'deployment'>; readonly tenant: Id<'tenant'> };

async function readDeploymentsOn(pool: Pool, nodeId: Id<'node'>): Promise<readonly DeploymentOn[]> {
  const { rows } = await pool.query<DeploymentOn>({
    name: 'deploy-read-deployments-on',
    text: `
      select deployment_id, tenant, correlation, traceparent, cause
      from deploy.deployment d
      where exists (select from deploy.instance i where i.deployment_id = d.deployment_id and i.node_id = $1)
      order by deployment_id`,
    values: [nodeId],
  });
  return rows;
}
