import { type OperationDefinitionNode, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { boundless, developerIn } from '../../../test/read/accesses.ts';
import { loadSchema } from '../../schema/load.ts';
import { createModel } from '../../schema/model.ts';
import { createCompiler } from './compile.ts';
import { cost } from './cost.ts';
import { encodeCursor } from './cursor.ts';
import type { ViewerClass } from './sql.ts';

const compiler = createCompiler(createModel(loadSchema()), (_parent, field) =>
  field === 'tunnel' ? ['id', 'name'] : [],
);

function compile(
  text: string,
  variables: Record<string, unknown> = {},
  viewerClass: ViewerClass = 'tenant',
  access = boundless,
) {
  const document = parse(text);
  const operation = document.definitions.find((d): d is OperationDefinitionNode => d.kind === 'OperationDefinition');
  if (!operation) throw new Error('no operation');
  const compiled = compiler.compile({ document, operation, variables, viewerClass, access });
  const { statement } = compiled;
  const params = statement?.params.map((param) => param({ variables, tenant: 'ten_1', access }));
  return { ...compiled, text: statement?.text ?? '', params };
}

describe('a statement', () => {
  it('is one, with the tenant at each table and every value a parameter', () => {
    const id = 'dep_01h2xcejqtf2nbrexx3vqjhp41';
    const key = "'; drop table x; --";
    const { text, params } = compile(
      'query ($id: ID!, $n: Int, $a: String) { deployment(id: $id) { name instances(first: $n, after: $a) { nodes { id } } currentRelease { image } } }',
      { id, n: 3, a: encodeCursor({ key, id }) },
    );
    expect(text).toMatch(/^select json_build_object\('deployment', \(select /);
    const tables = text.match(/from read\.\w+ t\d+/g) ?? [];
    expect(tables).toHaveLength(3);
    expect(text.match(/t\d+\.tenant_id = \$2::text/g)).toHaveLength(3);
    expect(text).not.toContain('drop');
    expect(params).toEqual([id, 'ten_1', 3, key, id]);
    expect(compile('query ($id: ID!) { deployment(id: $id) { id } }', { id: key }).params).toEqual([null, 'ten_1']);
  });

  it('of the operator keeps each row with the tenant of its parent', () => {
    const { text } = compile('{ tenants { nodes { environments { nodes { id } } } } }', {}, 'operator');
    expect(text).toContain('t2.tenant_id = t1.tenant_id');
    expect(text).not.toContain('$2::text');
  });

  it('for who may read parts of the tenant is one for all such parts, which are parameters', () => {
    const environmentId = 'env_01h2xcejqtf2nbrexx3vqjhp41';
    const namespaceId = 'ns_01h2xcejqtf2nbrexx3vqjhp42';
    const query = '{ deployments { nodes { id namespace { id } releases { nodes { id } } } } }';
    const some = compile(query, {}, 'tenant', developerIn({ level: 'namespace', environmentId, namespaceId }));
    expect(some.text.match(/exists\(select from read\.namespace/g)).toHaveLength(2);
    expect(some.text).toMatch(/exists\(select from read\.deployment t\d+ where t\d+\.id = t\d+\.deployment_id/);
    expect(some.params).toContain(`{${namespaceId}}`);
    const other = compile(query, {}, 'tenant', developerIn({ level: 'environment', environmentId }));
    expect(other.text).toBe(some.text);
    expect(other.params).toContain(`{${environmentId}}`);
    expect(compile(query, {}, 'tenant', developerIn({ level: 'tenant' })).text).toBe(compile(query).text);
  });

  it('is the same text and name for all values, and another where the shape differs', () => {
    const query =
      'query ($a: String, $n: Int, $with: Boolean!) { namespaces(first: $n, after: $a) { nodes { id name @include(if: $with) } } }';
    const cursor = Buffer.from('["a", "ns_1"]').toString('base64url');
    const names = (variables: Record<string, unknown>) => compile(query, variables).statement?.name;
    const plain = names({ n: 1, with: true });
    expect(names({ n: 99, with: true, a: null })).toBe(plain);
    expect(names({ n: 1, with: false })).not.toBe(plain);
    expect(names({ n: 1, with: true, a: cursor })).not.toBe(plain);
    expect(compile(query, { n: 5, with: true, a: cursor }).params).toEqual(['ten_1', 5, 'a', 'ns_1']);
  });

  it('is made once per shape of a document', () => {
    const document = parse('query ($id: ID!) { node(id: $id) { id ... on Namespace { name } } }');
    const operation = document.definitions[0] as OperationDefinitionNode;
    const ask = (id: string) =>
      compiler.compile({ document, operation, variables: { id }, viewerClass: 'tenant', access: boundless });
    const suffix = '01h2xcejqtf2nbrexx3vqjhp41';
    expect(ask(`ns_${suffix}`)).toBe(ask(`ns_${suffix.replace('1', '2')}`));
    expect(ask(`ns_${suffix}`)).not.toBe(ask(`dep_${suffix}`));
    expect(ask(`dep_${suffix}`).statement?.text).toContain('read.deployment');
    expect(ask(`evt_${suffix}`).statement).toBeNull();
    expect(ask('nonsense').statement).toBeNull();
  });

  it('has no more than 50 pairs in one object: there the rest is joined on', () => {
    const many = Array.from({ length: 120 }, (_, n) => `a${n}: name`).join(' ');
    const { text } = compile(`{ tenant { ${many} } }`);
    for (const call of text.matchAll(/json_build_object\(([^()]*)\)/g)) {
      expect((call[1] ?? '').split(', ').length).toBeLessThanOrEqual(100);
    }
  });

  it('keeps a place for live fields, with the columns that they need', () => {
    const { text, plain } = compile('{ computeNodes { nodes { tunnel { port } } } }');
    expect(text).toContain(`'tunnel', json_build_object('id', t1.id, 'name', t1.name)`);
    expect(plain).toBe(false);
    expect(compile('{ viewer { role } }').statement).toBeNull();
  });

  it('sends lists of objects as the column has them, where all their fields are asked for in order', () => {
    expect(compile('{ namespaces { nodes { labels { key value } } } }').text).toContain(`'labels', t1.labels)`);
    expect(compile('{ namespaces { nodes { labels { value key } } } }').text).toContain(
      'json_array_elements(t1.labels)',
    );
  });
});

describe('labels that are asked for', () => {
  const pair = (key: string, value: string) => ({ key, value });
  const query = 'query ($l: [LabelInput!]) { deployments(labels: $l) { nodes { id } pageInfo { hasPreviousPage } } }';
  const asked = (l: unknown) => compile(query, { l });

  it('are one parameter, whatever they are and however many', () => {
    const one = asked([pair('app', 'web')]);
    expect(one.text).toContain('t1.labels::jsonb @> $');
    expect(one.params).toContain('[{"key":"app","value":"web"}]');
    expect(asked([pair('app', 'db'), pair('tier', '1')]).text).toBe(one.text);
    expect(one.text).not.toContain('web');
  });

  it('are no condition where there are none', () => {
    const all = compile('{ deployments { nodes { id } pageInfo { hasPreviousPage } } }').text;
    for (const none of [{}, { l: null }, { l: [] }]) expect(compile(query, none).text).toBe(all);
  });

  it('are compiled anew where a document that was asked without them is asked with them', () => {
    const document = parse(query);
    const operation = document.definitions[0] as OperationDefinitionNode;
    const ask = (l: unknown) =>
      compiler.compile({ document, operation, variables: { l }, viewerClass: 'tenant', access: boundless });
    const [none, some] = [ask([]), ask([pair('app', 'web')])];
    expect(none.statement?.text).not.toContain('labels');
    expect(some.statement?.text).toContain('labels::jsonb');
    expect(ask(null)).toBe(none);
    expect(ask([pair('app', 'db'), pair('tier', '1')])).toBe(some);
  });

  it('hold for what lies before a cursor, too', () => {
    const after = encodeCursor({ key: 'a', id: 'dep_01h2xcejqtf2nbrexx3vqjhp41' });
    const { text } = compile(
      `{ deployments(after: "${after}", labels: [{ key: "app", value: "web" }]) { pageInfo { hasPreviousPage } } }`,
    );
    expect(text.match(/labels::jsonb @> \$/g)).toHaveLength(2);
    expect(text).toMatch(/exists\(select from read\.deployment t1 where [^)]*labels::jsonb/);
  });

  it('are refused where nothing can have them, and where they are too many', () => {
    expect(() => asked([pair('a b', 'c')])).toThrow(/no label can be/);
    expect(() => asked([pair('app', '\u0000')])).toThrow(/no label can be/);
    expect(() => asked([pair('app', 'web'), pair('app', 'db')])).toThrow(/"app" twice/);
    const many = Array.from({ length: 33 }, (_, n) => pair(`k${n}`, 'v'));
    expect(() => asked(many)).toThrow(/33 pairs/);
    expect(() => asked(many.slice(1))).not.toThrow();
  });

  it('cost nothing of their own', () => {
    const l = [pair('app', 'web')];
    expect(cost(asked(l).plan, { l })).toBe(20);
  });
});

describe('cost', () => {
  const costOf = (text: string, variables: Record<string, unknown> = {}) =>
    cost(compile(text, variables).plan, variables);

  it('is the rows that may be read: pages multiply what is on them', () => {
    expect(costOf('{ namespaces { nodes { id name labels { key } } } }')).toBe(20);
    expect(
      costOf(
        '{ namespaces(first: 5) { nodes { environment { id } deployments(first: 3) { edges { node { id } } } } } }',
      ),
    ).toBe(5 * (1 + 1 + 3));
    expect(costOf('query ($n: Int) { namespaces(first: $n) { nodes { id } } }', { n: 100 })).toBe(100);
    expect(costOf('query ($n: Int = 7) { namespaces(first: $n) { nodes { id } } }', { n: 7 })).toBe(7);
  });

  it('counts both lists of a page, live fields by their weight, and mutations', () => {
    expect(
      costOf('{ namespaces(first: 10) { nodes { environment { id } } edges { node { environment { id } } } } }'),
    ).toBe(30);
    expect(costOf('{ computeNodes(first: 1) { nodes { tunnel { port } } } }')).toBe(3);
    expect(costOf('{ events(first: 50) { nodes { id } } }')).toBe(50);
    expect(
      costOf(
        'mutation ($i: DeleteDeploymentInput!) { deleteDeployment(input: $i) { deployment { id instances(first: 4) { nodes { id } } } } }',
        { i: {} },
      ),
    ).toBe(15);
    expect(costOf('{ __schema { types { name } } }')).toBe(20);
  });

  it('leaves out what a condition leaves out', () => {
    const query =
      'query ($with: Boolean!) { namespaces(first: 10) { nodes { id } } tenant @include(if: $with) { id } }';
    expect(costOf(query, { with: false })).toBe(10);
    expect(costOf(query, { with: true })).toBe(11);
  });
});
