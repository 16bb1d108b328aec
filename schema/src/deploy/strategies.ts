/** How a rollout replaces what is there: shapes and facts. */
import { z } from 'zod';
import { id } from '../ids.ts';

export const strategyKinds = ['ROLLING', 'RECREATE', 'CANARY', 'BLUE_GREEN'] as const;
export const MOST_STEPS = 20;

const seconds = z.number().int().min(0).max(86_400);
const pauseSeconds = seconds.nullable().meta({
  description: 'It waits so long once its step is reached; null: until somebody promotes it.',
  'x-unit': 's',
});
/** One of both: how many instances of the new release there are while the step lasts. */
const canaryStep = z
  .strictObject({
    count: z.number().int().min(1).max(1000).nullable().meta({
      description: 'Instances of the new release; all replicas at most.',
      'x-unit': 'instance',
    }),
    weightPercent: z.number().int().min(1).max(99).nullable().meta({
      description: 'Of the replicas, rounded up; all that are ready get connections equally often.',
      'x-unit': '%',
    }),
    pauseSeconds,
  })
  .refine(
    ({ count, weightPercent }) => (count === null) !== (weightPercent === null),
    'a step says either count or weightPercent: give one of both',
  )
  .meta({ 'x-rule': 'either count or weightPercent' });
export type CanaryStep = z.infer<typeof canaryStep>;

/** Rising, in one unit: which of two steps is further doesn't depend on how many replicas there are. */
const canarySteps = z
  .array(canaryStep)
  .describe('Its steps, rising.')
  .min(1, 'a canary needs at least one step: {weightPercent: 10}, for one')
  .max(MOST_STEPS, `at most ${MOST_STEPS} steps`)
  .superRefine((steps, context) => {
    for (const [index, step] of steps.entries()) {
      const before = steps[index - 1];
      if (before === undefined) continue;
      const unit = step.count === null ? 'weightPercent' : 'count';
      const [was, is] = [before[unit], step[unit]];
      if (was === null)
        context.addIssue({
          ...{ code: 'custom', path: [index, unit] },
          message: 'all steps say count, or all say weightPercent: don’t mix them',
        });
      else if (is !== null && is <= was)
        context.addIssue({
          ...{ code: 'custom', path: [index, unit] },
          message: `steps must rise: ${is} comes after ${was}; leave it out, or give it more`,
        });
    }
  })
  .meta({ 'x-rule': 'rising, in one unit' });

export const rolloutStrategy = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('ROLLING').describe('One by one, within surge and unavailability.') }),
    z.strictObject({ kind: z.literal('RECREATE').describe('All others are gone before the first new one is placed.') }),
    z.strictObject({ kind: z.literal('CANARY').describe('Step by step, with pauses.'), steps: canarySteps }),
    z.strictObject({
      kind: z.literal('BLUE_GREEN').describe('All new ones beside the others, and then a switch.'),
      autoPromoteSeconds: seconds.nullable().meta({
        description: 'All ready, it switches after so long; null: once somebody promotes it.',
        'x-unit': 's',
      }),
      scaleDownDelaySeconds: seconds.meta({
        description: 'So long after the switch the others stop.',
        'x-unit': 's',
      }),
    }),
  ])
  .meta({ description: 'How what is there is replaced.' });
export type RolloutStrategy = z.infer<typeof rolloutStrategy>;
export const rolling: RolloutStrategy = { kind: 'ROLLING' };

/** How many steps such a rollout has before its last part, which every rollout has. */
export function stepsOf(strategy: RolloutStrategy): number {
  switch (strategy.kind) {
    case 'ROLLING':
    case 'RECREATE':
      return 0;
    case 'CANARY':
      return strategy.steps.length;
    case 'BLUE_GREEN':
      // All new ones beside the others; and, after the switch, the others still there.
      return 2;
    default:
      return strategy satisfies never;
  }
}

const deploymentId = id('deployment');
const rollout = { deploymentId, rolloutId: id('rollout'), releaseId: id('release') };
const step = z.number().int().min(1).describe('Which of its steps, from 1.');
const instances = (description: string) => z.number().int().min(0).meta({ description, 'x-unit': 'instance' });

export const strategyEvents = {
  RolloutStrategySet: {
    doc: 'How rollouts of the deployment that begin from now on replace what is there.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({ deploymentId, strategy: rolloutStrategy }),
  },
  RolloutStepReached: {
    doc: 'All that the step of the rollout asks for is there and ready: it waits.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({
      ...rollout,
      step,
      targets: instances('Instances of its release, all ready.'),
      until: z.iso.datetime().nullable().describe('It goes on by itself then: UTC. Null: once somebody promotes it.'),
    }),
  },
  RolloutStepUndone: {
    doc: 'While it waited, instances of its release have stopped to serve: the step has to be reached once more, and its pause begins anew.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({
      ...rollout,
      step,
      ready: instances('Instances of its release that are still ready.'),
      targets: instances('Instances of its release that the step asks for.'),
      deadlineAt: z.iso.datetime().nullable().describe('It fails if nothing progresses before: UTC. Null: never.'),
    }),
  },
  RolloutPromoted: {
    doc: 'The rollout goes on from one of its steps.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({
      ...rollout,
      step: step.describe(
        'The step that it is at now, from 1; one more than it has: the last part, up to all replicas.',
      ),
      by: z.enum(['TIME', 'PERSON']).describe('Its pause was over, or somebody asked for it.'),
      deadlineAt: z.iso.datetime().nullable().describe('It fails if nothing progresses before: UTC. Null: never.'),
    }),
  },
  TrafficSwitched: {
    doc: 'Services and port mappings send new connections to ready instances of these releases of the deployment only.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({
      deploymentId,
      namespaceId: id('namespace'),
      releaseIds: z.array(id('release')).max(1000).nullable().describe('Null: of all.'),
    }),
  },
} as const;
