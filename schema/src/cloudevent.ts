/**
 * Events on the wire: CloudEvents 1.0, JSON, structured mode (https://github.com/cloudevents/spec).
 *
 * `source` is the context, `subject` the stream, `type` is `atoll.<context>.<Type>`. What CloudEvents has no attribute
 * for are extension attributes; `position` is text there, because integers of CloudEvents end at 2^31 - 1.
 */
import { z } from 'zod';
import { type Context, contexts } from './contexts.ts';
import { eventId } from './envelope.ts';
import { tenantOrPlatform } from './ids.ts';

export const typePrefix = (context: Context) => `atoll.${context}.`;
export const sourcePrefix = '/atoll/';

/** Of the message, by the NATS binding of CloudEvents. */
export const cloudEventContentType = 'application/cloudevents+json';

/** Attributes that are unknown here are let pass: a newer version may have added one. */
export const cloudEvent = z.object({
  specversion: z.literal('1.0').describe('Version of CloudEvents.'),
  id: eventId.describe('Id of the event: `evt_` and 26 letters and digits. Unique over all contexts.'),
  source: z.enum(contexts.map((context) => `${sourcePrefix}${context}` as const)).describe('The context that owns it.'),
  type: z.string().describe('What happened: `atoll.<context>.<Type>`.'),
  subject: z.string().describe('Its stream, `<kind>:<id>`: what it happened to.'),
  time: z.iso.datetime().describe('When it was recorded: UTC, milliseconds. Never runs backwards along positions.'),
  datacontenttype: z.literal('application/json').describe('Of `data`.'),
  tenant: tenantOrPlatform.describe('Whose it is: a tenant, or `platform`.'),
  streamversion: z.number().int().min(1).describe('Its number within its stream, from 1, without gaps.'),
  position: z
    .string()
    .regex(/^[1-9][0-9]{0,15}$/)
    .describe('Its number within its context, from 1, without gaps, in the order of the commits. Digits.'),
  schemaversion: z.number().int().min(1).describe('Version of the shape of `data`.'),
  actor: z.string().describe('Who did it: `user:`, `operator:`, `service:` or `node:` and a name.'),
  correlation: z.string().describe('Shared by everything that one request set off.'),
  cause: z.string().optional().describe('Id of the event that caused this one; left out where a person did.'),
  traceparent: z.string().optional().describe('W3C Trace Context of the request.'),
  data: z.unknown().describe('What happened, in the shape of its type and version.'),
});
export type CloudEvent = z.infer<typeof cloudEvent>;
