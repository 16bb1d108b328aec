/** What carries an event or a command between processes. */
import { z } from 'zod';
import type { Context } from './contexts.ts';
import { type Id, id, type Tenant, tenantOrPlatform } from './ids.ts';

/**
 * Who did it: a person or service account of the tenant (`user:`), the operator of the platform (`operator:`), a service
 * reacting (`service:`), a node's agent (`node:`).
 */
export const actor = z.string().regex(/^(user|operator|service|node):.{1,255}$/);

/** One committed fact, as stored and as read back. `position` is contiguous from 1 in its context, in commit order. */
export interface EventRecord<Type extends string = string, Data = unknown> {
  readonly id: Id<'event'>;
  readonly context: Context;
  readonly type: Type;
  /** Version of the shape of `data`; older shapes are upcast when read. */
  readonly schemaVersion: number;
  readonly tenant: Tenant;
  /** `kind:id`, e.g. `deployment:dep_…`. */
  readonly stream: string;
  /** 1 for the stream's first event, contiguous. */
  readonly version: number;
  readonly position: number;
  /** When it was recorded: RFC 3339, UTC, milliseconds. */
  readonly time: string;
  readonly actor: string;
  /** Id of the event that caused this one, or null where a person did. */
  readonly cause: string | null;
  /** Shared by everything that one request set off. */
  readonly correlation: string;
  readonly traceparent: string | null;
  readonly data: Data;
}

export type Positions = Partial<Record<Context, number>>;

/**
 * Keys that services give to commands of their own, made of ids that a tenant is told. A client that took one first
 * would keep the service from carrying it out, e.g. from isolating a tenant that is suspended.
 */
const serviceKey = /^(event|first-subnet|enforced|batch):[a-z]+_/;

/** A command on its way to the service that owns it, on the subject `cmd.<context>.<Name>`. */
export const commandEnvelope = z.strictObject({
  /** Idempotency key, unique within the tenant. */
  key: z
    .string()
    .min(1)
    .max(200)
    .refine(
      (key) => !key.includes('\u0000') && key.isWellFormed(),
      'must be a text that can be stored: without U+0000 and without half of a surrogate pair',
    )
    .refine((key) => !serviceKey.test(key), 'is like one of the platform itself: choose another'),
  tenant: tenantOrPlatform,
  actor,
  /** Of all that the actor may do, what this request may use, e.g. the scopes of an API key; left out: all of it. */
  only: z.array(z.string().max(64)).max(200).optional(),
  correlation: z.string().min(1).max(100),
  traceparent: z.string().max(100).nullable(),
  /** Unix time in milliseconds after which nobody waits for the answer any more. */
  deadline: z.number().int(),
  /** The caller has seen foreign contexts up to here: the service first waits (bounded) until its replicas have, too. */
  seen: z.strictObject({
    tenancy: z.number().int().min(0).optional(),
    deploy: z.number().int().min(0).optional(),
    network: z.number().int().min(0).optional(),
  }),
  /** The version of the resource that the caller has read; null where any will do. */
  expectedVersion: z.number().int().min(1).nullable(),
  data: z.unknown(),
});
export type CommandEnvelope = z.infer<typeof commandEnvelope>;

/** `version` and `position` are those after the command's last event. `result` is the command's own answer. */
export type CommandReply =
  | { readonly ok: true; readonly result: unknown; readonly position: number; readonly version: number }
  | {
      readonly ok: false;
      readonly error: { readonly code: string; readonly message: string; readonly field?: string | undefined };
    };

export const eventId = id('event');
