/** Facts of the deploy context. Streams: `node:<id>` (platform), `namespace:<id>`, `deployment:<id>`. */
import { z } from 'zod';
import { id } from '../ids.ts';
import type { EventsOf } from '../registry.ts';
import { labels, name } from '../text.ts';
import { batchEvents } from './batches.ts';
import { deployEnvironmentEvents } from './environments.ts';
import { fencingEvents } from './fencing.ts';
import { decisionFromV1, placementDecision, placementDecisionV1, placementWishes } from './placement.ts';
import { poolEvents } from './pools.ts';
import { rolloutEvents } from './rollouts.ts';
import { releaseSpec, releaseSpecV1, replicas, resources, rollingStrategy, specFromV1 } from './spec.ts';

export const runtimes = ['docker', 'simulated'] as const;

const instanceReasonsV1 = [
  'IMAGE_PULL_FAILED',
  'CONTAINER_CREATE_FAILED',
  'SANDBOX_FAILED',
  'EXITED',
  'OUT_OF_MEMORY',
  'READINESS_FAILED',
  'NODE_LOST',
] as const;
/** Why an instance isn't running. `message` of an event explains it to a person. */
export const instanceReasons = [...instanceReasonsV1, 'STARTUP_FAILED', 'LIVENESS_FAILED'] as const;
export const stopReasons = ['REPLACED', 'SCALED_DOWN', 'DELETED', 'RESCHEDULED'] as const;
/** Why an instance has to leave its node. */
export const moveCauses = ['DRAIN'] as const;
export const blockReasons = ['NO_READY_NODE', 'INSUFFICIENT_CAPACITY', 'QUOTA_EXCEEDED'] as const;

const instance = { deploymentId: id('deployment'), instanceId: id('instance'), nodeId: id('node') };
const rollout = { deploymentId: id('deployment'), rolloutId: id('rollout'), releaseId: id('release') };
const message = z.string().max(1000).describe('Explains it to a person.');
const reason = z.enum(instanceReasons).describe('Why it is not running.');
/** Of an instance that is lost with its node, and of any before there were more reasons. */
const reasonV1 = z.enum(instanceReasonsV1).describe('Why it is not running.');
const releaseNumber = z.number().int().min(1).describe('Number of the release, from 1 within its deployment.');

const placed = z.strictObject({
  ...instance,
  namespaceId: id('namespace'),
  releaseId: id('release'),
  labels: labels.meta({ description: "The deployment's labels, and `atoll.deployment` with its name." }),
  resources: resources.describe('What is taken for it on the node.'),
});

const releaseHead = {
  deploymentId: id('deployment'),
  namespaceId: id('namespace'),
  releaseId: id('release'),
  number: releaseNumber,
};
const releaseV1 = z.strictObject({
  ...releaseHead,
  spec: releaseSpecV1.describe('The image by digest and its configuration, whole.'),
});

const faringV1 = z.strictObject({ ...instance, reason: reasonV1, message });

const nodeFacts = z.strictObject({
  nodeId: id('node'),
  name,
  runtime: z.enum(runtimes).describe('What runs its instances: real containers, or a simulation.'),
  capacity: resources.describe('What all instances on it may take together.'),
  maxInstances: z.number().int().min(1).meta({ description: 'Instances on it at most.', 'x-unit': 'instance' }),
});

/** What a deployment takes of the quotas: measures of tenancy/quotas.ts. */
export const heldAmounts = z.strictObject({
  cpuMillis: z.number().int().min(0).meta({ description: 'Processor time.', 'x-unit': 'millicore' }),
  memoryMiB: z.number().int().min(0).meta({ description: 'Memory.', 'x-unit': 'MiB' }),
  instances: z.number().int().min(0).meta({ description: 'Instances.', 'x-unit': 'instance' }),
});

