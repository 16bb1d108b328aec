import { buildSchema, getOperationAST, getVariableValues, parse, printSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { capabilityUses } from '../read/compile/capability-use.ts';
import { capabilityProblems, capabilitySet, createTenantSchemas, everyCapability, filterSchema } from './capability.ts';
import { loadDocument, loadSchema } from './load.ts';

const text = `
  directive @capability(name: String!) on FIELD_DEFINITION | OBJECT | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE
  interface Node { id: ID! }
  type Query { node(id: ID!): Node plain(flag: Flag, deep: Deep, log: Boolean @capability(name: "logs")): Thing }
  extend type Query {
    keys: KeyConnection!
    trial: Trial @capability(name: "probe")
  }
  type Thing implements Node { id: ID! key: Key secret: String @capability(name: "logs") }
  type Key implements Node @capability(name: "apiKeys") { id: ID! }
  type KeyConnection { nodes: [Key!]! info: Info! }
  type Info { more: Boolean }
  type Trial { outcome: Outcome }
  enum Outcome { GOOD BAD }
  enum Flag { ON OFF @capability(name: "logs") }
  input Deep { a: Int, b: Inner }
  input Inner { c: Flag, d: Int @capability(name: "probe") }
  type Mutation { do: Thing }
`;
const document = parse(text);
const whole = buildSchema(text);
const all = [
  'apiKeys',
  'customRoles',
  'imageRules',
  'logs',
  'ownIssuers',
  'probe',
  'promotionOrder',
  'serviceAccounts',
];
const not = (...names: string[]) => capabilitySet(all.filter((name) => !names.includes(name)));
const printed = (...names: string[]) => printSchema(filterSchema(document, whole, not(...names)));

describe('a schema without a capability', () => {
  it('is the whole one where none is excluded', () => {
    expect(capabilitySet(all)).toBe(everyCapability);
    expect(filterSchema(document, whole, everyCapability)).toBe(whole);
  });

  it('has neither its fields, arguments, values, nor a type that only they led to', () => {
    expect(printed('probe')).not.toMatch(/trial|Trial|Outcome|\bd:/);
    expect(printed('logs')).not.toMatch(/secret|OFF|log:/);
    expect(printed('logs')).toMatch(/trial: Trial/);
  });

  it('has no type that is excluded, none of its pages, and no field of theirs', () => {
    const left = printed('apiKeys');
    expect(left).not.toMatch(/Key|key/);
    expect(left).toMatch(/type Thing implements Node/);
    expect(left).not.toMatch(/Info/);
  });

  it('is made once for a set, and the same bytes in whichever order its names come', () => {
    const schemas = createTenantSchemas(document, whole);
    const one = capabilitySet(['logs', 'probe']);
    const other = capabilitySet(['probe', 'logs', 'something of a later version']);
    expect(schemas.of(one)).toBe(schemas.of(other));
    expect(schemas.printed(one)).toBe(schemas.printed(other));
  });

  it('is valid for each capability that the real one names, and for none of them', () => {
    const real = loadDocument();
    const schema = loadSchema(real);
    for (const set of [...all.map((name) => not(name)), capabilitySet([])]) {
      const left = printSchema(filterSchema(real, schema, set));
      expect(() => buildSchema(left)).not.toThrow();
    }
    const none = printSchema(filterSchema(real, schema, capabilitySet([])));
    expect(none).not.toMatch(
      /probe\(|ProbeResult|setImageRules|ImageRules|setPromotion|promotesTo|createApiKey|registerIssuer/,
    );
  });

  it('a name that the registry lacks is a problem', () => {
    expect(capabilityProblems(document)).toEqual([]);
    expect(
      capabilityProblems(parse('type A @capability(name: "lgos") { b: Int @capability(name: "x") }')),
    ).toHaveLength(2);
  });
});

describe('what a request asks for', () => {
  function uses(query: string, variables: Record<string, unknown> = {}): string[] {
    const asked = parse(query);
    const operation = getOperationAST(asked, 'Q');
    if (!operation) throw new Error('no operation');
    const { coerced, errors } = getVariableValues(whole, operation.variableDefinitions ?? [], variables);
    if (errors) throw errors[0];
    return [...capabilityUses(whole, asked, operation, coerced ?? {})].map(([name, where]) => `${name} by ${where}`);
  }

  it.each([
    ['a field', 'query Q { trial { outcome } }', 'probe by Query.trial'],
    ['a field in a fragment', 'query Q { ...F } fragment F on Query { trial { outcome } }', 'probe by Query.trial'],
    ['an alias of it', 'query Q { x: trial { outcome } }', 'probe by Query.trial'],
    ['an argument', 'query Q { plain(log: true) { id } }', 'logs by Query.plain(log:)'],
    ['a value', 'query Q { plain(flag: OFF) { id } }', 'logs by Flag.OFF'],
    ['an input field', 'query Q { plain(deep: {b: {d: 1}}) { id } }', 'probe by Inner.d'],
    ['a type condition', 'query Q { node(id: "x") { ... on Key { id } } }', 'apiKeys by Key'],
  ])('%s', (_what, query, use) => expect(uses(query)).toEqual([use]));

  it('values of variables, however deep', () => {
    const query = 'query Q($deep: Deep, $flag: Flag = ON) { plain(deep: $deep, flag: $flag) { id } }';
    expect(uses(query)).toEqual([]);
    expect(uses(query, { flag: 'OFF' })).toEqual(['logs by Flag.OFF']);
    expect(uses(query, { deep: { b: { c: 'OFF', d: 1 } } })).toEqual(['logs by Flag.OFF', 'probe by Inner.d']);
  });

  it('nothing of another operation, nor of a fragment that is not used', () => {
    const query =
      'query Q { plain { id } } query Other { trial { outcome } } fragment F on Query { trial { outcome } }';
    expect(uses(query)).toEqual([]);
  });
});
