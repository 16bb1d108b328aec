/** One operation on many deployments, picked by their labels, in waves: shapes, facts and commands. */
import { z } from 'zod';
import { id } from '../ids.ts';
import { labels, name } from '../text.ts';
import { rolloutPace } from './rollouts.ts';
import { replicas, resources } from './spec.ts';

/** A batch is about no more deployments: its facts are one event. */
export const MOST_IN_BATCH = 1000;
/** More than that are touched only by who says that these are the ones: with the preview's `confirm`. */
export const MOST_UNCONFIRMED = 50;
/** A preview tells so many one by one, and counts all. */
export const MOST_SHOWN = 100;

/** What is the same of many: everything else of a release is each deployment's own. */
const change = z
  .strictObject({
    image: z.string().max(2000).optional().describe('Image reference with a digest.'),
    resources: resources.partial().optional().describe('What each instance takes on its node.'),
  })
  .refine(
    ({ image, resources: asked }) => image !== undefined || Object.keys(asked ?? {}).length > 0,
    'an upgrade says what is to change: give image, cpuMillis or memoryMiB; to replace what runs by its like, RESTART',
  )
  .meta({ description: 'What each comes to run; what is left out stays.', 'x-rule': 'image or resources' });

export const batchOperation = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('UPGRADE').describe('A new release with what is changed.'), change }),
    z.strictObject({
      kind: z.literal('ROLLBACK').describe('Each to its last known good release.'),
      pace: rolloutPace,
    }),
    z.strictObject({ kind: z.literal('RESTART').describe('A new release that is as the one before.') }),
    z.strictObject({ kind: z.literal('SCALE').describe('Each to so many replicas.'), replicas }),
    z.strictObject({ kind: z.literal('SUSPEND').describe('Rollouts under way stand still.') }),
    z.strictObject({ kind: z.literal('RESUME').describe('Rollouts that stand still go on.') }),
  ])
  .meta({ description: 'What is done to each deployment.' });
export type BatchOperation = z.infer<typeof batchOperation>;

/** Deployments within a namespace or an environment that have all of these labels. */
const scope = {
  scopeId: z.union([id('namespace'), id('environment')]).describe('Id of a namespace or of an environment.'),
  labels: labels.refine((all) => Object.keys(all).length > 0, 'give at least one label: it says which deployments'),
};

const waves = z.union([
  z.strictObject({ count: z.number().int().min(1).max(MOST_IN_BATCH) }),
  z.strictObject({ percent: z.number().int().min(1).max(100) }),
]);

const batchId = id('batch');
const deploymentId = id('deployment');
const deploymentIds = z.array(deploymentId).min(1).max(MOST_IN_BATCH).describe('Ids of these deployments.');
const where = {
  batchId,
  environmentId: id('environment').describe('Where all of its deployments are.'),
  namespaceId: id('namespace')
    .nullable()
    .describe('Where all of its deployments are; null: anywhere in the environment.'),
};
const message = z
  .string()
  .max(1000)
  .nullable()
  .describe('Explains it to a person; null where there is nothing to say.');
const code = z.string().max(64).nullable().describe('Error code; null where nothing went wrong.');
const wave = z.number().int().min(1).describe('Which wave, from 1.');
const count = (description: string) => z.number().int().min(0).meta({ description, 'x-unit': 'deployment' });

export const itemOutcomes = ['SUCCEEDED', 'UNCHANGED', 'FAILED', 'SKIPPED'] as const;
export type ItemOutcome = (typeof itemOutcomes)[number];