export const deployEvents = {
  ...deployEnvironmentEvents,
  ...batchEvents,
  ...poolEvents,
  ...fencingEvents,
  // of the platform's tenant
  NodeRegistered: {
    doc: 'A machine has joined: its agent was heard for the first time.',
    stream: 'node',
    version: 1,
    data: nodeFacts,
  },
  NodeChanged: {
    doc: "The agent's machine or runtime has changed.",
    stream: 'node',
    version: 1,
    data: nodeFacts,
  },
  NodeBecameReady: {
    doc: 'The agent of the node is heard of; instances may be placed there.',
    stream: 'node',
    version: 1,
    data: z.strictObject({ nodeId: id('node') }),
  },
  NodeBecameUnreachable: {
    doc: "The node's agent has not been heard of. What it runs goes on running, and nothing new is placed there.",
    stream: 'node',
    version: 1,
    data: z.strictObject({ nodeId: id('node'), reason: message }),
  },

  // this context's own gate for what is created underneath
  NamespaceOpened: {
    doc: 'Deployments may be created in the namespace.',
    stream: 'namespace',
    version: 1,
    data: z.strictObject({ namespaceId: id('namespace'), environmentId: id('environment'), name }),
  },
  NamespaceClosed: {
    doc: 'The namespace is being deleted: no deployment can be created in it any more, and those in it go.',
    stream: 'namespace',
    version: 1,
    data: z.strictObject({ namespaceId: id('namespace') }),
  },
  NamespaceDrained: {
    doc: 'Closed, and no deployment is left in it.',
    stream: 'namespace',
    version: 1,
    data: z.strictObject({ namespaceId: id('namespace') }),
  },

  DeploymentCreated: {
    doc: 'Somebody wants replicas of a program to run, and to be kept running.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({
      deploymentId: id('deployment'),
      namespaceId: id('namespace'),
      name,
      labels,
      replicas,
      strategy: rollingStrategy,
    }),
  },
  ReleaseCreated: {
    doc: 'What is to run has been written down. Releases are numbered from 1 within their deployment and never change.',
    stream: 'deployment',
    version: 2,
    data: z.strictObject({
      ...releaseHead,
      spec: releaseSpec.describe('The image by digest and its configuration, whole.'),
    }),
    upcasters: {
      1: (data: unknown) => {
        const old = releaseV1.parse(data);
        return { ...old, spec: specFromV1(old.spec) };
      },
    },
  },
  ...rolloutEvents,
  RolloutCompleted: {
    doc: 'Every replica runs the release and is ready, and nothing of an earlier one is left.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject(rollout),
  },
  RolloutSuperseded: {
    doc: 'Another rollout took over before this one was done.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject(rollout),
  },
  RolloutBlocked: {
    doc: 'The deployment can not go on for now; it goes on by itself once the reason is gone.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({
      deploymentId: id('deployment'),
      reason: z.enum(blockReasons).describe('What is missing.'),
      message,
    }),
  },
  RolloutUnblocked: {
    doc: 'What blocked the deployment is gone.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({ deploymentId: id('deployment') }),
  },
  DeploymentScaled: {
    doc: 'Another number of replicas is wanted.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({
      deploymentId: id('deployment'),
      replicas,
      from: replicas.meta({ description: 'Instances wanted before.', 'x-unit': 'instance' }),
    }),
  },
  DeploymentPlacementSet: {
    doc: 'What the deployment asks of the places of its instances, for those that are placed from now on.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({
      deploymentId: id('deployment'),
      namespaceId: id('namespace'),
      placement: placementWishes.describe('All that it asks.'),
    }),
  },
  DeploymentLabelsSet: {
    doc: 'The deployment itself has these labels from now on. Its instances, also those to come, carry the ones that it was created with: what policies allow them stays as it is.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({
      deploymentId: id('deployment'),
      namespaceId: id('namespace'),
      labels: labels.meta({ description: 'All of its labels, by key.' }),
    }),
  },
  DeploymentDeletionRequested: {
    doc: 'Somebody wants the deployment gone: its instances are told to stop.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({ deploymentId: id('deployment'), namespaceId: id('namespace') }),
  },
  DeploymentDeleted: {
    doc: 'No instance of the deployment is left; its name is free again.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({ deploymentId: id('deployment'), namespaceId: id('namespace'), name }),
  },
  HoldingChanged: {
    doc: 'What the deployment takes of the quotas has changed: the most that it can come to hold by itself, surge included.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({
      deploymentId: id('deployment'),
      namespaceId: id('namespace'),
      name,
      amounts: heldAmounts.describe('What it takes from now on.'),
      reservationId: id('reservation')
        .nullable()
        .describe('The reservation that it made use of; null where it needed none.'),
    }),
  },
  InstancePlaced: {
    doc: 'A replica has a node, and its resources there are taken. The network service gives it an address next.',
    stream: 'deployment',
    version: 2,
    data: placed.extend({ decision: placementDecision.describe('Why this node.') }),
    upcasters: {
      1: (data: unknown) => {
        const old = placed.extend({ decision: placementDecisionV1 }).parse(data);
        return { ...old, decision: decisionFromV1(old.decision) };
      },
    },
  },
  InstanceStarted: {
    doc: 'The rules that guard the instance are in force, and its process has been started.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject(instance),
  },
  InstanceReady: {
    doc: 'The instance serves.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject(instance),
  },
  InstanceUnready: {
    doc: 'It ran, and serves no longer: failed its probe or exited. The agent is restarting it.',
    stream: 'deployment',
    version: 2,
    data: z.strictObject({ ...instance, reason, message }),
    upcasters: { 1: (data: unknown) => faringV1.parse(data) },
  },
  InstanceWaiting: {
    doc: 'It can not start for now; the agent keeps trying with backoff.',
    stream: 'deployment',
    version: 2,
    data: z.strictObject({ ...instance, reason, message }),
    upcasters: { 1: (data: unknown) => faringV1.parse(data) },
  },
  InstanceMoveRequested: {
    doc: 'The instance has to leave its node: it is replaced elsewhere as by an upgrade, and stops once that allows it.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({ ...instance, cause: z.enum(moveCauses).describe('Why it has to leave.') }),
  },
  InstanceMoveCancelled: {
    doc: 'The instance may stay on its node after all.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject(instance),
  },
  InstanceStopRequested: {
    doc: 'The agent has been told to stop the instance.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({ ...instance, reason: z.enum(stopReasons).describe('Why it has to go.') }),
  },
  InstanceStopped: {
    doc: 'The containers and the sandbox of the instance are gone, and its resources are free.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({ ...instance, namespaceId: id('namespace') }),
  },
  InstanceLost: {
    doc: 'Its node is lost, and it is counted as gone: a replacement is placed, and the node will not be told to run it again.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({ ...instance, namespaceId: id('namespace'), reason: reasonV1 }),
  },
} as const;

export type DeployEvent = EventsOf<typeof deployEvents>;
