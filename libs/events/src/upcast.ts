/**
 * Old shapes of events become the newest on the way in, and nothing comes in that isn't what its schema says: a domain
 * or a projection that was given anything else would make wrong states of it, silently.
 */
import type { EventRecord } from '@atoll/schema/envelope';
import type { EventDefinition, EventRegistry } from '@atoll/schema/registry';
import { z } from 'zod';
import { UnreadableEvent } from './errors.ts';
import { isSealed } from './personal/seal.ts';

/** What is sealed counts as what it is to a reader without the key. */
function withoutSealed(value: unknown): unknown {
  if (isSealed(value)) return null;
  if (Array.isArray(value)) return value.map(withoutSealed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutSealed(inner)]));
}

const damaged = (event: EventRecord, why: string) =>
  new UnreadableEvent(
    event,
    `Event ${event.context}:${event.position} (${event.type}, version ${event.schemaVersion}) isn't what its schema ` +
      `says. Its stored data was damaged, or written by something else than Atoll; put it right from a backup:\n${why}`,
  );

/** Throws where the data isn't what the newest schema says. The data itself is passed on, not a copy of it. */
function check(definition: EventDefinition, event: EventRecord, data: unknown): void {
  const parsed = definition.data.safeParse(data);
  if (parsed.success) return;
  const again = definition.data.safeParse(withoutSealed(data));
  if (!again.success) throw damaged(event, z.prettifyError(again.error));
}

/**
 * The event with its data in the registry's newest shape, checked. Throws `UnreadableEvent` where there is no way to it,
 * or where the data is something else.
 */
export function upcast(registry: EventRegistry, event: EventRecord): EventRecord {
  const definition = Object.hasOwn(registry, event.type) ? registry[event.type] : undefined;
  if (definition === undefined) {
    throw new UnreadableEvent(
      event,
      `Event ${event.context}:${event.position} has the type ${event.type}, which this process doesn't know. A newer ` +
        'version of the service wrote it: update this process.',
    );
  }
  if (event.schemaVersion === definition.version) {
    check(definition, event, event.data);
    return event;
  }
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
    try {
      data = step(data);
    } catch (error) {
      throw damaged(event, error instanceof Error ? error.message : String(error));
    }
  }
  check(definition, event, data);
  return { ...event, schemaVersion: definition.version, data };
}
