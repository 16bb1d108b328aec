/**
 * Deletion of tenants and environments as one process. Streams: `deletion:<id>` with the process, `protection:<id>` of what
 * must not be deleted; the last facts of an environment and of a tenant stand in their own streams.
 */
import { z } from 'zod';
import { id } from '../ids.ts';
import { count, finding } from '../remains.ts';
import { name } from '../text.ts';

export const deletionTargets = ['TENANT', 'ENVIRONMENT'] as const;
export type DeletionTarget = (typeof deletionTargets)[number];

/** In the order in which they are done. An environment has no RETAIN, a namespace neither that nor what comes after it. */
export const deletionSteps = [
  'CLOSE',
  'RETAIN',
  'STOP_WORKLOADS',
  'RELEASE_NETWORK',
  'DELETE_NAMESPACES',
  'DELETE_ENVIRONMENTS',
  'REMOVE_ACCESS',
  'DELETE_RECORDS',
  'VERIFY',
] as const;
export type DeletionStepName = (typeof deletionSteps)[number];
export const deletionStepStatuses = ['PENDING', 'RUNNING', 'DONE'] as const;

export const deletionStep = z.strictObject({
  name: z.enum(deletionSteps).describe('What is done.'),
  status: z.enum(deletionStepStatuses).describe('How far it is.'),
  done: z.number().int().min(0).describe('How many things of it are gone.'),
  total: z.number().int().min(0).describe('How many there were.'),
  waitingFor: z.string().max(1000).nullable().describe('Whom or what it waits for now; null where for nothing.'),
});
export type DeletionStep = z.infer<typeof deletionStep>;

export const deletedThing = z.union([id('tenant'), id('environment')]);
/** What can be asked about before it is deleted. */
export const deletableThing = z.union([id('tenant'), id('environment'), id('namespace'), id('deployment')]);
export const protectableThing = z.union([id('tenant'), id('environment'), id('namespace')]);

const planHash = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .describe('Of what was previewed: the same things in the same states give the same one.');
const instant = z.iso.datetime({ precision: 3 });
const steps = z.array(deletionStep).max(deletionSteps.length).describe('Its steps, as they are now.');

const target = {
  deletionId: id('deletion'),
  target: z.enum(deletionTargets).describe('What kind of thing is deleted.'),
  targetId: deletedThing.describe('What is deleted.'),
};

export const proof = z.strictObject({
  service: z.enum(['tenancy', 'deploy', 'network', 'read']).describe('Who counted; `read` is what the API reads.'),
  position: z.number().int().min(0).nullable().describe('Up to which of its own events it counted; null for `read`.'),
  counts: z.array(count).max(200).describe('What it has left of each kind.'),
});
export type Proof = z.infer<typeof proof>;

export const holdReason = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .regex(/^\P{Cc}*$/u, 'Text without control characters.');

