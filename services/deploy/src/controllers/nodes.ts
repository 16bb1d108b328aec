/**
 * Watches for nodes that aren't heard of: first nothing new is placed there, later what they ran counts as lost and is
 * replaced elsewhere. What a lost node really runs is stopped by its agent when it comes back: it is in no document. What is
 * fenced it has stopped by itself before that, as its lease ran out.
 */
import { type EventStore, handleCommand } from '@atoll/events/store';
import type { Id } from '@atoll/schema/ids';
import { type Controller, startController } from '@atoll/service/controller';
import type { Logger } from '@atoll/service/log';
import { type NatsConnection, natsReadiness } from '@atoll/service/nats';
import type { Pool } from 'pg';
import { nodeDecider } from '../domain/node.ts';
import { nodeStream } from '../domain/streams.ts';
import { lose, markLost, readLoss } from '../nodes/losing.ts';
import { aboutNode, SELF } from '../origin.ts';
import { Silence } from './silence.ts';

const RESYNC_MS = 1000;

interface Needs {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly nc: NatsConnection;
  readonly log: Logger;
  readonly suspectSeconds: number;
  readonly deadSeconds: number;
}

export function startNodeController(needs: Needs): Controller {
  // A clock that nobody sets: by one that is, a node could seem silent that isn't.
  const silence = new Silence(() => performance.now());
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
    if ((node.occupied || !node.lost) && seconds >= needs.deadSeconds) {
      const { nodeId, sequence } = node;
      const loss = await readLoss(needs.pool, nodeId);
      // Heard of at this very moment: it isn't lost.
      if (!(await markLost(needs.pool, { nodeId, sequence: sequence ?? 0, silentMs: seconds * 1000 }))) continue;
      await lose(needs, nodeId, `Nothing was heard from its agent for ${seconds} s.`, loss);
    }
  }
}

interface Watched {
  readonly nodeId: Id<'node'>;
  readonly ready: boolean;
  readonly lost: boolean;
  /** Of its newest report. */
  readonly sequence: number | null;
  /** It has instances that aren't gone. */
  readonly occupied: boolean;
}

async function readNodes(pool: Pool): Promise<readonly Watched[]> {
  const { rows } = await pool.query<Watched>({
    name: 'deploy-watch-nodes',
    text: `
      select n.node_id as "nodeId", n.ready, n.lost, h.sequence,
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
