/**
 * Personal data in events: which fields hold it, and whose it is.
 *
 * A field that is marked so is encrypted with the key of its subject before it is stored, and told to nobody who can't
 * have the key. Erasing the subject destroys the key. So whoever reads such a field must do with `null`: it was never
 * given, or it is erased.
 */
import { z } from 'zod';
import type { EventRegistry } from './registry.ts';

/** Keyword of the JSON Schemas: name of the field that says whose the data is. */
export const PERSONAL_KEYWORD = 'x-personal';

/**
 * Marks a field of an event's data as personal data. `subjectField` names the field whose text identifies the person: one
 * beside it or of an object around it. The identifier itself stays readable, so it must be a pseudonym.
 */
export const personal = <S extends z.ZodType>(schema: S, subjectField: string): z.ZodNullable<S> =>
  schema.nullable().meta({ [PERSONAL_KEYWORD]: subjectField });

/** Each name leads one object deeper; `*` stands for every item of a list. */
export type FieldPath = readonly string[];

export interface PersonalField {
  readonly path: FieldPath;
  /** Where the subject stands; its `*` are the same items as those of `path`. */
  readonly subject: FieldPath;
}

const markOf = (schema: z.ZodType): string | null => {
  const mark: unknown = schema.meta()?.[PERSONAL_KEYWORD];
  return typeof mark === 'string' ? mark : null;
};

const isType = (schema: unknown): schema is z.ZodType => schema instanceof z.ZodType;
const isText = (schema: unknown): boolean => schema instanceof z.ZodString || schema instanceof z.ZodTemplateLiteral;

function unwrap(schema: z.ZodType): z.ZodType {
  const inner: unknown =
    schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault
      ? schema.unwrap()
      : null;
  return isType(inner) && markOf(schema) === null ? unwrap(inner) : schema;
}

interface Around {
  readonly path: FieldPath;
  readonly shape: Readonly<Record<string, unknown>>;
}

function collect(schema: z.ZodType, path: FieldPath, around: readonly Around[], found: PersonalField[]): void {
  const mark = markOf(schema);
  if (mark !== null) {
    const holder = [...around].reverse().find(({ shape }) => isText(shape[mark]));
    if (!holder) {
      throw new Error(
        `${path.join('.')} is personal data of nobody: there is no text field "${mark}" beside it or around it that ` +
          'is always there. Name the field that says whose data it is.',
      );
    }
    found.push({ path, subject: [...holder.path, mark] });
    return;
  }
  if (schema instanceof z.ZodObject) {
    const shape: Readonly<Record<string, unknown>> = schema.shape;
    for (const [name, field] of Object.entries(shape)) {
      if (isType(field)) collect(unwrap(field), [...path, name], [...around, { path, shape }], found);
    }
  } else if (schema instanceof z.ZodArray && isType(schema.element)) {
    collect(unwrap(schema.element), [...path, '*'], around, found);
  }
}

const marks = (schema: z.ZodType): number =>
  JSON.stringify(z.toJSONSchema(schema, { unrepresentable: 'any', io: 'output' })).split(`"${PERSONAL_KEYWORD}":`)
    .length - 1;

const known = new WeakMap<z.ZodType, readonly PersonalField[]>();

/** The personal fields of a shape. Throws where one has no subject, or stands where it couldn't be found in data. */
export function personalFields(schema: z.ZodType): readonly PersonalField[] {
  const before = known.get(schema);
  if (before) return before;
  const found: PersonalField[] = [];
  collect(unwrap(schema), [], [], found);
  if (marks(schema) !== found.length) {
    throw new Error(
      'A personal field stands in a union, record or tuple, where it is not found: move it out of there.',
    );
  }
  known.set(schema, found);
  return found;
}

/** The personal fields by event type, without those that have none. Throws, naming the type, as `personalFields` does. */
export function personalTypes(registry: EventRegistry): ReadonlyMap<string, readonly PersonalField[]> {
  const types = new Map<string, readonly PersonalField[]>();
  for (const [type, { data }] of Object.entries(registry)) {
    try {
      const fields = personalFields(data);
      if (fields.length > 0) types.set(type, fields);
    } catch (error) {
      throw new Error(`${type}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  return types;
}

type Place = readonly [value: unknown, path: readonly (string | number)[]];

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function replaceAt(value: unknown, path: FieldPath, at: Place[1], change: (place: Place) => unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return change([value, at]);
  if (name === '*') {
    return Array.isArray(value) ? value.map((item, index) => replaceAt(item, rest, [...at, index], change)) : value;
  }
  if (!isObject(value) || !Object.hasOwn(value, name)) return value;
  return { ...value, [name]: replaceAt(value[name], rest, [...at, name], change) };
}

function subjectAt(data: unknown, subject: FieldPath, at: Place[1]): string | null {
  let value: unknown = data;
  for (const [index, name] of subject.entries()) {
    const step = name === '*' ? at[index] : name;
    value = typeof value === 'object' && value !== null && step !== undefined ? Reflect.get(value, step) : undefined;
  }
  return typeof value === 'string' && value !== '' ? value : null;
}

/**
 * A copy of the data with each personal value that is there replaced. `change` gets the value, whose it is and where it
 * stands, as `members.0.email`. Throws where a value is there and its subject isn't.
 */
export function mapPersonal(
  fields: readonly PersonalField[],
  data: unknown,
  change: (value: unknown, subject: string, path: string) => unknown,
): unknown {
  return fields.reduce(
    (all, field) =>
      replaceAt(all, field.path, [], ([value, at]) => {
        if (value === null || value === undefined) return value;
        const subject = subjectAt(data, field.subject, at);
        if (subject === null) throw new Error(`${at.join('.')} is there, and nothing says whose it is.`);
        return change(value, subject, at.join('.'));
      }),
    data,
  );
}

/** A copy of the data without its personal values: for logs, and for whoever isn't to see them. */
export const withoutPersonal = (fields: readonly PersonalField[], data: unknown): unknown =>
  mapPersonal(fields, data, () => null);
