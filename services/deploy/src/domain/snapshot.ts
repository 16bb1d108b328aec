/**
 * A deployment's state as JSON, and back: its stream grows with every start and stop of every instance, and isn't read
 * from its beginning each time. Raise `version` with every change of the state or of `evolve`.
 */
import type { SnapshotShape } from '@atoll/events/decider';
import { blockReasons, heldAmounts, instanceReasons, stopReasons } from '@atoll/schema/deploy/events';
import { placementWishes } from '@atoll/schema/deploy/placement';
import { failureAnswer, rolloutKinds, rolloutPace, rolloutPolicy } from '@atoll/schema/deploy/rollouts';
import { releaseSpec, resources, rollingStrategy } from '@atoll/schema/deploy/spec';
import { rolloutStrategy } from '@atoll/schema/deploy/strategies';
import { labels } from '@atoll/schema/text';
import { z } from 'zod';
import type { Deployment } from './deployment.ts';
import { Instances } from './instances.ts';

const deploymentId = z.templateLiteral(['dep_', z.string()]);
const releaseId = z.templateLiteral(['rel_', z.string()]);

const condition = z.discriminatedUnion('phase', [
  z.strictObject({ phase: z.enum(['PLACED', 'STARTED', 'READY']) }),
  z.strictObject({ phase: z.enum(['WAITING', 'UNREADY']), reason: z.enum(instanceReasons), message: z.string() }),
]);
const instance = z.strictObject({
  id: z.templateLiteral(['ins_', z.string()]),
  nodeId: z.templateLiteral(['node_', z.string()]),
  releaseId,
  resources,
  order: z.number(),
  condition,
  leaving: z.boolean(),
  stopping: z.enum(stopReasons).nullable(),
});
const release = z.strictObject({
  id: releaseId,
  number: z.number(),
  spec: releaseSpec,
  completed: z.boolean(),
  served: z.boolean(),
  abandoned: z.boolean(),
});
const anyRollout = {
  id: z.templateLiteral(['rol_', z.string()]),
  kind: z.enum(rolloutKinds),
  pace: rolloutPace,
  strategy: rolloutStrategy,
  step: z.number(),
  undone: z.number(),
};
const held = z.strictObject({ targets: z.number(), extra: z.number() });
const rollout = z.discriminatedUnion('status', [
  z.strictObject({
    ...anyRollout,
    status: z.literal('RUNNING'),
    deadlineAt: z.string().nullable(),
    mark: z.number(),
  }),
  z.strictObject({ ...anyRollout, status: z.literal('PAUSED'), until: z.string().nullable() }),
  z.strictObject({ ...anyRollout, status: z.literal('SUSPENDED'), held, remainingMs: z.number().nullable() }),
  z.strictObject({ ...anyRollout, status: z.literal('FAILED'), held, answer: failureAnswer }),
  z.strictObject({ ...anyRollout, status: z.enum(['COMPLETED', 'SUPERSEDED']) }),
]);
const body = {
  deploymentId,
  namespaceId: z.templateLiteral(['ns_', z.string()]),
  name: z.string(),
  labels,
  shownLabels: labels,
  replicas: z.number(),
  strategy: rollingStrategy,
  plan: rolloutStrategy,
  policy: rolloutPolicy,
  fenced: z.boolean(),
  placement: placementWishes,
  releases: z.array(release),
  target: release.nullable(),
  rollout: rollout.nullable(),
  stableId: releaseId.nullable(),
  instances: z.array(instance).transform((all) => Instances.of(all)),
  active: z.array(releaseId).nullable(),
  placed: z.number(),
  holds: heldAmounts,
};
const blocked = z.strictObject({ reason: z.enum(blockReasons), message: z.string() }).nullable();

const deployment = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('NONE') }),
  z.strictObject({ status: z.literal('ACTIVE'), ...body, blocked }),
  z.strictObject({ status: z.literal('DELETING'), ...body }),
  z.strictObject({ status: z.literal('DELETED'), deploymentId }),
]);

export const deploymentSnapshot: SnapshotShape<Deployment> = { name: 'deployment', version: 8, schema: deployment };
