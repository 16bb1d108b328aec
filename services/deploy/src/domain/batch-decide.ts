/** `decide(state, command) → events and claims, or a rejection` of a batch. */
import { accept, type Claim, type Decider, type Decision, refuse } from '@atoll/events/decider';
import type { BatchOperation, ItemOutcome } from '@atoll/schema/deploy/batches';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { Labels } from '@atoll/schema/text';
import { type Batch, type BatchEvent, countOf, evolveBatch, heldBy, isOver, listOf, type There } from './batch.ts';
import { type BatchStimulus, batchTable } from './batch-table.ts';
import { NAMESPACE_OPEN } from './holdings.ts';

/** A deployment that a batch has begun with, or will: another one's can't be about it. */
export const IN_BATCH = 'in-batch';

/** So many are begun by one event: one that fails at once stops a large wave before it is begun whole. */
export const MOST_BEGUN = 8;
/** What can't be told to its deployment for so long, e.g. because a registry is away, has failed. */
const GIVE_UP_MS = 10 * 60_000;

/** `now`: Unix time in ms. */
export type BatchCommand =
  | {
      readonly action: 'start';
      readonly batchId: Id<'batch'>;
      readonly environmentId: Id<'environment'>;
      readonly namespaceId: Id<'namespace'> | null;
      readonly labels: Labels;
      readonly operation: BatchOperation;
      readonly deployments: readonly { readonly deploymentId: Id<'deployment'>; readonly name: string }[];
      readonly waves: { readonly count: number } | { readonly percent: number };
      readonly pauseSeconds: number;
      readonly maxFailures: number;
    }
  | { readonly action: 'pause' | 'resume' | 'cancel' }
  | { readonly action: 'advance'; readonly now: number }
  /** Its deployment has taken it. */
  | {
      readonly action: 'accept';
      readonly deploymentId: Id<'deployment'>;
      readonly rolloutId: Id<'rollout'> | null;
      readonly deadlineAt: string | null;
    }
  | {
      readonly action: 'end';
      readonly deploymentId: Id<'deployment'>;
      readonly outcome: ItemOutcome;
      readonly reason: Pick<Rejection, 'code' | 'message'> | null;
      readonly now: number;
    };

export const batchNotFound = reject(
  'NOT_FOUND',
  'There is no such batch. List the batches that you may see and use one of their ids.',
  'batchId',
);

export const batchDecider: Decider<Batch, BatchCommand, BatchEvent> = {
  initial: { status: 'NONE' },
  decide: decideBatch,
  evolve: evolveBatch,
};

function decideBatch(state: Batch, command: BatchCommand): Decision<BatchEvent> {
  if (command.action === 'start') return start(state, command);
  if (state.status === 'NONE') return refuse(batchNotFound);
  const events = eventsOf(state, command);
  return 'code' in events ? refuse(events) : accept(events, released(state, events));
}

function start(
  state: Batch,
  { action: _, waves, deployments, ...command }: Extract<BatchCommand, { action: 'start' }>,
) {
  const size = 'count' in waves ? waves.count : Math.ceil((deployments.length * waves.percent) / 100);
  const waveSize = Math.max(1, Math.min(size, deployments.length));
  const event: BatchEvent = { type: 'BatchStarted', data: { ...command, deployments: [...deployments], waveSize } };
  const open: readonly Claim[] =
    command.namespaceId === null ? [] : [{ op: 'require', set: NAMESPACE_OPEN, key: command.namespaceId }];
  const taken = heldBy(evolveBatch(state, event)).map(
    (key): Claim => ({ op: 'take', kind: 'unique', set: IN_BATCH, key, owner: command.batchId }),
  );
  return accept<BatchEvent>([event], [...open, ...taken]);
}

function released(before: There, events: readonly BatchEvent[]): readonly Claim[] {
  if (events.length === 0) return [];
  const left = new Set(heldBy(events.reduce<Batch>(evolveBatch, before)));
  return heldBy(before)
    .filter((key) => !left.has(key))
    .map((key) => ({ op: 'release', kind: 'unique', set: IN_BATCH, key, owner: before.batchId }));
}

function eventsOf(
  state: There,
  command: Exclude<BatchCommand, { action: 'start' }>,
): readonly BatchEvent[] | Rejection {
  switch (command.action) {
    case 'pause':
    case 'resume':
    case 'cancel':
      return asked(state, command.action);
    case 'advance':
      return begun(state, command.now);
    case 'accept': {
      const { action: _, ...accepted } = command;
      if (state.items.get(accepted.deploymentId)?.status !== 'BEGUN') return [];
      return [{ type: 'BatchItemAccepted', data: { batchId: state.batchId, ...accepted } }];
    }
    case 'end':
      return ended(state, command);
    default:
      return command satisfies never;
  }
}

