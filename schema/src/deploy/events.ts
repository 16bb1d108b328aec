/** Facts of the deploy context. Streams: `node:<id>` (platform), `namespace:<id>`, `deployment:<id>`. */
import { z } from 'zod';
import { id } from '../ids.ts';
import type { EventsOf } from '../registry.ts';
import { labels, name } from '../text.ts';
import { releaseSpec, replicas, resources, rollingStrategy } from './spec.ts';

export const runtimes = ['docker', 'simulated'] as const;
export const rolloutKinds = ['INITIAL', 'UPGRADE', 'ROLLBACK'] as const;

/** Why an instance isn't running. `message` of an event explains it to a person. */
export const instanceReasons = [
  'IMAGE_PULL_FAILED',
  'CONTAINER_CREATE_FAILED',
  'SANDBOX_FAILED',
  'EXITED',
  'OUT_OF_MEMORY',
  'READINESS_FAILED',
  'NODE_LOST',
] as const;
export const stopReasons = ['REPLACED', 'SCALED_DOWN', 'DELETED', 'RESCHEDULED'] as const;
export const blockReasons = ['NO_READY_NODE', 'INSUFFICIENT_CAPACITY', 'QUOTA_EXCEEDED'] as const;

/** Why a node was chosen (MISSION B6): what was filtered out and why, and the scores of the rest, best first. */
export const placementDecision = z.strictObject({
  filtered: z.array(z.strictObject({ nodeId: id('node'), reason: z.string() })),
  scores: z.array(z.strictObject({ nodeId: id('node'), score: z.number() })),
});
export type PlacementDecision = z.infer<typeof placementDecision>;

const instance = { deploymentId: id('deployment'), instanceId: id('instance'), nodeId: id('node') };
const detail = z.string().max(1000);

export const deployEvents = {
  // stream node:<nodeId>, tenant platform
  NodeRegistered: {
    version: 1,
    data: z.strictObject({
      nodeId: id('node'),
      name,
      runtime: z.enum(runtimes),
      capacity: resources,
      maxInstances: z.number().int().min(1),
    }),
  },
  /** The agent's machine or runtime changed. */
  NodeChanged: {
    version: 1,
    data: z.strictObject({
      nodeId: id('node'),
      name,
      runtime: z.enum(runtimes),
      capacity: resources,
      maxInstances: z.number().int().min(1),
    }),
  },
  NodeBecameReady: { version: 1, data: z.strictObject({ nodeId: id('node') }) },
  /** Its agent hasn't been heard of; what it runs goes on running, and nothing new is placed there. */
  NodeBecameUnreachable: { version: 1, data: z.strictObject({ nodeId: id('node'), reason: detail }) },

  // stream namespace:<namespaceId>: this context's own gate for what is created underneath
  NamespaceOpened: {
    version: 1,
    data: z.strictObject({ namespaceId: id('namespace'), environmentId: id('environment'), name }),
  },
  NamespaceClosed: { version: 1, data: z.strictObject({ namespaceId: id('namespace') }) },
  /** Closed, and no deployment is left in it. */
  NamespaceDrained: { version: 1, data: z.strictObject({ namespaceId: id('namespace') }) },

  // stream deployment:<deploymentId>
  DeploymentCreated: {
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
  /** Releases are numbered from 1 within their deployment and never change. */
  ReleaseCreated: {
    version: 1,
    data: z.strictObject({
      deploymentId: id('deployment'),
      namespaceId: id('namespace'),
      releaseId: id('release'),
      number: z.number().int().min(1),
      spec: releaseSpec,
    }),
  },
  RolloutStarted: {
    version: 1,
    data: z.strictObject({
      deploymentId: id('deployment'),
      rolloutId: id('rollout'),
      kind: z.enum(rolloutKinds),
      releaseId: id('release'),
      releaseNumber: z.number().int().min(1),
      fromReleaseId: id('release').nullable(),
    }),
  },
  RolloutCompleted: {
    version: 1,
    data: z.strictObject({ deploymentId: id('deployment'), rolloutId: id('rollout'), releaseId: id('release') }),
  },
  /** Another rollout took over before this one was done. */
  RolloutSuperseded: {
    version: 1,
    data: z.strictObject({ deploymentId: id('deployment'), rolloutId: id('rollout'), releaseId: id('release') }),
  },
  /** The rollout can't go on for now; it goes on by itself once the reason is gone. */
  RolloutBlocked: {
    version: 1,
    data: z.strictObject({ deploymentId: id('deployment'), reason: z.enum(blockReasons), message: detail }),
  },
  RolloutUnblocked: { version: 1, data: z.strictObject({ deploymentId: id('deployment') }) },
  DeploymentScaled: {
    version: 1,
    data: z.strictObject({ deploymentId: id('deployment'), replicas, from: replicas }),
  },
  DeploymentDeletionRequested: {
    version: 1,
    data: z.strictObject({ deploymentId: id('deployment'), namespaceId: id('namespace') }),
  },
  DeploymentDeleted: {
    version: 1,
    data: z.strictObject({ deploymentId: id('deployment'), namespaceId: id('namespace'), name }),
  },
  /** A replica has a node and its resources there are taken. The network service gives it an address next. */
  InstancePlaced: {
    version: 1,
    data: z.strictObject({
      ...instance,
      namespaceId: id('namespace'),
      releaseId: id('release'),
      /** The deployment's labels, and `atoll.deployment` with its name. */
      labels,
      resources,
      decision: placementDecision,
    }),
  },
  /** Its rules are in force and its process is being started. */
  InstanceStarted: { version: 1, data: z.strictObject(instance) },
  InstanceReady: { version: 1, data: z.strictObject(instance) },
  /** Ran, and does no longer serve: failed its probe or exited; the agent is restarting it. */
  InstanceUnready: {
    version: 1,
    data: z.strictObject({ ...instance, reason: z.enum(instanceReasons), message: detail }),
  },
  /** Can't start for now; the agent keeps trying with backoff. */
  InstanceWaiting: {
    version: 1,
    data: z.strictObject({ ...instance, reason: z.enum(instanceReasons), message: detail }),
  },
  /** The agent has been told to stop it. */
  InstanceStopRequested: { version: 1, data: z.strictObject({ ...instance, reason: z.enum(stopReasons) }) },
  /** Its containers and sandbox are gone, and its resources are free. */
  InstanceStopped: { version: 1, data: z.strictObject({ ...instance, namespaceId: id('namespace') }) },
  /** Its node is lost, and it is counted as gone: a replacement is placed, and the node won't be told to run it again. */
  InstanceLost: {
    version: 1,
    data: z.strictObject({ ...instance, namespaceId: id('namespace'), reason: z.enum(instanceReasons) }),
  },
} as const;

export type DeployEvent = EventsOf<typeof deployEvents>;
