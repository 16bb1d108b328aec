/** The AsyncAPI 3.0 document of all events: one channel per type, one message per version of its shape. */
import { cloudEvent, cloudEventContentType, sourcePrefix, typePrefix } from '../src/cloudevent.ts';
import { type Context, contexts } from '../src/contexts.ts';
import { PERSONAL_KEYWORD } from '../src/personal.ts';
import type { EventDefinition } from '../src/registry.ts';
import type { Examples } from './examples.ts';
import { registries } from './registries.ts';
import { isObject, type Json, type JsonObject, toJsonSchema } from './shape.ts';
import type { RecordedShapes } from './shapes.ts';

const ref = (path: string): JsonObject => ({ $ref: `#/${path}` });

export const addressOf = (context: Context, type: string, { stream }: EventDefinition) =>
  `evt.${context}.{tenant}.${stream ?? '{kind}'}.{id}.${type}`;

/** The newest version has the type's own name. */
const messageName = (context: Context, type: string, version: number, newest: number) =>
  version === newest ? `${context}.${type}` : `${context}.${type}.${version}`;

const headers: JsonObject = {
  type: 'object',
  properties: {
    'content-type': { type: 'string', const: cloudEventContentType },
    'Nats-Msg-Id': { type: 'string', description: '`context:position`: by it JetStream knows a repeat.' },
  },
};

function message(context: Context, type: string, version: number, newest: number, examples: Examples): JsonObject {
  const definition = registries[context][type];
  const name = messageName(context, type, version, newest);
  const example = examples.get(`${context}.${type}@${version}`);
  return {
    name: `${typePrefix(context)}${type}`,
    title: version === newest ? type : `${type}, version ${version}`,
    summary: definition?.doc ?? '',
    contentType: cloudEventContentType,
    correlationId: { location: '$message.payload#/correlation' },
    headers: ref('components/schemas/headers'),
    payload: {
      allOf: [
        ref('components/schemas/envelope'),
        {
          type: 'object',
          properties: {
            source: { const: `${sourcePrefix}${context}` },
            type: { const: `${typePrefix(context)}${type}` },
            schemaversion: { const: version },
            data: ref(`components/schemas/${name}`),
          },
        },
      ],
    },
    ...(example === undefined ? {} : { examples: [{ name: 'golden', payload: example }] }),
  };
}

/** What is told of personal data: the sealed form, which only the owner's keys open. */
const sealedForm: JsonObject = {
  type: 'object',
  description:
    'Personal data: encrypted with a key of its subject, whom the field of `x-personal` names. Erasing destroys the key.',
  required: ['$sealed'],
  properties: { $sealed: { type: 'string' } },
  additionalProperties: false,
};

function onTheWire(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(onTheWire);
  if (!isObject(schema)) return schema;
  if (typeof schema[PERSONAL_KEYWORD] === 'string') {
    const { anyOf: _, ...rest } = schema;
    return { ...rest, anyOf: [sealedForm, { type: 'null' }] };
  }
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, onTheWire(value)]));
}

export function renderAsyncApi(options: {
  readonly version: string;
  readonly recorded: Readonly<Record<Context, RecordedShapes>>;
  readonly examples: Examples;
}): JsonObject {
  const channels: Record<string, Json> = {};
  const operations: Record<string, Json> = {};
  const messages: Record<string, Json> = {};
  const schemas: Record<string, Json> = { envelope: toJsonSchema(cloudEvent), headers };
  for (const context of contexts) {
    for (const [type, definition] of Object.entries(registries[context])) {
      const newest = definition.version;
      const label = `${context}.${type}`;
      const older = Object.keys(options.recorded[context][type] ?? {})
        .map(Number)
        .filter((version) => version < newest);
      const versions = [newest, ...older.sort((a, b) => b - a)];
      for (const version of versions) {
        const name = messageName(context, type, version, newest);
        const shape = options.recorded[context][type]?.[version]?.shape ?? {};
        schemas[name] = onTheWire(version === newest ? toJsonSchema(definition.data) : shape);
        messages[name] = message(context, type, version, newest, options.examples);
      }
      const names = versions.map((version) => messageName(context, type, version, newest));
      channels[label] = {
        address: addressOf(context, type, definition),
        title: type,
        description: definition.doc ?? '',
        messages: Object.fromEntries(names.map((name) => [name, ref(`components/messages/${name}`)])),
        parameters: {
          tenant: { description: 'Whose it is: id of a tenant, or `platform`.' },
          id: { description: 'Id of what it happened to; after the kind, the rest of the stream’s name.' },
        },
      };
      operations[`send.${label}`] = {
        action: 'send',
        channel: ref(`channels/${label}`),
        summary: `Sent by the ${context} service, after the commit.`,
        messages: names.map((name) => ref(`channels/${label}/messages/${name}`)),
      };
    }
  }
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Events of Atoll',
      version: options.version,
      description:
        'Facts that were committed, as CloudEvents 1.0 in JSON (structured mode) over NATS JetStream. Each context has a ' +
        'stream, in the order of its commits, without gaps. Generated from schema/ by `npm run gen`.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: cloudEventContentType,
    channels,
    operations,
    components: { messages, schemas },
  };
}
