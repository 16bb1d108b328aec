/**
 * Empties closed namespaces: each deployment in it is deleted, and when none is left, the namespace is drained. Nothing can
 * be added meanwhile: creations require the mark that was given back in the commit of NamespaceClosed; and whatever was
 * committed before it is in the tables before it.
 */
import { type EventStore, handleCommand } from '@atoll/events/store';
import type { Id } from '@atoll/schema/ids';
import { type Controller, startController } from '@atoll/service/controller';
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';
import { eachBounded } from '../bounded.ts';
import { deploymentDecider } from '../domain/decide.ts';
import { namespaceDecider } from '../domain/namespace.ts';
import { deploymentStream, namespaceStream } from '../domain/streams.ts';
import { following, type Request, SELF } from '../origin.ts';

const RESYNC_MS = 1000;
const COMMANDS_AT_ONCE = 8;

interface Needs {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly log: Logger;
}

export const startNamespaceController = (needs: Needs): Controller =>
  startController({ name: 'namespaces', resyncMs: RESYNC_MS, log: needs.log, reconcile: () => reconcile(needs) });

interface Closed extends Request {
  readonly namespace_id: Id<'namespace'>;
  readonly tenant: Id<'tenant'>;
  readonly deployments: number;
  /** Those that aren't being deleted yet. */
  readonly standing: readonly Id<'deployment'>[];
}

async function reconcile(needs: Needs): Promise<void> {
  await eachBounded(COMMANDS_AT_ONCE, await readClosed(needs.pool), async (namespace) => {
    if (namespace.deployments === 0) return drain(needs, namespace);
    for (const deploymentId of namespace.standing) await remove(needs, namespace, deploymentId);
  });
}

async function readClosed(pool: Pool): Promise<readonly Closed[]> {
  const { rows } = await pool.query<Closed>({
    name: 'deploy-read-closed',
    text: `
      select n.namespace_id, n.tenant, n.correlation, n.traceparent, n.cause,
        count(d.deployment_id) as deployments,
        coalesce(array_agg(d.deployment_id order by d.deployment_id) filter (where not d.deleting), '{}') as standing
      from deploy.namespace n left join deploy.deployment d using (namespace_id)
      where n.status = 'CLOSED'
      group by n.namespace_id
      order by n.namespace_id`,
  });
  return rows;
}

async function remove({ store }: Needs, namespace: Closed, deploymentId: Id<'deployment'>): Promise<void> {
  const outcome = await handleCommand(store, {
    decider: deploymentDecider,
    stream: deploymentStream(deploymentId),
    command: { action: 'delete', tenant: namespace.tenant },
    origin: following(namespace, SELF),
  });
  // Somebody else asked for it at the same time, or it is gone already.
  if (outcome.ok || outcome.rejection.code === 'BEING_DELETED' || outcome.rejection.code === 'NOT_FOUND') return;
  throw new Error(`${deploymentId}: ${outcome.rejection.message}`);
}

async function drain({ store, log }: Needs, namespace: Closed): Promise<void> {
  const { namespace_id: namespaceId } = namespace;
  const outcome = await handleCommand(store, {
    decider: namespaceDecider,
    stream: namespaceStream(namespaceId),
    command: { action: 'drain', namespaceId },
    origin: following(namespace, SELF),
  });
  if (!outcome.ok) throw new Error(`${namespaceId}: ${outcome.rejection.message}`);
  log.info({ namespaceId }, 'a namespace is drained');
}
