/** The AsyncAPI document is one by the official schema, and what releases wrote is what it describes. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv, type ValidateFunction } from 'ajv';
import { expect, test } from 'vitest';
import { documentFiles, releaseFolder, releases } from '../gen/files.ts';
import { registries } from '../gen/registries.ts';
import { contexts } from '../src/contexts.ts';

const require = createRequire(import.meta.url);
const document: { messages?: object } & Record<string, Record<string, Record<string, object>>> = JSON.parse(
  readFileSync(documentFiles.asyncapi, 'utf8'),
);
/** Formats and our own keywords are for readers; patterns and bounds are checked. */
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });

ajv.addSchema({ components: document.components }, 'events');

/** Of the message of a type and version. */
function payloadOf(context: string, type: string, version: number): ValidateFunction {
  const newest = registries[contexts.find((name) => name === context) ?? 'tenancy'][type]?.version;
  const message = version === newest ? `${context}.${type}` : `${context}.${type}.${version}`;
  const validate = ajv.getSchema(`events#/components/messages/${message}/payload`);
  if (validate === undefined) throw new Error(`The document has no message ${message}.`);
  return validate;
}

test('the document is AsyncAPI 3.0, by the schema of its authors', () => {
  const schema = require('@asyncapi/specs/schemas/3.0.0-without-$id.json');
  const official = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  const validate = official.compile(schema);
  validate(document);
  expect(validate.errors).toBeNull();
  expect(validate({ ...document, channels: { bad: { address: 7 } } })).toBe(false);
});

test('every event has a channel, a message and an operation', () => {
  const all = contexts.flatMap((context) => Object.keys(registries[context]).map((type) => `${context}.${type}`));
  expect(Object.keys(document.channels ?? {}).sort()).toEqual(all.sort());
  expect(Object.keys(document.operations ?? {}).sort()).toEqual(all.map((name) => `send.${name}`).sort());
  expect(Object.keys(document.components?.messages ?? {})).toEqual(expect.arrayContaining(all));
});

test.each(releases())('all that release %s wrote is what the document says, and nothing less', (release) => {
  for (const context of contexts) {
    const lines = readFileSync(new URL(`${context}.jsonl`, releaseFolder(release)), 'utf8')
      .trimEnd()
      .split('\n');
    for (const line of lines) {
      const event = JSON.parse(line);
      const validate = payloadOf(context, event.type.split('.').at(-1), event.schemaversion);
      validate(event);
      expect(validate.errors).toBeNull();
      expect(validate({ ...event, tenant: 'nobody' })).toBe(false);
      expect(validate({ ...event, data: { ...event.data, more: 1 } })).toBe(false);
    }
  }
});

test('personal data comes sealed or not at all, and nothing else does', () => {
  const [created] = readFileSync(new URL('tenancy.jsonl', releaseFolder('0.1.0')), 'utf8').split('\n');
  const id = (prefix: string) => `${prefix}_${'0'.repeat(26)}`;
  const people = { tenantId: id('ten'), memberId: id('mem'), subject: 's', role: 'admin' };
  const validate = payloadOf('tenancy', 'MemberAdded', 2);
  const added = (data: object) => ({
    ...{ ...JSON.parse(created ?? ''), type: 'atoll.tenancy.MemberAdded', schemaversion: 2 },
    data: { ...people, ...data },
  });
  expect(validate(added({ displayName: { $sealed: '1.k.x' }, email: { $sealed: '1.k.y' } }))).toBe(true);
  expect(validate(added({ displayName: null, email: null }))).toBe(true);
  expect(validate(added({ displayName: 'Ann', email: null }))).toBe(false);
  expect(validate(added({ displayName: { $sealed: 1 }, email: null }))).toBe(false);
  expect(validate(added({ displayName: null, email: null, role: { $sealed: '1.k.x' } }))).toBe(false);
});
