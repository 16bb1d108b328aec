/** Every event and every field of it says what it means: readers of the documents have nothing else. */
import type { EventRegistry } from '../src/registry.ts';
import { isObject, type Json, toJsonSchema } from './shape.ts';

/** What is without a text, one line each. `name` is the context. */
export function missingTexts(name: string, registry: EventRegistry): readonly string[] {
  return Object.entries(registry).flatMap(([type, { doc, stream, data }]) => {
    const label = `${name}.${type}`;
    return [
      ...(doc ? [] : [`${label} has no doc: say what has happened.`]),
      ...(stream ? [] : [`${label} has no stream: name the kind of its stream.`]),
      ...undescribed(label, toJsonSchema(data)),
    ];
  });
}

/** Fields without a description, however deep. */
export function undescribed(path: string, schema: Json | undefined): readonly string[] {
  if (!isObject(schema)) return [];
  const fields = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  const inFields = fields.flatMap(([name, field]) => [
    ...(isObject(field) && typeof field.description === 'string'
      ? []
      : [`${path}.${name} has no description: say what it means, with .describe() or .meta().`]),
    ...undescribed(`${path}.${name}`, field),
  ]);
  const members = [schema.anyOf, schema.oneOf, schema.allOf].flatMap((list) => (Array.isArray(list) ? list : []));
  const inner = [...members, schema.items, schema.additionalProperties].flatMap((one) => undescribed(path, one));
  return [...inFields, ...inner];
}
