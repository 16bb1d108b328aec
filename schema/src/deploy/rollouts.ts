/** How a rollout is suspended, fails and is undone: shapes and facts. */
import { z } from 'zod';
import { id } from '../ids.ts';
import { rolling, rolloutStrategy, strategyEvents } from './strategies.ts';

export const rolloutKinds = ['INITIAL', 'UPGRADE', 'ROLLBACK'] as const;

/**
 * GRADUAL: within the deployment's surge and unavailability. FAST: what is known to be bad goes at once, though fewer
 * than the minimum are left.
 */
export const rolloutPaces = ['GRADUAL', 'FAST'] as const;
export const rolloutPace = z
  .enum(rolloutPaces)
  .describe('GRADUAL: within surge and unavailability. FAST: what is known to be bad stops at once.');
export type RolloutPace = z.infer<typeof rolloutPace>;

/** FREEZE: it stays as it is, for people to decide. The others: back to the last known good release, at that pace. */
export const failureAnswers = ['FREEZE', ...rolloutPaces] as const;
export const failureAnswer = z
  .enum(failureAnswers)
  .describe('FREEZE: nothing moves until somebody decides. GRADUAL, FAST: rolled back to the last known good release.');
export type FailureAnswer = z.infer<typeof failureAnswer>;

export const progressDeadlineSeconds = z.number().int().min(5).max(86_400).nullable().meta({
  description: 'A rollout that makes no progress for so long has failed; null: it never does.',
  'x-unit': 's',
});

/** What becomes of rollouts that don't get on. */
export const rolloutPolicy = z.strictObject({ progressDeadlineSeconds, onFailure: failureAnswer });
export type RolloutPolicy = z.infer<typeof rolloutPolicy>;
export const defaultRolloutPolicy: RolloutPolicy = { progressDeadlineSeconds: 600, onFailure: 'FREEZE' };

/** UNSTABLE: what was ready fell over too often while it waited at a step. */
export const failureReasons = ['PROGRESS_DEADLINE_EXCEEDED', 'UNSTABLE'] as const;

const deploymentId = id('deployment');
const releaseId = id('release');
const rolloutId = id('rollout');
const rollout = { deploymentId, rolloutId, releaseId };
const message = z.string().max(1000).describe('Explains it to a person.');
const deadlineAt = z.iso
  .datetime()
  .nullable()
  .describe('It fails if nothing progresses before: UTC. Null where there is no deadline.');
const targets = z
  .number()
  .int()
  .min(0)
  .meta({ description: 'Instances of its release that there are, and stay.', 'x-unit': 'instance' });
const extra = z.number().int().meta({
  description: 'Instances above the replicas (below: negative) that there are, and stay.',
  'x-unit': 'instance',
});

const startedV1 = z.strictObject({
  deploymentId,
  rolloutId,
  kind: z.enum(rolloutKinds).describe('The first one, to a new release, or back to an earlier one.'),
  releaseId,
  releaseNumber: z.number().int().min(1).describe('Number of the release, from 1 within its deployment.'),
  fromReleaseId: releaseId.nullable().describe('Id of the release before it; null for the first rollout.'),
});

export const rolloutEvents = {
  ...strategyEvents,
  RolloutStarted: {
    doc: 'The deployment is on its way to a release.',
    stream: 'deployment',
    version: 2,
    data: startedV1.extend({
      pace: rolloutPace,
      automatic: z.boolean().describe('Nobody asked for it: the rollout before it has failed.'),
      deadlineAt,
      strategy: rolloutStrategy.meta({ description: 'How it replaces; of a rollback, how that goes.' }),
    }),
    upcasters: {
      1: (data: unknown) => ({
        ...startedV1.parse(data),
        ...{ pace: 'GRADUAL', automatic: false, deadlineAt: null, strategy: rolling },
      }),
    },
  },
  RolloutProgressed: {
    doc: 'More of the rollout is done than was last told, or it has a deadline again: it has until then for what comes next.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({
      ...rollout,
      ready: z
        .number()
        .int()
        .min(0)
        .meta({ description: 'Instances of its release that are ready.', 'x-unit': 'instance' }),
      others: z.number().int().min(0).meta({ description: 'Instances of other releases.', 'x-unit': 'instance' }),
      deadlineAt,
    }),
  },
  RolloutSuspended: {
    doc: 'The rollout stands still: nothing is replaced until it is resumed. What is lost is replaced by its like.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({
      ...rollout,
      ...{ targets, extra },
      remainingMs: z.number().int().min(0).nullable().meta({
        description: 'What was left until its deadline, and will be again; null without one.',
        'x-unit': 'ms',
      }),
    }),
  },
  RolloutResumed: {
    doc: 'The rollout goes on: it was suspended, or had failed and is tried once more.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({ ...rollout, deadlineAt }),
  },
  RolloutFailed: {
    doc: 'The rollout has made no progress for too long, or what was ready fell over too often. Its release is known to be bad: no rollback goes there by itself.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({
      ...rollout,
      reason: z.enum(failureReasons).describe('What it has failed by.'),
      message,
      ...{ targets, extra },
      answer: failureAnswer,
    }),
  },
  RollbackRefused: {
    doc: 'The rollback that was to follow a failed rollout by itself can not be made. It stays as it is, for people to decide.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({ ...rollout, code: z.string().max(64).describe('Error code.'), message }),
  },
  RolloutPolicySet: {
    doc: 'What becomes of rollouts of the deployment that do not get on.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({ deploymentId, progressDeadlineSeconds, onFailure: failureAnswer }),
  },
} as const;
