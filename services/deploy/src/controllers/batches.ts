/**
 * Moves batches on. Level-triggered: which batches are open is read from the tables, each is folded from its stream, its
 * deployments are looked at as they are. First the batch says with which it begins, then these are told, each by the command
 * that a person would send, with a key of its own: told twice by processes side by side, or once more after a crash, it is
 * answered as the first time. So an end of the batch, a pause or a stop holds for all that it hasn't begun.
 */
import { type CommandOutcome, handleCommand, loadState } from '@atoll/events/store';
import type { BatchOperation } from '@atoll/schema/deploy/batches';
import type { deployCommands } from '@atoll/schema/deploy/commands';
import { defaultRolloutPolicy } from '@atoll/schema/deploy/rollouts';
import type { Rejection } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { CommandAnswer, CommandContext, CommandHandlers } from '@atoll/service/commands';
import { type Controller, startController } from '@atoll/service/controller';
import { failpoint } from '@atoll/service/failpoint';
import type { Logger } from '@atoll/service/log';
import { eachBounded } from '../bounded.ts';
import type { BatchNeeds } from '../commands/batches.ts';
import { type Item, isOver, isUnderWay, listOf, type There } from '../domain/batch.ts';
import { type BatchCommand, batchDecider } from '../domain/batch-decide.ts';
import { type Ended, effectOf, isGone, outcomeOf, type Sight } from '../domain/batch-item.ts';
import { deploymentDecider } from '../domain/decide.ts';
import type { Deployment } from '../domain/deployment.ts';
import { batchStream, deploymentStream } from '../domain/streams.ts';
import { following, SELF } from '../origin.ts';

const RESYNC_MS = 1000;
const BATCHES_AT_ONCE = 4;
const COMMANDS_AT_ONCE = 8;
const PAGE = 100;
const DEADLINE_MS = 10_000;
/** Of one batch in a row; then others get their turn. */
const STEPS = 20;

type Handlers = Pick<
  CommandHandlers<typeof deployCommands>,
  'UpgradeDeployment' | 'RollbackDeployment' | 'ScaleDeployment' | 'SuspendRollout' | 'ResumeRollout'
>;

interface Needs extends BatchNeeds {
  /** The write door, as it serves people. */
  readonly handlers: Handlers;
  readonly log: Logger;
}

type Begun = Extract<Item, { status: 'BEGUN' }>;

interface Due {
  readonly batch_id: Id<'batch'>;
  readonly tenant: Id<'tenant'>;
  readonly actor: string;
  readonly correlation: string;
  readonly traceparent: string | null;
  readonly cause: string;
}

/** Somebody else was quicker, or somebody isn't there: it is tried again. */
const passing: ReadonlySet<Rejection['code']> = new Set([
  ...(['VERSION_CONFLICT', 'UNAVAILABLE', 'UNKNOWN_OUTCOME', 'DEADLINE_EXCEEDED'] as const),
  'IDEMPOTENCY_KEY_IN_FLIGHT',
]);

export const startBatchController = (needs: Needs): Controller =>
  startController({
    name: 'batches',
    resyncMs: RESYNC_MS,
    log: needs.log,
    async reconcile(signal) {
      const due = await readDue(needs);
      await eachBounded(BATCHES_AT_ONCE, due, async (one) => {
        if (!signal.aborted) await moveOn(needs, one, signal);
      });
    },
  });

async function readDue({ pool }: Needs): Promise<readonly Due[]> {
  const { rows } = await pool.query<Due>({
    name: 'deploy-read-batches',
    text: `
      select batch_id, tenant, actor, correlation, traceparent, cause from deploy.batch
      order by md5(batch_id || $1) limit ${PAGE}`,
    // In another order each time: many that wait hold up nobody for good.
    values: [String(Date.now())],
  });
  return rows;
}

async function moveOn(needs: Needs, due: Due, signal: AbortSignal): Promise<void> {
  try {
    for (let step = 0; step < STEPS && !signal.aborted; step++) {
      const { state, version } = await loadState(needs.store, {
        decider: batchDecider,
        stream: batchStream(due.batch_id),
      });
      if (state.status === 'NONE') return;
      const sights = await look(needs, state);
      await eachBounded(COMMANDS_AT_ONCE, listOf(state), async (item) => {
        const sight = sights.get(item.deploymentId);
        if (sight !== undefined && !signal.aborted) await follow(needs, due, state.operation, item, sight);
      });
      const outcome = await tell(needs, due, { action: 'advance', now: Date.now() });
      if (!outcome.ok) throw new Error(`${outcome.rejection.code}: ${outcome.rejection.message}`);
      if (outcome.version === version) return;
    }
  } catch (error) {
    // It stays due. The others go on.
    needs.log.error({ err: error, batchId: due.batch_id }, 'a batch could not be moved on');
  }
}

/** Those that aren't over, in one look. */
async function look({ pool }: Needs, state: There): Promise<ReadonlyMap<string, Sight>> {
  const asked = listOf(state)
    .filter((item) => !isOver(item))
    .map((item) => ({
      deployment_id: item.deploymentId,
      rollout_id: item.status === 'UNDER_WAY' ? item.rolloutId : null,
      counted: item.status === 'UNDER_WAY' && state.operation.kind === 'SCALE',
    }));
  if (asked.length === 0) return new Map();
  const { rows } = await pool.query<{
    deployment_id: string;
    there: boolean;
    status: string | null;
    message: string | null;
    instances: number;
    ready: number;
  }>({
    name: 'deploy-look-at-batch',
    text: `
      select w.deployment_id, d.deployment_id is not null as there, r.status, r.message, i.instances, i.ready
      from jsonb_to_recordset($1) as w (deployment_id text, rollout_id text, counted boolean)
      left join deploy.deployment d using (deployment_id)
      left join deploy.rollout r on r.rollout_id = w.rollout_id
      cross join lateral (
        select count(*)::integer as instances,
          (count(*) filter (where i.phase = 'READY' and i.stopping is null))::integer as ready
        from deploy.instance i where w.counted and i.deployment_id = w.deployment_id
      ) i`,
    values: [JSON.stringify(asked)],
  });
  return new Map(
    rows.map(({ deployment_id, there, status, message, instances, ready }) => [
      deployment_id,
      { there, rollout: status === null ? null : { status, message }, instances, ready },
    ]),
  );
}

