/**
 * Events on the wire: CloudEvents 1.0, JSON, structured mode (https://github.com/cloudevents/spec).
 *
 * `source` is the context, `subject` the stream, `type` is `atoll.<context>.<Type>`. What CloudEvents has no attribute
 * for are extension attributes; `position` is text there, because integers of CloudEvents end at 2^31 - 1.
 */
import { type Context, contexts } from '@atoll/schema/contexts';
import { type EventRecord, eventId } from '@atoll/schema/envelope';
import { tenantOrPlatform } from '@atoll/schema/ids';
import { z } from 'zod';

const typePrefix = (context: Context) => `atoll.${context}.`;
const sourcePrefix = '/atoll/';

export const cloudEvent = z.object({
  specversion: z.literal('1.0'),
  id: eventId,
  source: z.enum(contexts.map((context) => `${sourcePrefix}${context}` as const)),
  type: z.string(),
  subject: z.string(),
  time: z.iso.datetime(),
  datacontenttype: z.literal('application/json'),
  tenant: tenantOrPlatform,
  streamversion: z.number().int().min(1),
  position: z.string().regex(/^[1-9][0-9]{0,15}$/),
  schemaversion: z.number().int().min(1),
  actor: z.string(),
  correlation: z.string(),
  cause: z.string().optional(),
  traceparent: z.string().optional(),
  data: z.unknown(),
});
export type CloudEvent = z.infer<typeof cloudEvent>;

export function toCloudEvent(event: EventRecord): CloudEvent {
  return {
    specversion: '1.0',
    id: event.id,
    source: `${sourcePrefix}${event.context}`,
    type: `${typePrefix(event.context)}${event.type}`,
    subject: event.stream,
    time: event.time,
    datacontenttype: 'application/json',
    tenant: event.tenant,
    streamversion: event.version,
    position: String(event.position),
    schemaversion: event.schemaVersion,
    actor: event.actor,
    correlation: event.correlation,
    // An attribute that isn't there has no null: it is left out.
    ...(event.cause === null ? {} : { cause: event.cause }),
    ...(event.traceparent === null ? {} : { traceparent: event.traceparent }),
    data: event.data,
  };
}

/** Throws (ZodError) where the body is no event of Atoll's. */
export function fromCloudEvent(body: unknown): EventRecord {
  const event = cloudEvent.parse(body);
  const context = contexts.find((name) => event.source === `${sourcePrefix}${name}`);
  if (context === undefined || !event.type.startsWith(typePrefix(context))) {
    throw new TypeError(`The event ${event.id} of ${event.source} has the type ${event.type}.`);
  }
  return {
    id: event.id,
    context,
    type: event.type.slice(typePrefix(context).length),
    schemaVersion: event.schemaversion,
    tenant: event.tenant,
    stream: event.subject,
    version: event.streamversion,
    position: Number(event.position),
    time: event.time,
    actor: event.actor,
    cause: event.cause ?? null,
    correlation: event.correlation,
    traceparent: event.traceparent ?? null,
    data: event.data,
  };
}
