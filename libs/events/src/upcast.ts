/** Old shapes of events become the newest on the way in. */
import type { EventRecord } from '@atoll/schema/envelope';
import type { EventRegistry } from '@atoll/schema/registry';
import { UnreadableEvent } from './errors.ts';

/** The event with its data in the registry's newest shape. Throws `UnreadableEvent` where there is no way to it. */
export function upcast(registry: EventRegistry, event: EventRecord): EventRecord {
  const definition = Object.hasOwn(registry, event.type) ? registry[event.type] : undefined;
  if (definition === undefined) {
    throw new UnreadableEvent(
      event,
      `Event ${event.context}:${event.position} has the type ${event.type}, which this process doesn't know. A newer ` +
        'version of the service wrote it: update this process.',
    );
  }
  if (event.schemaVersion === definition.version) return event;
  if (event.schemaVersion > definition.version) {
    throw new UnreadableEvent(
      event,
      `Event ${event.context}:${event.position} (${event.type}) has schema version ${event.schemaVersion}, and this ` +
        `process knows ${definition.version}. A newer version of the service wrote it: update this process.`,
    );
  }
  let data = event.data;
  for (let version = event.schemaVersion; version < definition.version; version++) {
    const step = definition.upcasters?.[version];
    if (step === undefined) {
      throw new UnreadableEvent(
        event,
        `Event ${event.context}:${event.position} (${event.type}) has schema version ${event.schemaVersion}, and the ` +
          `registry has no upcaster from version ${version} to ${version + 1}.`,
      );
    }
    data = step(data);
  }
  return { ...event, schemaVersion: definition.version, data };
}