async function follow(needs: Needs, due: Due, operation: BatchOperation, item: Item, sight: Sight): Promise<void> {
  if (!sight.there) return await record(needs, due, item, isGone);
  if (item.status === 'BEGUN') return await begin(needs, due, operation, item);
  const ended = isUnderWay(item) ? outcomeOf(operation, item, sight, Date.now()) : null;
  if (ended !== null) await record(needs, due, item, ended);
}

const record = (needs: Needs, due: Due, { deploymentId }: Item, { outcome, reason }: Ended): Promise<void> =>
  mustTell(needs, due, { action: 'end', deploymentId, outcome, reason, now: Date.now() });

const tell = ({ store }: Needs, due: Due, command: BatchCommand): Promise<CommandOutcome> =>
  handleCommand(store, {
    ...{ decider: batchDecider, stream: batchStream(due.batch_id), command },
    origin: following(due, SELF),
  });

async function mustTell(needs: Needs, due: Due, command: BatchCommand): Promise<void> {
  const outcome = await tell(needs, due, command);
  if (!outcome.ok) throw new Error(`${outcome.rejection.code}: ${outcome.rejection.message}`);
}

async function begin(needs: Needs, due: Due, operation: BatchOperation, item: Begun): Promise<void> {
  const { deploymentId } = item;
  const { store } = needs;
  const key = `batch:${due.batch_id}:${deploymentId}`;
  const { state } = await loadState(store, { decider: deploymentDecider, stream: deploymentStream(deploymentId) });
  // What it was told of it may have made it so: that is looked up after the state was read, so that it is found.
  const settled = state.status === 'ACTIVE' && effectOf(state, operation) === null;
  if (settled && (await store.storedAnswer(due.tenant, { key, request: null })) === null) {
    return await record(needs, due, item, { outcome: 'UNCHANGED', reason: null });
  }
  const { tenant, actor, correlation, traceparent } = due;
  failpoint('batch.before-command');
  const answer = await send(needs.handlers, operation, deploymentId, {
    ...{ key, tenant, actor, correlation, traceparent },
    ...{ deadline: Date.now() + DEADLINE_MS, seen: {}, expectedVersion: null },
  });
  failpoint('batch.after-command');
  if (answer.ok) {
    const times = operation.kind === 'SCALE' ? scalingUntil(state) : null;
    const accepted = { deploymentId, rolloutId: rolloutIn(operation, answer.result), deadlineAt: times };
    return await mustTell(needs, due, { action: 'accept', ...accepted });
  }
  const { rejection } = answer;
  if (passing.has(rejection.code) && Date.now() < Date.parse(item.giveUpAt)) return;
  await record(needs, due, item, refusedAs(rejection));
}

/** It has as long as a rollout of the deployment has to make progress. */
function scalingUntil(state: Deployment): string {
  const own = state.status === 'ACTIVE' ? state.policy.progressDeadlineSeconds : null;
  return new Date(Date.now() + (own ?? defaultRolloutPolicy.progressDeadlineSeconds ?? 0) * 1000).toISOString();
}

/** To be waited for; null where it is done with the command, or is no rollout. */
function rolloutIn({ kind }: BatchOperation, result: Told): Id<'rollout'> | null {
  const waits = kind === 'UPGRADE' || kind === 'RESTART' || kind === 'ROLLBACK';
  return waits && 'rolloutId' in result ? result.rolloutId : null;
}

function refusedAs(rejection: Rejection): Ended {
  switch (rejection.code) {
    case 'NOT_FOUND':
    case 'BEING_DELETED':
      return { outcome: 'SKIPPED', reason: rejection };
    // Nothing to suspend or to resume.
    case 'NO_ROLLOUT_UNDER_WAY':
      return { outcome: 'UNCHANGED', reason: rejection };
    default:
      return { outcome: 'FAILED', reason: rejection };
  }
}

type Told = { readonly deploymentId: Id<'deployment'> } | { readonly rolloutId: Id<'rollout'> };

function send(
  handlers: Handlers,
  operation: BatchOperation,
  deploymentId: Id<'deployment'>,
  context: CommandContext,
): Promise<CommandAnswer<Told>> {
  switch (operation.kind) {
    case 'UPGRADE':
      return handlers.UpgradeDeployment({ deploymentId, spec: operation.change }, context);
    case 'RESTART':
      return handlers.UpgradeDeployment({ deploymentId, spec: {} }, context);
    case 'ROLLBACK':
      return handlers.RollbackDeployment({ deploymentId, toRelease: null, pace: operation.pace }, context);
    case 'SCALE':
      return handlers.ScaleDeployment({ deploymentId, replicas: operation.replicas }, context);
    case 'SUSPEND':
      return handlers.SuspendRollout({ deploymentId }, context);
    case 'RESUME':
      return handlers.ResumeRollout({ deploymentId }, context);
    default:
      return operation satisfies never;
  }
}
