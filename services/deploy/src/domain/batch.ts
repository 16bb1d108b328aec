/** One operation on many deployments, in waves: its state, folded from the stream `batch:<id>`. */
import type { BatchOperation, batchEvents, ItemOutcome } from '@atoll/schema/deploy/batches';
import type { Id } from '@atoll/schema/ids';
import type { EventsOf } from '@atoll/schema/registry';

export type BatchEvent = EventsOf<typeof batchEvents>;

interface AnyItem {
  readonly deploymentId: Id<'deployment'>;
  readonly name: string;
  /** From 1. */
  readonly wave: number;
}
export type Item = AnyItem &
  (
    | { readonly status: 'WAITING' }
    /** To be told to its deployment, until then; told once, however often. */
    | { readonly status: 'BEGUN'; readonly giveUpAt: string }
    | { readonly status: 'UNDER_WAY'; readonly rolloutId: Id<'rollout'> | null; readonly deadlineAt: string | null }
    | { readonly status: ItemOutcome }
  );
export type Open = Extract<Item, { status: 'BEGUN' | 'UNDER_WAY' }>;

export const batchStates = ['RUNNING', 'PAUSED', 'STOPPED', 'CANCELLED', 'COMPLETED'] as const;
export type BatchState = (typeof batchStates)[number];

export interface There {
  readonly status: BatchState;
  readonly batchId: Id<'batch'>;
  readonly environmentId: Id<'environment'>;
  readonly namespaceId: Id<'namespace'> | null;
  readonly operation: BatchOperation;
  readonly waveSize: number;
  readonly pauseSeconds: number;
  readonly maxFailures: number;
  readonly items: ReadonlyMap<Id<'deployment'>, Item>;
  /** The one that is under way, or comes next. */
  readonly wave: number;
  /** It doesn't begin before: RFC 3339; null: at once. */
  readonly nextAt: string | null;
  /** Had failed when it was last resumed: they stop it no more. */
  readonly forgiven: number;
}
export type Batch = { readonly status: 'NONE' } | There;

export const isUnderWay = (item: Item): item is Open => item.status === 'BEGUN' || item.status === 'UNDER_WAY';
export const isOver = (item: Item): boolean => item.status !== 'WAITING' && !isUnderWay(item);
export const listOf = ({ items }: There): readonly Item[] => [...items.values()];
export const countOf = (batch: There, status: Item['status']): number =>
  listOf(batch).filter((item) => item.status === status).length;
/** Those that nobody else's batch may have: none that is over, or will never be begun. */
export const heldBy = (batch: Batch): readonly Id<'deployment'>[] =>
  batch.status === 'NONE' ? [] : listOf(batch).flatMap((item) => (isOver(item) ? [] : item.deploymentId));

export function evolveBatch(state: Batch, event: BatchEvent): Batch {
  if (event.type === 'BatchStarted') return started(event.data);
  return state.status === 'NONE' ? state : next(state, event);
}

function started(data: Extract<BatchEvent, { type: 'BatchStarted' }>['data']): There {
  const { batchId, environmentId, namespaceId, operation, deployments, waveSize, pauseSeconds, maxFailures } = data;
  const items = deployments.map(({ deploymentId, name }, index): [Id<'deployment'>, Item] => [
    deploymentId,
    { deploymentId, name, wave: Math.floor(index / waveSize) + 1, status: 'WAITING' },
  ]);
  return {
    ...{ status: 'RUNNING', batchId, environmentId, namespaceId, operation, waveSize, pauseSeconds, maxFailures },
    ...{ items: new Map(items), wave: 1, nextAt: null, forgiven: 0 },
  };
}

function next(state: There, event: Exclude<BatchEvent, { type: 'BatchStarted' }>): There {
  switch (event.type) {
    case 'BatchItemsBegun': {
      const { deploymentIds, giveUpAt } = event.data;
      return withItems(state, deploymentIds, (item) => ({ ...item, status: 'BEGUN', giveUpAt }));
    }
    case 'BatchItemAccepted': {
      const { deploymentId, rolloutId, deadlineAt } = event.data;
      return withItems(state, [deploymentId], (item) => ({ ...item, status: 'UNDER_WAY', rolloutId, deadlineAt }));
    }
    case 'BatchItemEnded': {
      const { deploymentId, outcome } = event.data;
      return withItems(state, [deploymentId], (item) => ({ ...item, status: outcome }));
    }
    case 'BatchWaveEnded':
      return { ...state, wave: event.data.wave + 1, nextAt: event.data.nextAt };
    case 'BatchPaused':
      return { ...state, status: 'PAUSED' };
    case 'BatchStopped':
      return { ...state, status: 'STOPPED' };
    case 'BatchResumed':
      return { ...state, status: 'RUNNING', nextAt: null, forgiven: countOf(state, 'FAILED') };
    case 'BatchCancelled': {
      const waiting = listOf(state).flatMap((item) => (item.status === 'WAITING' ? item.deploymentId : []));
      return { ...withItems(state, waiting, (item) => ({ ...item, status: 'SKIPPED' })), status: 'CANCELLED' };
    }
    case 'BatchCompleted':
      return { ...state, status: state.status === 'CANCELLED' ? 'CANCELLED' : 'COMPLETED' };
    default:
      event satisfies never;
      return state;
  }
}

function withItems(state: There, ids: readonly Id<'deployment'>[], change: (item: AnyItem) => Item): There {
  const items = new Map(state.items);
  for (const id of ids) {
    const item = items.get(id);
    if (item === undefined) continue;
    const { deploymentId, name, wave } = item;
    items.set(id, change({ deploymentId, name, wave }));
  }
  return { ...state, items };
}
