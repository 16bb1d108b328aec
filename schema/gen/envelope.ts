/**
 * The lock of the envelope. It has no version and no upcaster: processes of neighbouring versions read each other's
 * messages. So it only ever grows, by attributes that may be left out.
 */
import { cloudEvent } from '../src/cloudevent.ts';
import { differences, isObject, type Json, type JsonObject, shapeOf } from './shape.ts';
import type { Findings } from './shapes.ts';

export const envelopeShape = (): Json => shapeOf(cloudEvent);

const fieldsOf = (shape: Json): JsonObject => (isObject(shape) && isObject(shape.properties) ? shape.properties : {});
const requiredOf = (shape: Json): readonly Json[] =>
  isObject(shape) && Array.isArray(shape.required) ? shape.required : [];

/** `recorded` is the envelope as it was shipped; null where none was yet. */
export function compareEnvelope(recorded: Json | null, shape: Json): Findings {
  if (JSON.stringify(recorded) === JSON.stringify(shape)) return { problems: [], outdated: [] };
  if (recorded === null) return { problems: [], outdated: ['the envelope is new'] };
  const before = fieldsOf(recorded);
  const after = fieldsOf(shape);
  const changed = Object.keys(before).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  const optional = (list: readonly Json[]) =>
    JSON.stringify(list.filter((name) => Object.hasOwn(before, String(name))));
  const newRequired = requiredOf(shape).filter((name) => !requiredOf(recorded).includes(name));
  const loosened = optional(requiredOf(shape)) !== optional(requiredOf(recorded));
  if (changed.length === 0 && newRequired.length === 0 && !loosened) {
    return { problems: [], outdated: ['the envelope has new attributes'] };
  }
  return {
    problems: [
      [
        'The envelope (schema/src/cloudevent.ts) was changed, and processes of other versions read and write it.',
        'Attributes that may be left out can be added; nothing else can be done to it.',
        ...differences(recorded, shape).map((line) => `    ${line}`),
      ].join('\n'),
    ],
    outdated: [],
  };
}
