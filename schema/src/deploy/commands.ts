/** What can be asked of the deploy service. Subject: `cmd.deploy.<Name>`. */
import { z } from 'zod';
import { id } from '../ids.ts';
import type { InputOf, ResultOf } from '../registry.ts';
import { remains, remainsScope } from '../remains.ts';
import { labels, MAX_LABELS, name } from '../text.ts';
import { batchCommands } from './batches.ts';
import { fencingCommands } from './fencing.ts';
import { noWishes, placementDecision, placementWishes } from './placement.ts';
import { poolCommands } from './pools.ts';
import { requested, requestedProcess } from './processes.ts';
import { failureAnswer, progressDeadlineSeconds, rolloutPace } from './rollouts.ts';
import {
  alone,
  dependsOn,
  image,
  MOST_PROCESSES,
  processName,
  releaseSpec,
  replicas,
  resources,
  rollingStrategy,
} from './spec.ts';
import { rolloutStrategy } from './strategies.ts';

/** The image as the tenant typed it: its exact faults are told by the service, with codes of their own. */
const others = z.array(requestedProcess).max(MOST_PROCESSES - 1);
const requestedSpec = releaseSpec.extend({
  ...requested,
  name: processName.default(alone.name),
  liveness: requested.liveness.default(null),
  startup: requested.startup.default(null),
  dependsOn: dependsOn.default([]),
  others: others.default([]),
});
/** CPU and memory are changed one by one, too. */
const requestedChange = releaseSpec
  .extend({ ...requested, others })
  .partial()
  .extend({ resources: resources.partial().optional() });

const requestedPolicy = z.strictObject({
  progressDeadlineSeconds: progressDeadlineSeconds.optional(),
  onFailure: failureAnswer.optional(),
});

/** Its instances carry one more, with its name. */
export const deploymentLabels = labels.refine(
  (all) => Object.keys(all).length < MAX_LABELS,
  `at most ${MAX_LABELS - 1} labels: one more, with the deployment's name, is added to its instances`,
);

/** Of one `JudgeImages`: what is asked stays far below what a message may hold. */
export const MAX_JUDGED_IMAGES = 200;

/** Of one `PreviewPlacement`. */
export const MOST_PREVIEWED = 100;

