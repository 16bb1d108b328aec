/** What events change of the rows that batches are moved by: those of the batches, and how each rollout is. */
import type { DeployEvent } from '@atoll/schema/deploy/events';
import type { EventRecord } from '@atoll/schema/envelope';
import type { Id } from '@atoll/schema/ids';
import type { BatchEvent } from '../domain/batch.ts';
import { type RequestColumns, requestOf } from './request.ts';

/** Of one of which something is left to do, or to wait for. */
export interface BatchRow extends RequestColumns {
  readonly tenant: string;
  /** Who started it. */
  readonly actor: string;
}
export interface RolloutRow {
  readonly deployment_id: Id<'deployment'>;
  readonly status: (typeof statusAfter)[keyof typeof statusAfter];
  /** Why it has failed; null where it hasn't, or has been told before. */
  readonly message: string | null;
}
interface Rows {
  readonly batches: Map<Id<'batch'>, BatchRow>;
  readonly batchesOver: Set<Id<'batch'>>;
  readonly rollouts: Map<Id<'rollout'>, RolloutRow>;
}

export function noteBatch({ batches, batchesOver }: Rows, event: EventRecord & BatchEvent): void {
  const { batchId } = event.data;
  if (event.type === 'BatchStarted') {
    batches.set(batchId, { tenant: event.tenant, actor: event.actor, ...requestOf(event) });
  }
  if (event.type === 'BatchCompleted') batchesOver.add(batchId);
}

const statusAfter = {
  RolloutStarted: 'RUNNING',
  RolloutResumed: 'RUNNING',
  RolloutCompleted: 'COMPLETED',
  RolloutFailed: 'FAILED',
  RolloutSuperseded: 'SUPERSEDED',
} as const;

export function noteRollout({ rollouts }: Rows, event: EventRecord & DeployEvent): void {
  switch (event.type) {
    case 'RolloutStarted':
    case 'RolloutResumed':
    case 'RolloutCompleted':
    case 'RolloutFailed':
    case 'RolloutSuperseded': {
      const { rolloutId, deploymentId: deployment_id } = event.data;
      const status = statusAfter[event.type];
      // One that has failed and is rolled back from is superseded: why it has failed is still to be told.
      const before = status === 'RUNNING' ? null : (rollouts.get(rolloutId)?.message ?? null);
      const message = event.type === 'RolloutFailed' ? event.data.message : before;
      rollouts.set(rolloutId, { deployment_id, status, message });
      return;
    }
    default:
      return;
  }
}