export const deletionEvents = {
  DeletionStarted: {
    doc: 'Something is to be deleted with all that is in it. From here on nothing new is admitted underneath.',
    stream: 'deletion',
    version: 1,
    data: z.strictObject({
      ...target,
      name,
      plan: planHash,
      counts: z.array(count).max(100).describe('What was there when it was asked for.'),
      purgeAt: instant.describe('Not before this time is anything destroyed; until then it can be cancelled.'),
      steps,
    }),
  },
  DeletionCancelled: {
    doc: 'Nothing is deleted: everything is as it was before.',
    stream: 'deletion',
    version: 1,
    data: z.strictObject({
      ...target,
      reopened: z.boolean().describe('Whether it takes changes again: false for a tenant that is suspended besides.'),
    }),
  },
  DeletionPurgeStarted: {
    doc: 'The time is over: from here on things are destroyed, and the deletion can only go on.',
    stream: 'deletion',
    version: 1,
    data: z.strictObject({
      ...target,
      namespaceIds: z.array(id('namespace')).max(5000).describe('All that are in it; there will be no others.'),
      steps,
    }),
  },
  DeletionProgressed: {
    doc: 'The deletion has come further, or waits for something else.',
    stream: 'deletion',
    version: 1,
    data: z.strictObject({ deletionId: id('deletion'), steps }),
  },
  DeletionAccessRemoved: {
    doc: 'Keys of personal data are destroyed, and names, quotas and marks let go of.',
    stream: 'deletion',
    version: 1,
    data: z.strictObject({
      deletionId: id('deletion'),
      dataKeys: z.number().int().min(0).describe('People whose personal data is unreadable from now on.'),
      claims: z.number().int().min(0).describe('Names, quotas and marks that are free from now on.'),
    }),
  },
  DeletionCompleted: {
    doc: 'Nothing is left: every service has counted what it still has.',
    stream: 'deletion',
    version: 1,
    data: z.strictObject({
      ...target,
      proof: z.array(proof).max(4).describe('What each service had left: nothing.'),
      countedAt: instant.describe('When the services counted.'),
      steps,
    }),
  },
  EnvironmentDeleted: {
    doc: 'The environment is gone, with its namespaces; its name is free again.',
    stream: 'environment',
    version: 1,
    data: z.strictObject({ environmentId: id('environment'), name }),
  },
  TenantDeleted: {
    doc: 'The tenant is gone: its people have no access, their personal data is unreadable, its name is free again.',
    stream: 'tenant',
    version: 1,
    data: z.strictObject({ tenantId: id('tenant'), name, deletionId: id('deletion') }),
  },
  DeletionProtectionChanged: {
    doc: 'Whether something, and with it what it is in, may be deleted.',
    stream: 'protection',
    version: 1,
    data: z.strictObject({
      resourceId: protectableThing.describe('What is protected.'),
      enabled: z.boolean().describe('Whether it is protected from now on.'),
    }),
  },
  LegalHoldChanged: {
    doc: 'Whether anything of the tenant may be destroyed: not while it is held.',
    stream: 'protection',
    version: 1,
    data: z.strictObject({
      tenantId: id('tenant'),
      reason: holdReason.nullable().describe("Why, in the operator's words; null where the hold is over."),
    }),
  },
} as const;

const deletionId = { deletionId: id('deletion') };

const planStep = z.strictObject({
  name: z.enum(deletionSteps),
  service: z.enum(['tenancy', 'deploy', 'network', 'gateway']),
  counts: z.array(count),
  waitsFor: z.string(),
});
const planFinding = finding.extend({
  code: z.enum(['PROTECTED', 'LEGAL_HOLD', 'BEING_DELETED', 'SUSPENDED', ...finding.shape.code.options]),
});
export type PlanFinding = z.infer<typeof planFinding>;

export const deletionPlan = z.strictObject({
  id: deletableThing,
  name: z.string().nullable(),
  steps: z.array(planStep),
  /** It isn't deleted while there is one. */
  blockers: z.array(planFinding),
  /** It is deleted all the same. */
  warnings: z.array(planFinding),
  confirm: planHash,
});
export type DeletionPlan = z.infer<typeof deletionPlan>;

const confirm = z.string().max(100);

/** Sent under the tenant that is meant. */
export const deletionCommands = {
  /** Changes nothing. What would be deleted, in which order, and what stands against it. */
  PlanDeletion: { input: z.strictObject({ id: deletableThing }), result: deletionPlan },
  DeleteEnvironment: {
    input: z.strictObject({ environmentId: id('environment'), confirm }),
    result: z.strictObject(deletionId),
  },
  DeleteTenant: {
    input: z.strictObject({
      confirm,
      /** How long it can be taken back; null for the platform's default of 30 days. */
      retentionHours: z
        .number()
        .int()
        .min(0)
        .max(24 * 365)
        .nullable()
        .default(null),
    }),
    result: z.strictObject(deletionId),
  },
  /** Before anything is destroyed. */
  CancelDeletion: { input: z.strictObject(deletionId), result: z.strictObject(deletionId) },
  UndeleteTenant: { input: z.strictObject({}), result: z.strictObject({ ...deletionId, tenantId: id('tenant') }) },
  SetDeletionProtection: {
    input: z.strictObject({ id: protectableThing, enabled: z.boolean() }),
    result: z.strictObject({ id: protectableThing }),
  },
  SetLegalHold: {
    input: z.strictObject({ reason: holdReason.nullable() }),
    result: z.strictObject({ tenantId: id('tenant') }),
  },
} as const;
