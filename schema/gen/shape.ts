/**
 * The shape of data as canonical JSON Schema: what a reader of old events depends on, and nothing else. Two shapes are
 * the same exactly where their texts are.
 */
import { z } from 'zod';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const json: z.ZodType<Json> = z.json();

/** As JSON Schema, with descriptions. Refinements can't be seen in it: a schema tells them by `.meta()`. */
export function toJsonSchema(schema: z.ZodType): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'throw' });
  const parsed = json.parse(JSON.parse(JSON.stringify(rest)));
  if (!isObject(parsed)) throw new Error('A schema came out as no object.');
  return parsed;
}

/** Texts for people: changing one changes no data. */
const wording: ReadonlySet<string> = new Set(['description', 'title', 'examples', '$comment']);

/**
 * Without wording, keys and sets sorted. Units (`x-unit`) and rules between fields (`x-rule`) stay: another unit is
 * another shape. A `format` stands for its pattern, which is the validator's own and changes with it.
 */
export function canonicalShape(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(canonicalShape);
  if (!isObject(schema)) return schema;
  const entries = Object.entries(schema)
    .filter(([key]) => !(key === 'pattern' && 'format' in schema))
    .map(([key, value]): readonly [string, Json] => {
      if (key === 'properties' && isObject(value)) return [key, sorted(mapValues(value, canonicalShape))];
      if (key === 'required' && Array.isArray(value)) return [key, [...value].sort()];
      return [key, canonicalShape(value)];
    })
    // Only as a keyword: a field of the data may be called `title`.
    .filter(([key]) => !wording.has(key));
  return sorted(Object.fromEntries(entries));
}

const mapValues = (object: JsonObject, change: (value: Json) => Json): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

const sorted = (object: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));

export const shapeOf = (schema: z.ZodType): Json => canonicalShape(toJsonSchema(schema));

/** Where two shapes differ, as lines `path: before → after`; at most `limit`. */
export function differences(before: Json | undefined, after: Json | undefined, limit = 12): readonly string[] {
  const found: string[] = [];
  const show = (value: Json | undefined) => (value === undefined ? 'nothing' : JSON.stringify(value));
  const walk = (path: string, a: Json | undefined, b: Json | undefined): void => {
    if (JSON.stringify(a) === JSON.stringify(b)) return;
    if (isObject(a) && isObject(b)) {
      for (const key of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()) {
        walk(path === '' ? key : `${path}.${key}`, a[key], b[key]);
      }
    } else found.push(`${path === '' ? '(all)' : path}: ${show(a)} → ${show(b)}`);
  };
  walk('', before, after);
  return found.length > limit ? [...found.slice(0, limit), `… and ${found.length - limit} more`] : found;
}
