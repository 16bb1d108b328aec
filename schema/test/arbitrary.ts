/** Any data that a recorded shape allows, for properties: the zod schemas of old versions are gone, their shapes are not. */
import fc from 'fast-check';
import { z } from 'zod';
import { isObject, type Json, type JsonObject } from '../gen/shape.ts';

const hex = fc.stringMatching(/^[0-9a-f]{1,4}$/);
const byte = fc.integer({ min: 0, max: 255 });
const ipv4 = fc.tuple(byte, byte, byte, byte).map((bytes) => bytes.join('.'));
const ipv6 = fc.array(hex, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(':'));
const prefixed = (address: fc.Arbitrary<string>, bits: number) =>
  fc.tuple(address, fc.integer({ min: 0, max: bits })).map(([range, length]) => `${range}/${length}`);

const formats: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'date-time': fc
    .date({ min: new Date('2000-01-01T00:00:00Z'), max: new Date('2099-12-31T23:59:59Z'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  email: fc.emailAddress({ size: '-1' }).filter((made) => z.email().max(254).safeParse(made).success),
  ipv4,
  ipv6,
  cidrv4: prefixed(ipv4, 32),
  cidrv6: prefixed(ipv6, 128),
};

/** Rules between fields, by the text that the schema tells them with (`x-rule`). */
const fieldRules: Readonly<Record<string, (value: JsonObject) => boolean>> = {
  'image or resources': ({ image, resources }) =>
    image !== undefined || (isObject(resources) && Object.keys(resources).length > 0),
  'from <= to': ({ from, to }) => Number(from) <= Number(to),
  'either count or weightPercent': ({ count, weightPercent }) => (count === null) !== (weightPercent === null),
  'maxSurge + maxUnavailable > 0': ({ maxSurge, maxUnavailable }) => Number(maxSurge) + Number(maxUnavailable) > 0,
};

const field = (item: Json, name: string) => (isObject(item) ? item[name] : undefined);
interface Bounds {
  readonly minLength: number;
  readonly maxLength: number;
}
/** No two of them share what one of the keys says of them. */
const unique =
  (...keys: readonly ((item: Json) => string)[]) =>
  (item: fc.Arbitrary<Json>, bounds: Bounds) =>
    fc.uniqueArray(item, { ...bounds, comparator: (a, b) => keys.some((key) => key(a) === key(b)) });

/** How far a step goes, in the unit that it says it in. */
const reach = (step: Json) => Number(field(step, 'count') ?? field(step, 'weightPercent'));
const inUnitOf = (first: Json | undefined) => (step: Json) =>
  (field(step, 'count') === null) === (field(first ?? null, 'count') === null);

/** Rules between the items of a list. */
const listRules: Readonly<Record<string, (item: fc.Arbitrary<Json>, bounds: Bounds) => fc.Arbitrary<Json[]>>> = {
  'unique (protocol, port), unique name': unique(
    (item) => `${field(item, 'protocol')} ${field(item, 'port')}`,
    (item) => `${field(item, 'name')}`,
  ),
  'rising, in one unit': (item, bounds) =>
    unique((step) => `${reach(step)}`)(item, bounds).map((steps) =>
      steps.filter(inUnitOf(steps[0])).sort((a, b) => reach(a) - reach(b)),
    ),
};

function ruleOf<R>(schema: JsonObject, known: Readonly<Record<string, R>>): R | undefined {
  const rule = schema['x-rule'];
  if (typeof rule !== 'string') return undefined;
  const found = known[rule];
  if (found === undefined) throw new Error(`Nobody has said how to keep the rule ${rule}.`);
  return found;
}

const lengthOf = (schema: JsonObject, minimum: string, maximum: string, most: number) => ({
  minLength: typeof schema[minimum] === 'number' ? schema[minimum] : 0,
  maxLength: Math.min(typeof schema[maximum] === 'number' ? schema[maximum] : most, most),
});

function text(schema: JsonObject): fc.Arbitrary<string> {
  if (typeof schema.format === 'string') {
    const known = formats[schema.format];
    if (known === undefined) throw new Error(`Nobody has said how to make a ${schema.format}.`);
    return known;
  }
  if (typeof schema.pattern === 'string') {
    const longest = typeof schema.maxLength === 'number' ? schema.maxLength : Number.POSITIVE_INFINITY;
    return fc.stringMatching(new RegExp(schema.pattern)).filter((made) => made.length <= longest);
  }
  // Texts of people are trimmed at the door, which shapes don't tell: what is recorded has its length without blanks.
  const { minLength, maxLength } = lengthOf(schema, 'minLength', 'maxLength', 20);
  return fc.string({ unit: 'grapheme', minLength, maxLength }).filter((made) => made.trim().length >= minLength);
}

function object(schema: JsonObject): fc.Arbitrary<Json> {
  const { additionalProperties, propertyNames } = schema;
  if (isObject(additionalProperties)) {
    const key = isObject(propertyNames) ? text(propertyNames) : fc.string();
    return fc.dictionary(key, anyOfShape(additionalProperties), { maxKeys: 3 });
  }
  const fields = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  const required = Array.isArray(schema.required) ? schema.required.map(String) : [];
  const made = fc.record(Object.fromEntries(fields.map(([name, field]) => [name, anyOfShape(field)])), {
    requiredKeys: required,
  }) as fc.Arbitrary<JsonObject>;
  const holds = ruleOf(schema, fieldRules);
  return holds === undefined ? made : made.filter(holds);
}

export function anyOfShape(schema: Json): fc.Arbitrary<Json> {
  if (!isObject(schema)) return fc.jsonValue() as fc.Arbitrary<Json>;
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  const union = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(union)) return fc.oneof(...union.map(anyOfShape));
  switch (schema.type) {
    case 'string':
      return text(schema);
    case 'integer':
      return fc.integer({
        min: Math.max(Number(schema.minimum ?? -1e9), -1e9),
        max: Math.min(Number(schema.maximum ?? 1e9), 1e9),
      });
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value));
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array': {
      const { minLength, maxLength } = lengthOf(schema, 'minItems', 'maxItems', 3);
      const item = anyOfShape(schema.items ?? {});
      const made = ruleOf(schema, listRules);
      return made === undefined ? fc.array(item, { minLength, maxLength }) : made(item, { minLength, maxLength });
    }
    case 'object':
      return object(schema);
    default:
      return fc.jsonValue() as fc.Arbitrary<Json>;
  }
}
