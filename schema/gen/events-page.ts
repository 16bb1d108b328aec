/** The page of all events, for people: docs/events.md. */
import { cloudEvent, typePrefix } from '../src/cloudevent.ts';
import { type Context, contexts } from '../src/contexts.ts';
import { PERSONAL_KEYWORD } from '../src/personal.ts';
import type { EventDefinition } from '../src/registry.ts';
import { addressOf } from './asyncapi.ts';
import type { Examples } from './examples.ts';
import { registries } from './registries.ts';
import { isObject, type Json, type JsonObject, toJsonSchema } from './shape.ts';

const titles: Readonly<Record<Context, string>> = {
  tenancy: 'Tenants, members, service accounts, environments and namespaces.',
  deploy: 'Nodes; deployments with their releases, rollouts and instances; the gate of each namespace.',
  network: 'Subnets, endpoints and isolation policies; the gate of each namespace.',
};

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (text: string) => `\`${text}\``;

function bounds(schema: JsonObject): string {
  const { minimum, maximum } = schema;
  const highest = typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER ? maximum : null;
  const lowest = typeof minimum === 'number' && minimum > Number.MIN_SAFE_INTEGER ? minimum : null;
  if (lowest !== null && highest !== null) return ` ${lowest}–${highest}`;
  if (lowest !== null) return ` ≥ ${lowest}`;
  return highest === null ? '' : ` ≤ ${highest}`;
}

const lengths = (schema: JsonObject): string =>
  typeof schema.maxLength === 'number' ? ` of at most ${schema.maxLength} characters` : '';

/** A type in a few words. */
function typeText(schema: Json | undefined): string {
  if (!isObject(schema)) return 'anything';
  if (schema.const !== undefined) return code(String(schema.const));
  if (Array.isArray(schema.enum)) return schema.enum.map((one) => code(String(one))).join(', ');
  const union = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(union)) return [...new Set(union.map(typeText))].join(' or ');
  const unit = typeof schema['x-unit'] === 'string' ? ` (${schema['x-unit']})` : '';
  switch (schema.type) {
    case 'string': {
      if (typeof schema.format === 'string') return schema.format;
      const id = typeof schema.pattern === 'string' ? /^\^([a-z]+_)\[0-7\]/.exec(schema.pattern)?.[1] : undefined;
      return id === undefined ? `text${lengths(schema)}` : `id ${code(`${id}…`)}`;
    }
    case 'integer':
    case 'number':
      return `${schema.type}${bounds(schema)}${unit}`;
    case 'array':
      return `list of ${typeText(schema.items)}${typeof schema.maxItems === 'number' ? `, at most ${schema.maxItems}` : ''}`;
    case 'object': {
      if (!isObject(schema.additionalProperties)) return 'object';
      const most = typeof schema.maxProperties === 'number' ? `, at most ${schema.maxProperties}` : '';
      return `map of ${typeText(schema.additionalProperties)}${most}`;
    }
    case 'null':
      return 'null';
    default:
      return 'anything';
  }
}

/** A row for each field, those of objects inside below their own. */
function rows(schema: Json | undefined, prefix = ''): readonly string[] {
  if (!isObject(schema)) return [];
  const union = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(union)) return [...new Set(union.flatMap((one) => rows(one, prefix)))];
  if (schema.type === 'array') return rows(schema.items, `${prefix.replace(/\.$/, '')}[].`);
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(isObject(schema.properties) ? schema.properties : {}).flatMap(([name, field]) => {
    const text = isObject(field) && typeof field.description === 'string' ? field.description : '';
    const rule = isObject(field) && typeof field['x-rule'] === 'string' ? ` Holds: ${code(field['x-rule'])}.` : '';
    const optional = required.includes(name) ? '' : ', may be left out';
    const personal =
      isObject(field) && PERSONAL_KEYWORD in field ? ', personal: sealed with the key of its person' : '';
    return [
      `| ${code(`${prefix}${name}`)} | ${cell(typeText(field))}${optional}${personal} | ${cell(text + rule)} |`,
      ...rows(field, `${prefix}${name}.`),
    ];
  });
}

const table = (schema: JsonObject) => ['| Field | Type | Meaning |', '| --- | --- | --- |', ...rows(schema)];

function eventText(context: Context, type: string, definition: EventDefinition, examples: Examples): readonly string[] {
  const example = examples.get(`${context}.${type}@${definition.version}`);
  return [
    `### ${context}.${type}`,
    '',
    definition.doc ?? '',
    '',
    `Version ${definition.version} · stream ${code(`${definition.stream}:<id>`)} · subject ` +
      code(addressOf(context, type, definition).replaceAll('{', '<').replaceAll('}', '>')),
    '',
    ...table(toJsonSchema(definition.data)),
    '',
    ...(example === undefined ? [] : ['```json', JSON.stringify(example.data, null, 2), '```', '']),
  ];
}

export function renderEventsPage(examples: Examples): string {
  const lines = [
    '<!-- Generated from schema/ by `npm run gen`. Changes made here are lost. -->',
    '',
    '# Events',
    '',
    'Everything that happens in Atoll is an event: a fact in the past tense, committed before anybody hears of it, and never',
    'changed. This page is for whoever follows them, over NATS (services) or through the API (`events` of the',
    '[SDK](../sdk/README.md), where texts that are secret are left out). The same for programs: [asyncapi.json](asyncapi.json),',
    'AsyncAPI 3.0. How an event gets a new shape: [contributing](contributing.md#changing-an-event).',
    '',
    ...contexts.map(
      (context) =>
        `- **${context}**: ${Object.keys(registries[context])
          .map((type) => `[${type}](#${context}${type.toLowerCase()})`)
          .join(', ')}`,
    ),
    '',
    '## The envelope',
    '',
    'Events are [CloudEvents](https://cloudevents.io) 1.0 in JSON, structured mode, on the stream of their context:',
    `${contexts.map((context) => code(`EVENTS_${context.toUpperCase()}`)).join(', ')}. \`type\` is ${code(`${typePrefix('tenancy')}…`)} and so on. Old events are on the`,
    'wire as they were written; `schemaversion` says in which shape.',
    '',
    ...table(toJsonSchema(cloudEvent)),
    '',
  ];
  for (const context of contexts) {
    lines.push(`## ${context}`, '', titles[context], '');
    for (const [type, definition] of Object.entries(registries[context])) {
      lines.push(...eventText(context, type, definition, examples));
    }
  }
  return `${lines.join('\n').trimEnd()}\n`;
}