export const batchEvents = {
  BatchStarted: {
    doc: 'One operation on many deployments has begun: these, and no others, whatever is labelled later.',
    stream: 'batch',
    version: 1,
    data: z.strictObject({
      ...where,
      labels: labels.describe('What they were picked by.'),
      operation: batchOperation,
      deployments: z
        .array(z.strictObject({ deploymentId, name }))
        .min(1)
        .max(MOST_IN_BATCH)
        .describe('In their order.'),
      waveSize: z.number().int().min(1).meta({ description: 'Never more are under way.', 'x-unit': 'deployment' }),
      pauseSeconds: z.number().int().min(0).meta({ description: 'Between two waves.', 'x-unit': 's' }),
      maxFailures: count('It stops once more than these have failed.'),
    }),
  },
  BatchItemsBegun: {
    doc: 'The batch begins with these deployments.',
    stream: 'batch',
    version: 1,
    data: z.strictObject({
      ...where,
      wave,
      deploymentIds,
      giveUpAt: z.iso.datetime().describe('Those that could not be begun by then have failed: UTC.'),
    }),
  },
  BatchItemAccepted: {
    doc: 'A deployment of the batch is on its way.',
    stream: 'batch',
    version: 1,
    data: z.strictObject({
      batchId,
      deploymentId,
      rolloutId: id('rollout').nullable().describe('Null where it is no rollout.'),
      deadlineAt: z.iso
        .datetime()
        .nullable()
        .describe('Has failed then, where no rollout has a deadline of its own: UTC.'),
    }),
  },
  BatchItemEnded: {
    doc: 'A deployment of the batch is done, or was not to be done.',
    stream: 'batch',
    version: 1,
    data: z.strictObject({
      batchId,
      deploymentId,
      outcome: z.enum(itemOutcomes).describe('What became of it.'),
      code,
      message,
    }),
  },
  BatchWaveEnded: {
    doc: 'All of the wave are done.',
    stream: 'batch',
    version: 1,
    data: z.strictObject({ ...where, wave, nextAt: z.iso.datetime().describe('The next one begins then: UTC.') }),
  },
  BatchPaused: {
    doc: 'No further deployment is begun until it is resumed; those under way go on.',
    stream: 'batch',
    version: 1,
    data: z.strictObject(where),
  },
  BatchResumed: {
    doc: 'The batch goes on at once. What has failed so far stops it no more.',
    stream: 'batch',
    version: 1,
    data: z.strictObject(where),
  },
  BatchStopped: {
    doc: 'Too many have failed: no further deployment is begun; those under way go on, and back by their own strategy.',
    stream: 'batch',
    version: 1,
    data: z.strictObject({ ...where, failed: count('How many have failed.'), message }),
  },
  BatchCancelled: {
    doc: 'No further deployment is begun, for good; those under way go on.',
    stream: 'batch',
    version: 1,
    data: z.strictObject({ ...where, skipped: count('How many were never begun.') }),
  },
  BatchCompleted: {
    doc: 'None is left to be begun, and none is under way.',
    stream: 'batch',
    version: 1,
    data: z.strictObject({
      ...where,
      succeeded: count('Those that are as they were to be.'),
      unchanged: count('Those that were so already.'),
      failed: count('Those that could not be, or did not get on.'),
      skipped: count('Those that are gone, or were never begun.'),
    }),
  },
} as const;

const verdict = z.strictObject({
  deploymentId,
  name,
  namespaceId: id('namespace'),
  verdict: z.enum(['CHANGED', 'UNCHANGED', 'REFUSED']),
  fromRelease: z.number().int().nullable(),
  /** Null where it stays as it is. */
  toRelease: z.number().int().nullable(),
  fromReplicas: z.number().int(),
  toReplicas: z.number().int(),
  code,
  message,
});
export type BatchVerdict = z.infer<typeof verdict>;

const batchResult = z.strictObject({ batchId });

export const batchCommands = {
  /** Changes nothing: which deployments it is about, and what would become of each. */
  PreviewBatch: {
    input: z.strictObject({ ...scope, operation: batchOperation }),
    result: z.strictObject({
      count: z.number().int(),
      /** Null where there are none, or too many. */
      confirm: z.string().nullable(),
      confirmationRequired: z.boolean(),
      /** Why it can't be started; null where it can. */
      refusal: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
      changed: z.number().int(),
      unchanged: z.number().int(),
      refused: z.number().int(),
      deployments: z.array(verdict).max(MOST_SHOWN),
    }),
  },
  StartBatch: {
    input: z.strictObject({
      ...scope,
      operation: batchOperation,
      waves,
      pauseSeconds: z.number().int().min(0).max(86_400).default(0),
      maxFailures: z.number().int().min(0).max(MOST_IN_BATCH).default(0),
      /** `confirm` of the preview; null: whichever there are, up to MOST_UNCONFIRMED. */
      confirm: z.string().max(100).nullable().default(null),
    }),
    result: batchResult,
  },
  PauseBatch: { input: z.strictObject({ batchId }), result: batchResult },
  /** Also one that has stopped. */
  ResumeBatch: { input: z.strictObject({ batchId }), result: batchResult },
  CancelBatch: { input: z.strictObject({ batchId }), result: batchResult },
} as const;
