/**
 * Rolls back by itself what has failed, where the deployment's policy says so: through the same door as a person, so the
 * environment's rules, the quotas and the presence of the image are asked as they are then. Level-triggered: it is due for
 * as long as the failed rollout is the newest one; what can't be done is told once, and left to people.
 */
import { type CommandOutcome, handleCommand } from '@atoll/events/store';
import type { RolloutPace } from '@atoll/schema/deploy/rollouts';
import type { Rejection } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import { type Controller, startController } from '@atoll/service/controller';
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';
import { eachBounded } from '../bounded.ts';
import { type RollbackNeeds, rollBack } from '../commands/rollback.ts';
import { denied } from '../denials.ts';
import { deploymentNotFound } from '../domain/actions.ts';
import type { DeploymentCommand } from '../domain/commands.ts';
import { deploymentDecider } from '../domain/decide.ts';
import { deploymentStream } from '../domain/streams.ts';
import { following, SELF } from '../origin.ts';

const RESYNC_MS = 2000;
const PAGE = 100;
const AT_ONCE = 4;
const DEADLINE_MS = 10_000;

/** Somebody else was quicker, or somebody isn't there: it is tried again. */
const passing: ReadonlySet<Rejection['code']> = new Set(['VERSION_CONFLICT', 'UNAVAILABLE', 'UNKNOWN_OUTCOME']);

interface Needs extends RollbackNeeds {
  readonly log: Logger;
}

interface Due {
  readonly deployment_id: Id<'deployment'>;
  readonly tenant: Id<'tenant'>;
  readonly failed_rollout_id: Id<'rollout'>;
  readonly answer: RolloutPace;
  readonly correlation: string;
  readonly traceparent: string | null;
  readonly cause: string;
}

export const startRollbackController = (needs: Needs): Controller =>
  startController({
    name: 'rollbacks',
    resyncMs: RESYNC_MS,
    log: needs.log,
    async reconcile(signal) {
      const due = await readDue(needs.pool);
      await eachBounded(AT_ONCE, due, async (one) => {
        if (!signal.aborted) await follow(needs, one);
      });
    },
  });

async function readDue(pool: Pool): Promise<readonly Due[]> {
  const { rows } = await pool.query<Due>({
    name: 'deploy-read-failed',
    text: `
      select deployment_id, tenant, failed_rollout_id, answer, correlation, traceparent, cause
      from deploy.deployment where failed_rollout_id is not null
      order by md5(deployment_id || $1) limit ${PAGE}`,
    // In another order each time: what keeps failing holds up nobody for good.
    values: [String(Date.now())],
  });
  return rows;
}

async function follow(needs: Needs, due: Due): Promise<void> {
  const { deployment_id: deploymentId, tenant, failed_rollout_id: rolloutId, answer: pace } = due;
  const origin = following(due, SELF);
  const run = (command: DeploymentCommand, told: (set: string) => void = () => {}): Promise<CommandOutcome> =>
    handleCommand(needs.store, {
      ...{ decider: deploymentDecider, stream: deploymentStream(deploymentId), command, origin },
      onClaimConflict(conflict) {
        told(conflict.claim.set);
        return denied(conflict);
      },
      notFound: deploymentNotFound,
    });
  try {
    const { correlation, traceparent } = due;
    const asking = { tenant, actor: SELF, correlation, traceparent, deadline: Date.now() + DEADLINE_MS };
    const outcome = await rollBack(needs, {
      ...{ tenant, deploymentId, toRelease: null, pace, automatic: true, asking, commit: run },
    });
    if (outcome.ok) return;
    const { rejection } = outcome;
    needs.log.warn({ deploymentId, rolloutId, code: rejection.code }, 'a failed rollout can not be rolled back');
    if (!passing.has(rejection.code)) await run({ action: 'refuse', tenant, rolloutId, rejection });
  } catch (error) {
    // It stays due. The others go on.
    needs.log.error({ err: error, deploymentId }, 'a failed rollout could not be rolled back');
  }
}