const whereOf = ({ batchId, environmentId, namespaceId }: There) => ({ batchId, environmentId, namespaceId });

function asked(state: There, action: 'pause' | 'resume' | 'cancel'): readonly BatchEvent[] | Rejection {
  const cell = batchTable[state.status][action];
  const where = whereOf(state);
  switch (cell.kind) {
    case 'refused':
      return reject('ILLEGAL_STATE', `The batch is ${state.status}: ${cell.text}.`, 'batchId');
    case 'nothing':
      return [];
    case 'to':
      if (action === 'pause') return [{ type: 'BatchPaused', data: where }];
      if (action === 'resume') return [{ type: 'BatchResumed', data: where }];
      return cancelled(state);
    default:
      return cell satisfies never;
  }
}

/** Where nothing is under way, that is the end of it. */
function cancelled(state: There): readonly BatchEvent[] {
  const event: BatchEvent = {
    ...{ type: 'BatchCancelled', data: { ...whereOf(state), skipped: countOf(state, 'WAITING') } },
  };
  const after = evolveBatch(state, event);
  return after.status === 'NONE' || !listOf(after).every(isOver) ? [event] : [event, completed(after)];
}

function completed(state: There): BatchEvent {
  const counts = { succeeded: countOf(state, 'SUCCEEDED'), unchanged: countOf(state, 'UNCHANGED') };
  const others = { failed: countOf(state, 'FAILED'), skipped: countOf(state, 'SKIPPED') };
  return { type: 'BatchCompleted', data: { ...whereOf(state), ...counts, ...others } };
}

const moves = (state: There, stimulus: BatchStimulus): boolean => batchTable[state.status][stimulus].kind === 'to';

/** The next ones of the wave whose turn it is. All others of it are over: never more than its size are under way. */
function begun(state: There, now: number): readonly BatchEvent[] {
  const { wave, nextAt } = state;
  if (!moves(state, 'time for more') || (nextAt !== null && now < Date.parse(nextAt))) return [];
  const waiting = listOf(state).filter((item) => item.status === 'WAITING' && item.wave === wave);
  const deploymentIds = waiting.slice(0, MOST_BEGUN).map(({ deploymentId }) => deploymentId);
  if (deploymentIds.length === 0) return [];
  const giveUpAt = new Date(now + GIVE_UP_MS).toISOString();
  return [{ type: 'BatchItemsBegun', data: { ...whereOf(state), wave, deploymentIds, giveUpAt } }];
}

/** Of one that isn't over: what was not begun can only be skipped. */
function ended(state: There, command: Extract<BatchCommand, { action: 'end' }>): readonly BatchEvent[] {
  const { deploymentId, outcome, reason, now } = command;
  const item = state.items.get(deploymentId);
  if (item === undefined || isOver(item) || (item.status === 'WAITING' && outcome !== 'SKIPPED')) return [];
  const told = { code: reason?.code ?? null, message: reason?.message.slice(0, 1000) ?? null };
  const event: BatchEvent = {
    type: 'BatchItemEnded',
    data: { batchId: state.batchId, deploymentId, outcome, ...told },
  };
  const after = evolveBatch(state, event);
  return after.status === 'NONE' ? [] : [event, ...following(after, { name: item.name, now })];
}

/** What the end of one means for the whole. */
function following(state: There, last: { readonly name: string; readonly now: number }): readonly BatchEvent[] {
  const items = listOf(state);
  if (items.every(isOver)) return [completed(state)];
  if (state.status === 'CANCELLED') return [];
  const where = whereOf(state);
  const { wave, pauseSeconds, maxFailures, forgiven } = state;
  const nextAt = new Date(last.now + pauseSeconds * 1000).toISOString();
  const failed = countOf(state, 'FAILED');
  const tooMany = failed - forgiven > maxFailures && state.status !== 'STOPPED';
  const message = `${failed - forgiven} of its deployments have failed, and at most ${maxFailures} may; the last one is ${last.name}. See what is wrong with them; then resume the batch, or cancel it.`;
  return [
    ...(items.some((item) => item.wave === wave && !isOver(item))
      ? []
      : [{ type: 'BatchWaveEnded', data: { ...where, wave, nextAt } } as const]),
    ...(tooMany ? [{ type: 'BatchStopped', data: { ...where, failed, message } } as const] : []),
  ];
}
