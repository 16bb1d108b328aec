/** Batches, and each of their deployments → read models. */
import type { BatchOperation, batchEvents } from '@atoll/schema/deploy/batches';
import type { EventRecord } from '@atoll/schema/envelope';
import type { EventsOf } from '@atoll/schema/registry';
import { derive, type Effect, instant, labelList, type Project, patch, purge, put } from './effects.ts';

export type BatchEvent = EventsOf<typeof batchEvents>;

/** In the order of the SDL: what is embedded is shown as it is kept. */
function shownOperation(operation: BatchOperation) {
  const change = operation.kind === 'UPGRADE' ? operation.change : {};
  return {
    kind: operation.kind,
    image: change.image ?? null,
    cpuMillis: change.resources?.cpuMillis ?? null,
    memoryMiB: change.resources?.memoryMiB ?? null,
    replicas: operation.kind === 'SCALE' ? operation.replicas : null,
    pace: operation.kind === 'ROLLBACK' ? operation.pace : null,
  };
}

const itemId = (batchId: string, deploymentId: string) => `${batchId}.${deploymentId}`;
const statusPatch = (id: string, row: Readonly<Record<string, unknown>>): readonly Effect[] => [
  patch('batch', id, row),
];

function started(
  { data }: Extract<BatchEvent, { type: 'BatchStarted' }>,
  { tenant: tenant_id, time, actor }: EventRecord,
): readonly Effect[] {
  const { batchId: id, environmentId: environment_id, namespaceId: namespace_id, deployments, waveSize } = data;
  const where = { tenant_id, environment_id, namespace_id };
  const items = deployments.map(({ deploymentId, name }, index) => {
    const key = itemId(id, deploymentId);
    const place = { number: index + 1, wave: Math.floor(index / waveSize) + 1 };
    const nothing = { code: null, message: null, rollout_id: null, began_at: null, ended_at: null };
    const row = { id: key, ...where, batch_id: id, deployment_id: deploymentId, name, ...place };
    return put('batch_item', key, { ...row, status: 'WAITING', ...nothing });
  });
  const batch = put('batch', id, {
    ...{ id, ...where, selector: labelList(data.labels), operation: shownOperation(data.operation) },
    ...{ status: 'RUNNING', status_message: null, size: deployments.length, wave_size: waveSize, next_wave_at: null },
    ...{ pause_seconds: data.pauseSeconds, max_failures: data.maxFailures },
    ...{ started_at: instant(time), started_by: actor, ended_at: null },
  });
  return [batch, ...items, derive('batch', id)];
}

export const projectBatches: Project<BatchEvent> = (event, record): readonly Effect[] => {
  const { batchId: id } = event.data;
  const at = instant(record.time);
  switch (event.type) {
    case 'BatchStarted':
      return started(event, record);
    case 'BatchItemsBegun': {
      const begun = event.data.deploymentIds.map((deploymentId) =>
        patch('batch_item', itemId(id, deploymentId), { status: 'RUNNING', began_at: at }),
      );
      return [...begun, patch('batch', id, { next_wave_at: null }), derive('batch', id)];
    }
    case 'BatchItemAccepted':
      return [patch('batch_item', itemId(id, event.data.deploymentId), { rollout_id: event.data.rolloutId })];
    case 'BatchItemEnded': {
      const { deploymentId, outcome, code, message } = event.data;
      const row = { status: outcome, code, message, ended_at: at };
      return [patch('batch_item', itemId(id, deploymentId), row), derive('batch', id)];
    }
    case 'BatchWaveEnded':
      return statusPatch(id, { next_wave_at: instant(event.data.nextAt) });
    case 'BatchPaused':
      return statusPatch(id, { status: 'PAUSED' });
    case 'BatchResumed':
      return statusPatch(id, { status: 'RUNNING', status_message: null, next_wave_at: null });
    case 'BatchStopped':
      return statusPatch(id, { status: 'STOPPED', status_message: event.data.message });
    // What was never begun is derived from that.
    case 'BatchCancelled':
      return [patch('batch', id, { status: 'CANCELLED', next_wave_at: null }), derive('batch', id)];
    case 'BatchCompleted':
      // One that was cancelled stays so: that is derived, too.
      return [patch('batch', id, { ended_at: at, next_wave_at: null, status_message: null }), derive('batch', id)];
    default:
      return event satisfies never;
  }
};

/** They go with what they are about. */
export const withoutBatches = (column: 'namespace_id' | 'environment_id', id: string): readonly Effect[] =>
  (['batch', 'batch_item'] as const).map((table) => purge(table, column, id));
