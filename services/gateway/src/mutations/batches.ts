/** Mutations of batches: one operation on many deployments. */
import { type Keyed, mutation } from './definition.ts';
import { type LabelInput, labelMap, labelRepetition } from './lists.ts';
import { tenantOf } from './tenancy.ts';

export interface OperationInput {
  readonly kind: 'UPGRADE' | 'ROLLBACK' | 'RESTART' | 'SCALE' | 'SUSPEND' | 'RESUME';
  readonly image?: string | null;
  readonly cpuMillis?: number | null;
  readonly memoryMiB?: number | null;
  readonly replicas?: number | null;
  readonly pace?: 'GRADUAL' | 'FAST' | null;
}

/** As the command has it; what belongs to another kind is given on, and refused there. */
export function operationOf({ kind, image, cpuMillis, memoryMiB, replicas, pace }: OperationInput) {
  const resources = { ...(cpuMillis == null ? {} : { cpuMillis }), ...(memoryMiB == null ? {} : { memoryMiB }) };
  const change = {
    ...(image == null ? {} : { image }),
    ...(Object.keys(resources).length === 0 ? {} : { resources }),
  };
  const given = {
    ...(Object.keys(change).length === 0 ? {} : { change }),
    ...(replicas == null ? {} : { replicas }),
    ...(pace == null ? {} : { pace }),
  };
  if (kind === 'UPGRADE') return { kind, change: {}, ...given };
  return kind === 'ROLLBACK' ? { kind, pace: 'GRADUAL', ...given } : { kind, ...given };
}

/** Where faults of an operation are, in the words of its input. */
export const operationFields = {
  'operation.change.resources': 'operation',
  'operation.change': 'operation',
};

interface StartBatchInput extends Keyed {
  readonly scopeId: string;
  readonly labels: readonly LabelInput[];
  readonly operation: OperationInput;
  readonly waveSize?: number | null;
  readonly wavePercent?: number | null;
  readonly pauseSeconds: number;
  readonly maxFailures: number;
  readonly confirm?: string | null;
}

const DEFAULT_WAVE_PERCENT = 10;

const startBatch = mutation<StartBatchInput>({
  touches: ['scopeId'],
  context: 'deploy',
  command: 'StartBatch',
  rows: { batch: 'batchId' },
  renamed: { ...operationFields, 'waves.count': 'waveSize', 'waves.percent': 'wavePercent', waves: '' },
  keyed: { labels: 'key' },
  order({ scopeId, labels, operation, waveSize, wavePercent, pauseSeconds, maxFailures, confirm }, { viewer }) {
    const twice = labelRepetition(labels, 'labels');
    if (twice) return twice;
    const percent = wavePercent ?? (waveSize == null ? DEFAULT_WAVE_PERCENT : null);
    // Both: refused by who knows both.
    const waves = { ...(waveSize == null ? {} : { count: waveSize }), ...(percent === null ? {} : { percent }) };
    const said = { operation: operationOf(operation), waves, pauseSeconds, maxFailures, confirm: confirm ?? null };
    return { tenant: tenantOf(viewer), data: { scopeId, labels: labelMap(labels), ...said }, expectedVersion: null };
  },
});

const told = (command: 'PauseBatch' | 'ResumeBatch' | 'CancelBatch') =>
  mutation<Keyed & { readonly batchId: string }>({
    touches: ['batchId'],
    context: 'deploy',
    command,
    rows: { batch: 'batchId' },
    order: ({ batchId }, { viewer }) => ({ tenant: tenantOf(viewer), data: { batchId }, expectedVersion: null }),
  });

export const batchMutations = {
  startBatch,
  pauseBatch: told('PauseBatch'),
  resumeBatch: told('ResumeBatch'),
  cancelBatch: told('CancelBatch'),
};
