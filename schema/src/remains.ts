/**
 * What a service still has of a tenant, of an environment, of namespaces or of a deployment: asked before a deletion, while it
 * runs, and for the proof at its end. Counted in the service's own store at the time of the question, never remembered.
 */
import { z } from 'zod';
import { id } from './ids.ts';

/** Namespaces of one environment; a tenant holds fewer by far. */
const MAX_NAMESPACES = 5000;

export const remainsScope = z.discriminatedUnion('kind', [
  /** All of the tenant that asks. */
  z.strictObject({ kind: z.literal('tenant') }),
  z.strictObject({
    kind: z.literal('environment'),
    environmentId: id('environment'),
    /** Those that are or were in it. */
    namespaceIds: z.array(id('namespace')).max(MAX_NAMESPACES),
  }),
  z.strictObject({ kind: z.literal('namespace'), namespaceId: id('namespace') }),
  z.strictObject({ kind: z.literal('deployment'), deploymentId: id('deployment') }),
]);
export type RemainsScope = z.infer<typeof remainsScope>;

/** The namespaces that the scope names; null where it means all of the tenant's, or a deployment alone. */
export function namespacesOf(scope: RemainsScope): readonly string[] | null {
  switch (scope.kind) {
    case 'environment':
      return scope.namespaceIds;
    case 'namespace':
      return [scope.namespaceId];
    case 'tenant':
    case 'deployment':
      return null;
    default:
      return scope satisfies never;
  }
}

export const count = z.strictObject({
  kind: z
    .string()
    .regex(/^[a-z][A-Za-z]{0,39}$/)
    .describe('What is counted, in the plural, e.g. `instances`.'),
  count: z.number().int().min(0).describe('How many there are.'),
});
export type Count = z.infer<typeof count>;

/** Something that stands against a deletion, or that whoever deletes should know of. */
export const finding = z.strictObject({
  code: z.enum(['REFERENCED', 'ROLLING_OUT']),
  message: z.string().max(1000),
  resourceId: z.string().max(100),
});
export type Finding = z.infer<typeof finding>;

export const remains = z.strictObject({
  counts: z.array(count).max(100),
  /** Of the ids of everything that doesn't come and go by itself: other things give another one. */
  digest: z.string().max(64),
  /** Whom the service waits for, e.g. the nodes that still run something; null where for nobody. */
  waitingFor: z.string().max(1000).nullable(),
  findings: z.array(finding).max(100),
});
export type Remains = z.infer<typeof remains>;

export const totalOf = (counts: readonly Count[]): number => counts.reduce((sum, one) => sum + one.count, 0);

/** Asked of the gateway's read models, which no command reaches. Subject: `remains.read`. */
export const readRemainsRequest = z.strictObject({
  tenant: id('tenant'),
  scope: remainsScope,
  /** Positions that the read models must have reached. */
  seen: z.strictObject({
    tenancy: z.number().int().min(0),
    deploy: z.number().int().min(0),
    network: z.number().int().min(0),
  }),
});
export const readRemainsReply = z.strictObject({
  /** Null where the read models haven't come to the positions in time. */
  counts: z.array(count).max(200).nullable(),
});
