/**
 * Moves every deployment that isn't as wanted one step on. Level-triggered: what is due is read from the tables, each step
 * is decided from the deployment's stream and the nodes as they are. Run by every process of the service; two that step
 * the same deployment at once meet in its stream's version, and the later one finds nothing left to do.
 */
import type { EventStore } from '@atoll/events/store';
import type { Id } from '@atoll/schema/ids';
import { type Controller, startController } from '@atoll/service/controller';
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';
import { eachBounded } from '../bounded.ts';
import { MOST_AT_ONCE } from '../domain/advance.ts';
import { following, SELF } from '../origin.ts';
import { placeAndCommit } from '../place-and-commit.ts';

const RESYNC_MS = 1000;
const PAGE = 200;
const STEPS_AT_ONCE = 8;
/** A deployment that needs more steps than this in a row is left to the next run, so that others get their turn. */
const STEPS = 50;

interface Needs {
  readonly store: EventStore;
  readonly pool: Pool;
  readonly log: Logger;
  /** For so long after the start nothing is held against anybody: nodes tell first what happened meanwhile. */
  readonly judgeAfterMs: number;
}

export function startRolloutController(needs: Needs): Controller {
  const started = performance.now();
  return startController({
    name: 'rollouts',
    resyncMs: RESYNC_MS,
    log: needs.log,
    reconcile: (signal) => reconcile(needs, signal, performance.now() - started >= needs.judgeAfterMs),
  });
}

async function reconcile(needs: Needs, signal: AbortSignal, judging: boolean): Promise<void> {
  let after = '';
  while (!signal.aborted) {
    const due = await readDue(needs.pool, after, judging);
    await eachBounded(STEPS_AT_ONCE, due, async (deployment) => {
      if (!signal.aborted) await stepOn(needs, deployment, signal, judging);
    });
    const last = due.at(-1);
    if (last === undefined || due.length < PAGE) return;
    after = last.deployment_id;
  }
}

interface Due {
  readonly deployment_id: Id<'deployment'>;
  readonly tenant: Id<'tenant'>;
  readonly version: number;
  readonly correlation: string;
  readonly traceparent: string | null;
  readonly cause: string;
}

/**
 * What has changed since it was last found settled, what waits for room since room may have come free, what should have got
 * on by now, and what has waited at its step for as long as it was to.
 */
async function readDue(pool: Pool, after: string, judging: boolean): Promise<readonly Due[]> {
  const { rows } = await pool.query<Due>({
    name: 'deploy-read-due',
    text: `
      select deployment_id, tenant, version, correlation, traceparent, cause
      from deploy.deployment
      where deployment_id > $1
        and (version > settled_version or (blocked and settled_capacity < (select position from deploy.capacity))
          or ($2 and not blocked and deadline_at <= $3) or due_at <= $3)
      order by deployment_id
      limit ${PAGE}`,
    values: [after, judging, new Date()],
  });
  return rows;
}

/** Steps until there is nothing to do at the version that the stream then has. */
async function stepOn(needs: Needs, due: Due, signal: AbortSignal, judging: boolean): Promise<void> {
  const { deployment_id: deploymentId, tenant } = due;
  try {
    let version = due.version;
    for (let step = 0; step < STEPS && !signal.aborted; step++) {
      const { outcome, capacity } = await placeAndCommit(needs, {
        deploymentId,
        places: MOST_AT_ONCE,
        command: (world) => ({ action: 'advance', tenant, world }),
        origin: following(due, SELF),
        judging,
      });
      if (!outcome.ok) throw new Error(`${outcome.rejection.code}: ${outcome.rejection.message}`);
      if (outcome.version === version) return await settle(needs.pool, deploymentId, version, capacity);
      version = outcome.version;
    }
  } catch (error) {
    // It stays due. The others go on.
    needs.log.error({ err: error, deploymentId }, 'a deployment could not be moved on');
  }
}

async function settle(pool: Pool, deploymentId: Id<'deployment'>, version: number, capacity: number): Promise<void> {
  await pool.query({
    name: 'deploy-settle',
    text: `
      update deploy.deployment
      set settled_version = greatest(settled_version, $2), settled_capacity = greatest(settled_capacity, $3)
      where deployment_id = $1`,
    values: [deploymentId, version, capacity],
  });
}
