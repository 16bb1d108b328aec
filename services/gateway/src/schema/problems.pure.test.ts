import { buildSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { loadSchema } from './load.ts';
import { schemaProblems } from './problems.ts';

const directives = `
  "x" directive @auth("x" permission: String!) on FIELD_DEFINITION
  "x" directive @cost("x" weight: Int!) on FIELD_DEFINITION
  "x" directive @table("x" name: String!, "x" permission: String!) on OBJECT
  "x" directive @embedded on OBJECT
  "x" directive @relation("x" local: String!, "x" foreign: String!, "x" orderBy: String) on FIELD_DEFINITION
  "x" directive @rows("x" orderBy: String) on FIELD_DEFINITION
  "x" directive @live on FIELD_DEFINITION`;
const problems = (sdl: string) => schemaProblems(buildSchema(`${directives}\n${sdl}`));
const fine = `"x" type Tenant @table(name: "tenant", permission: "tenant:read") { "x" id: ID! }`;

describe('the SDL', () => {
  it('has no problem', () => {
    expect(schemaProblems(loadSchema())).toEqual([]);
  });

  it('is refused with a root field that nobody guards, or by a permission that there is not', () => {
    expect(problems(`${fine} "x" type Query { "x" tenant: Tenant @rows }`)).toEqual(['Query.tenant has no @auth']);
    const unknown = problems(`${fine} "x" type Query { "x" tenant: Tenant @rows @auth(permission: "tenant:reed") }`);
    expect(unknown).toEqual([expect.stringContaining('"tenant:reed"')]);
    const table = `"x" type Tenant @table(name: "tenant", permission: "root") { "x" id: ID! }`;
    expect(problems(`${table} "x" type Query { "x" tenant: Tenant @rows @auth(permission: "tenant:read") }`)).toEqual([
      expect.stringContaining('"root"'),
    ]);
  });

  it('is refused without a docstring anywhere', () => {
    const sdl = `type Tenant @table(name: "tenant", permission: "tenant:read") { id: ID! "x" kind: Kind! }
      enum Kind { A } input I { b: Int } directive @mine(c: Int) on FIELD
      type Query { tenant(id: ID!): Tenant @rows @auth(permission: "tenant:read") }`;
    expect(problems(sdl)).toEqual([
      'Tenant has no docstring',
      'Tenant.id has no docstring',
      'Kind has no docstring',
      'Kind.A has no docstring',
      'I has no docstring',
      'I.b has no docstring',
      'Query has no docstring',
      'Query.tenant has no docstring',
      'Query.tenant(id:) has no docstring',
      '@mine has no docstring',
      '@mine(c:) has no docstring',
    ]);
  });

  it('is refused where a type has no place, a page no order or no size, or a live field no cost', () => {
    const query = (field: string) => `${fine} "x" type Query { ${field} }`;
    expect(problems(`${query('"x" a: Odd @auth(permission: "tenant:read")')} "x" type Odd { "x" id: ID! }`)).toContain(
      'Odd has neither @table nor @embedded',
    );
    const connection = `"x" type TenantConnection { "x" nodes: [Tenant!]! "x" edges: [TenantEdge!]! } "x" type TenantEdge { "x" node: Tenant! }`;
    const page = (args: string, order: string) =>
      problems(
        `${query(`"x" a${args}: TenantConnection! @rows${order} @auth(permission: "tenant:read")`)} ${connection}`,
      );
    expect(page('("x" first: Int = 20, "x" after: String)', '(orderBy: "id")')).toEqual([]);
    expect(page('("x" first: Int = 20, "x" after: String)', '')).toEqual([expect.stringContaining('orderBy')]);
    expect(page('("x" first: Int = 500, "x" after: String)', '(orderBy: "id")')).toEqual([
      expect.stringContaining('1–100'),
    ]);
    expect(page('("x" first: Int = 20)', '(orderBy: "id")')).toEqual([expect.stringContaining('`after`')]);
    expect(problems(query('"x" a: Int @live @auth(permission: "tenant:read")'))).toEqual([
      'Query.a is @live and has no @cost',
    ]);
  });
});
