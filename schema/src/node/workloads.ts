/** Between the deploy service and a node's agent: what should run, and what does. */
import { z } from 'zod';
import { instanceReasons, runtimes } from '../deploy/events.ts';
import { releaseSpec, releaseSpecV1, resources, specFromV1 } from '../deploy/spec.ts';
import { id } from '../ids.ts';
import { name } from '../text.ts';
import { reportingAgent } from './agents.ts';
import { traceparent, traces } from './trace.ts';

/** Request body on `nodeSubjects.workloadsPull` and `networkPull`: the generation the agent has (0 for none). */
export const pullRequest = z.strictObject({ generation: z.number().int().min(0) });
export type PullRequest = z.infer<typeof pullRequest>;

/** As it is told, and as it was before there was more to it: a node keeps its document while it is updated. */
const spec = z.union([releaseSpec, releaseSpecV1.transform(specFromV1)]);

export const desiredInstance = z.strictObject({
  instanceId: id('instance'),
  tenantId: id('tenant'),
  namespaceId: id('namespace'),
  deploymentId: id('deployment'),
  deploymentName: name,
  releaseId: id('release'),
  spec,
  stopGraceSeconds: z.number().int().min(0).max(300),
  /** It runs only while the node holds a lease. Left out: whatever becomes of the node. */
  fenced: z.literal(true).optional(),
  /** Of the fact that placed it here. */
  traceparent: traceparent.optional(),
});
export type DesiredInstance = z.infer<typeof desiredInstance>;

/**
 * Everything that should run on one node; what isn't in it is stopped and removed. `generation` is the position in the
 * deploy context of the newest fact that changed it: a smaller one is never applied over a larger one.
 */
export const desiredWorkloads = z.strictObject({
  nodeId: id('node'),
  generation: z.number().int().min(0),
  instances: z.array(desiredInstance),
  traces: traces.optional(),
});
export type DesiredWorkloads = z.infer<typeof desiredWorkloads>;

/** Reply to a pull: null where the agent's generation is the newest. */
export const workloadsPullReply = z.union([z.null(), desiredWorkloads]);

/** States of an instance as its agent sees it. */
export const observedStates = ['PENDING', 'WAITING', 'STARTING', 'READY', 'UNREADY', 'STOPPING'] as const;

export const observedInstance = z.strictObject({
  instanceId: id('instance'),
  /**
   * PENDING: no address or rules yet, or its image is being pulled · WAITING: can't start for `reason`, will be tried
   * again · STARTING: its process runs and isn't ready yet · READY · UNREADY: was started, and doesn't serve for `reason`
   * · STOPPING.
   */
  state: z.enum(observedStates),
  reason: z.enum(instanceReasons).nullable(),
  message: z.string().max(1000),
  restarts: z.number().int().min(0),
  startedAt: z.iso.datetime().nullable(),
});
export type ObservedInstance = z.infer<typeof observedInstance>;

/** The whole of what is on the node: sent on every change, and every 5 s as the heartbeat. */
export const workloadsReport = z.strictObject({
  nodeId: id('node'),
  name,
  runtime: z.enum(runtimes),
  capacity: resources,
  maxInstances: z.number().int().min(1),
  /** Of the desired workloads that the agent works towards; 0 for none yet. */
  generation: z.number().int().min(0),
  /** Rises with each start of the agent's and each report: an older report is never taken for a newer one. */
  sequence: z.number().int().min(1),
  instances: z.array(observedInstance),
  /** Left out by agents that don't say it: they are believed. */
  agent: reportingAgent.optional(),
  /** Of the work that it is the outcome of. */
  traceparent: traceparent.optional(),
});
export type WorkloadsReport = z.infer<typeof workloadsReport>;

/**
 * Reply to a report: the newest generation that there is to pull. `refused`: why the report wasn't taken, since another agent speaks
 * for the node; this one changes nothing on its machine until it is taken again.
 *
 * `leaseMs`: from when the report was sent, and for a document of this generation or a newer one, the node may run what is fenced. Null
 * where nothing of that is on it, or the report wasn't the newest: what it holds goes on to its end.
 */
export const reportReply = z.strictObject({
  generation: z.number().int().min(0),
  refused: z.string().max(1000).nullable().default(null),
  leaseMs: z.number().int().min(1).nullable().default(null),
});
export type ReportReply = z.infer<typeof reportReply>;
