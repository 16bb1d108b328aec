/** Event registries → TypeScript types of the `data` of each event, by way of JSON Schema. */
import type { EventRegistry } from '@atoll/schema/registry';
import { z } from 'zod';

/** The part of JSON Schema that the registries' shapes come out as; anything else is an error of the generator. */
const jsonSchema: z.ZodType<JsonSchema> = z.lazy(() =>
  z.looseObject({
    type: z.enum(['object', 'string', 'number', 'integer', 'boolean', 'array', 'null']).optional(),
    const: z.union([z.string(), z.number(), z.boolean()]).optional(),
    enum: z.array(z.string()).optional(),
    anyOf: z.array(jsonSchema).optional(),
    oneOf: z.array(jsonSchema).optional(),
    items: jsonSchema.optional(),
    properties: z.record(z.string(), jsonSchema).optional(),
    required: z.array(z.string()).optional(),
    additionalProperties: z.union([z.literal(false), jsonSchema]).optional(),
  }),
);
interface JsonSchema {
  type?: 'object' | 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'null' | undefined;
  const?: string | number | boolean | undefined;
  enum?: string[] | undefined;
  anyOf?: JsonSchema[] | undefined;
  oneOf?: JsonSchema[] | undefined;
  items?: JsonSchema | undefined;
  properties?: Record<string, JsonSchema> | undefined;
  required?: string[] | undefined;
  additionalProperties?: false | JsonSchema | undefined;
}

/** What the gateway keeps out of tenants' logs. */
const hidden: Readonly<Record<string, readonly string[]>> = { 'tenancy.ServiceAccountCreated': ['secretHash'] };

function without({ properties, ...schema }: JsonSchema, names: readonly string[]): JsonSchema {
  const kept = Object.entries(properties ?? {}).filter(([name]) => !names.includes(name));
  return { ...schema, properties: Object.fromEntries(kept) };
}

function render(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((text) => JSON.stringify(text)).join(' | ');
  const union = schema.anyOf ?? schema.oneOf;
  if (union !== undefined) return [...new Set(union.map(render))].join(' | ');
  switch (schema.type) {
    case 'string':
      return 'string';
    case 'number':
    case 'integer':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'null':
      return 'null';
    case 'array':
      return `ReadonlyArray<${schema.items === undefined ? 'unknown' : render(schema.items)}>`;
    case 'object': {
      if (typeof schema.additionalProperties === 'object') {
        return `Readonly<Record<string, ${render(schema.additionalProperties)}>>`;
      }
      const required = new Set(schema.required);
      const members = Object.entries(schema.properties ?? {}).map(
        ([name, member]) => `readonly ${name}${required.has(name) ? '' : '?'}: ${render(member)}`,
      );
      return `{ ${members.join('; ')} }`;
    }
    case undefined:
      return 'unknown';
  }
}

export function renderEvents(registries: Readonly<Record<string, EventRegistry>>): string {
  const lines = Object.entries(registries).flatMap(([context, registry]) =>
    Object.entries(registry).map(([type, definition]) => {
      const schema = jsonSchema.parse(z.toJSONSchema(definition.data, { io: 'output', unrepresentable: 'any' }));
      const name = `${context}.${type}`;
      return `  '${name}': ${render(without(schema, hidden[name] ?? []))};`;
    }),
  );
  return `/** \`type\` of an event → the shape of its \`data\`. */\nexport interface EventData {\n${lines.join('\n')}\n}\n`;
}
