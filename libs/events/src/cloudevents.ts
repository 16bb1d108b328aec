/** Events to and from the wire: CloudEvents 1.0, JSON, structured mode. Their shape is in `schema/src/cloudevent.ts`. */
import { type CloudEvent, cloudEvent, sourcePrefix, typePrefix } from '@atoll/schema/cloudevent';
import { contexts } from '@atoll/schema/contexts';
import type { EventRecord } from '@atoll/schema/envelope';

export type { CloudEvent };

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