export const deployCommands = {
  ...poolCommands,
  ...fencingCommands,
  ...batchCommands,
  CreateDeployment: {
    input: z.strictObject({
      namespaceId: id('namespace'),
      name,
      labels: deploymentLabels.default({}),
      replicas,
      strategy: rollingStrategy,
      /** What is left out is as in `defaultRolloutPolicy`. */
      policy: requestedPolicy.optional(),
      /** How its rollouts replace; ROLLING where nothing is said. */
      rollouts: rolloutStrategy.optional(),
      spec: requestedSpec,
      placement: placementWishes.default(noWishes),
      /** Never more than `replicas` run at once, wherever. */
      fenced: z.boolean().default(false),
    }),
    result: z.strictObject({ deploymentId: id('deployment') }),
  },
  /** All that it asks of the places of its instances: of those that are placed from then on. */
  SetDeploymentPlacement: {
    input: z.strictObject({ deploymentId: id('deployment'), placement: placementWishes }),
    result: z.strictObject({ deploymentId: id('deployment') }),
  },
  /** Changes nothing: where instances would be placed now, and why. */
  PreviewPlacement: {
    input: z.strictObject({
      namespaceId: id('namespace'),
      replicas: replicas.min(1).max(MOST_PREVIEWED),
      resources,
      placement: placementWishes.default(noWishes),
    }),
    result: z.strictObject({
      fit: z.number().int(),
      /** Null where all fit; else why not, with what would. */
      refusal: z.string().nullable(),
      places: z.array(z.strictObject({ nodeId: id('node'), decision: placementDecision })),
      /** Of the next one after those that fit. */
      unplaced: placementDecision.nullable(),
    }),
  },
  /** Records a new release and starts a rollout to it. Settings left out stay as in the newest release. */
  UpgradeDeployment: {
    input: z.strictObject({ deploymentId: id('deployment'), spec: requestedChange }),
    result: z.strictObject({ deploymentId: id('deployment'), releaseId: id('release'), rolloutId: id('rollout') }),
  },
  /** To the release with that number, or, without one, to the newest other release whose rollout once completed. */
  RollbackDeployment: {
    input: z.strictObject({
      deploymentId: id('deployment'),
      toRelease: z.number().int().min(1).nullable(),
      pace: rolloutPace.optional(),
    }),
    result: z.strictObject({ deploymentId: id('deployment'), releaseId: id('release'), rolloutId: id('rollout') }),
  },
  /** Nothing is replaced from now on until it is resumed. */
  SuspendRollout: {
    input: z.strictObject({ deploymentId: id('deployment') }),
    result: z.strictObject({ deploymentId: id('deployment'), rolloutId: id('rollout') }),
  },
  /** One that is suspended goes on; one that has failed is tried once more. */
  ResumeRollout: {
    input: z.strictObject({ deploymentId: id('deployment') }),
    result: z.strictObject({ deploymentId: id('deployment'), rolloutId: id('rollout') }),
  },
  /** On from the step at which it waits; `full`: past all that are left. */
  PromoteRollout: {
    input: z.strictObject({ deploymentId: id('deployment'), full: z.boolean().default(false) }),
    result: z.strictObject({ deploymentId: id('deployment'), rolloutId: id('rollout') }),
  },
  /** Back to the last known good release, out of a rollout that is under way. */
  AbortRollout: {
    input: z.strictObject({ deploymentId: id('deployment'), pace: rolloutPace.optional() }),
    result: z.strictObject({ deploymentId: id('deployment'), rolloutId: id('rollout') }),
  },
  /** Of rollouts that begin from now on. */
  SetRolloutStrategy: {
    input: z.strictObject({ deploymentId: id('deployment'), strategy: rolloutStrategy }),
    result: z.strictObject({ deploymentId: id('deployment') }),
  },
  /** What is left out stays. */
  SetRolloutPolicy: {
    input: z.strictObject({ deploymentId: id('deployment'), policy: requestedPolicy }),
    result: z.strictObject({ deploymentId: id('deployment') }),
  },
  ScaleDeployment: {
    input: z.strictObject({ deploymentId: id('deployment'), replicas }),
    result: z.strictObject({ deploymentId: id('deployment') }),
  },
  /** All labels of the deployment itself; its instances keep those that it was created with. */
  SetDeploymentLabels: {
    input: z.strictObject({ deploymentId: id('deployment'), labels }),
    result: z.strictObject({ deploymentId: id('deployment') }),
  },
  DeleteDeployment: {
    input: z.strictObject({ deploymentId: id('deployment') }),
    result: z.strictObject({ deploymentId: id('deployment') }),
  },
  /** Changes nothing: which of the images the environment would refuse by its rules as they are now, as an upgrade to it. */
  JudgeImages: {
    input: z.strictObject({ environmentId: id('environment'), images: z.array(image).min(1).max(MAX_JUDGED_IMAGES) }),
    result: z.strictObject({
      refusals: z.array(z.strictObject({ image, code: z.string(), message: z.string() })),
    }),
  },
  /** Changes nothing: how many instances of the tenant's namespaces run on nodes that aren't kept for it. Those with none are left out. */
  CountOnSharedNodes: {
    input: z.strictObject({ namespaceIds: z.array(id('namespace')).min(1).max(100) }),
    result: z.strictObject({
      namespaces: z.array(z.strictObject({ namespaceId: id('namespace'), instances: z.number().int().min(1) })),
    }),
  },
  /** Changes nothing: how much of a scope, of the tenant that it is sent under, is left here. */
  CountRemains: { input: z.strictObject({ scope: remainsScope }), result: remains },
} as const;

export type DeployCommand = keyof typeof deployCommands;
export type DeployInput<N extends DeployCommand> = InputOf<typeof deployCommands, N>;
export type DeployResult<N extends DeployCommand> = ResultOf<typeof deployCommands, N>;
