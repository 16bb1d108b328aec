import { idPrefixes } from '@atoll/schema/ids';
import { isPermission, permissionRegistry } from '@atoll/schema/permissions';
import { newId } from '@atoll/service/ids';
import {
  type GraphQLField,
  type GraphQLNamedType,
  getNamedType,
  isListType,
  isNonNullType,
  isObjectType,
  type OperationDefinitionNode,
  parse,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCompiler } from '../src/read/compile/compile.ts';
import type { Statement } from '../src/read/compile/sql.ts';
import { createReader, everyTenant } from '../src/read/reader.ts';
import { runAsTenant } from '../src/read/submit.ts';
import { columnOf, permissionOf, tableOf } from '../src/schema/directives.ts';
import { loadSchema } from '../src/schema/load.ts';
import { createModel } from '../src/schema/model.ts';

import { createReadDatabase, type ReadDatabase } from './database.ts';
import { boundless } from './read/accesses.ts';
import { createRandom } from './read/random.ts';
import { insertRows, type Rows, randomRows } from './read/rows.ts';

const schema = loadSchema();
const model = createModel(schema);
const compiler = createCompiler(model, () => []);

let database: ReadDatabase;
let rows: Rows;
let tenants: string[];
beforeAll(async () => {
  database = await createReadDatabase();
  rows = randomRows(createRandom(14), { tenants: 3, dangling: 0 });
  // One row whose relations lead to another tenant's: as a bug in a projection might make it.
  tenants = (rows.tenant ?? []).map((row) => String(row.id));
  const foreign = (rows.deployment ?? []).find((row) => row.tenant_id === tenants[1]);
  const victim = (rows.namespace ?? []).find((row) => row.tenant_id === tenants[0]);
  if (!foreign || !victim) throw new Error('two tenants must have something: take another seed');
  rows.deployment = (rows.deployment ?? []).map((row) =>
    row === foreign ? { ...row, namespace_id: victim.id, name: 'crossing' } : row,
  );
  await insertRows(database.owner, rows);
});
afterAll(() => database.drop());

/** Everything that a tenant can reach from the roots, down to the third relation. */
const broad = `{
  tenant { id environments(first: 100) { nodes { id namespaces(first: 100) { nodes {
    id subnets(first: 100) { nodes { id } }
    deployments(first: 100) { nodes { id name currentRelease { id } releases(first: 100) { nodes { id deployment { id } } } rollouts(first: 100) { nodes { id release { id } } } instances(first: 100) { nodes { id release { id } } } } }
    isolationPolicies(first: 100) { nodes { id fromNamespace { id } receipts(first: 100) { nodes { hash } } } }
  } } } } }
  deployments(first: 100) { nodes { id namespace { id environment { id } } } }
  namespaces(first: 100) { nodes { id } }
  environments(first: 100) { nodes { id } }
  subnets(first: 100) { nodes { id namespace { id } } }
  publicAddresses(first: 100) { nodes { id namespace { id } mappings(first: 100) { nodes { id namespace { id } } } } }
  portMappings(first: 100) { nodes { id publicAddress { id } } }
}`;

function statementOf(text: string, variables = {}, access = boundless): Statement {
  const document = parse(text);
  const operation = document.definitions[0] as OperationDefinitionNode;
  const compiled = compiler.compile({
    document,
    operation,
    variables,
    viewerClass: 'tenant',
    access,
  });
  if (!compiled.statement) throw new Error('nothing to read');
  return compiled.statement;
}

const anyId = new RegExp(`"((?:${Object.values(idPrefixes).join('|')})_[0-7][0-9a-z]{25})"`, 'g');
const ownerOf = new Map<string, unknown>();
const idsIn = (json: string) => [...json.matchAll(anyId)].map(([, id]) => id ?? '');

function expectOnly(tenant: string, json: string): void {
  for (const row of Object.values(rows).flat()) ownerOf.set(String(row.id), row.tenant_id);
  const ids = idsIn(json);
  expect(ids.length).toBeGreaterThan(20);
  expect(ids.filter((id) => ownerOf.get(id) !== tenant)).toEqual([]);
}

describe('a tenant sees no row of another', () => {
  it('with both walls up', async () => {
    const reader = createReader(database.reader);
    for (const tenant of tenants) {
      expectOnly(tenant, await reader.json(statementOf(broad), { variables: {}, tenant, access: boundless }));
    }
  });

  it('with row security switched off: by the predicate at each table alone', async () => {
    // The superuser's connection: policies don't hold for it.
    const reader = createReader(database.superuser);
    for (const tenant of tenants) {
      expectOnly(tenant, await reader.json(statementOf(broad), { variables: {}, tenant, access: boundless }));
    }
  });

  it('with the predicate taken out of the statement: by row security alone', async () => {
    const statement = statementOf(broad);
    const [tenantParam] = /\$\d+::text/.exec(statement.text) ?? [];
    expect(tenantParam).toBeDefined();
    const text = statement.text.replaceAll(/t\d+\.tenant_id = (\$\d+)::text/g, '($1::text is not null)');
    expect(text).not.toMatch(/tenant_id = \$/);
    const open = { ...statement, text, name: 'without_predicate' };
    const reader = createReader(database.reader);
    for (const tenant of tenants) {
      expectOnly(tenant, await reader.json(open, { variables: {}, tenant, access: boundless }));
    }
    // And the statement is one that would show others' rows, if it could.
    const all = await createReader(database.superuser).json(open, {
      variables: {},
      tenant: tenants[0] ?? null,
      access: boundless,
    });
    expect(idsIn(all).some((id) => ownerOf.get(id) !== tenants[0])).toBe(true);
  });

  it('without a tenant set, not a single row', async () => {
    for (const name of Object.keys(rows)) {
      const { rows: seen } = await database.reader.query(`select count(*)::int as n from read.${name}`);
      expect(seen[0].n, name).toBe(0);
    }
  });

  it('nor does the setting outlive its statement on a connection', async () => {
    const client = await database.reader.connect();
    try {
      const count = { name: 'count_all', text: 'select count(*)::text from read.tenant' };
      expect(await runAsTenant(client, everyTenant, count, [])).toEqual(['3']);
      const { rows: seen } = await client.query(`select current_setting('atoll.tenant', true) as tenant`);
      expect(seen[0].tenant ?? '').toBe('');
    } finally {
      client.release();
    }
  });

  it('nor can the reader write anything', async () => {
    for (const name of Object.keys(rows)) {
      await expect(database.reader.query(`delete from read.${name}`)).rejects.toThrow(/permission denied/);
    }
  });
});

/** What is answered live is asked of its owner, which has walls of its own. */
const isRowType = (type: GraphQLNamedType) => isObjectType(type) && tableOf(schema, type) !== undefined;

/** What no tenant may ask for, so that no tenant's row is behind it. */
const ofThePlatform = (field: GraphQLField<unknown, unknown>) => {
  const permission = permissionOf(schema, field);
  return permission !== undefined && isPermission(permission) && permissionRegistry[permission].level === 'platform';
};

describe('each root field with an id answers a foreign id as a missing one, byte for byte', () => {
  const query = schema.getQueryType()?.getFields() ?? {};
  const byId = Object.values(query).filter(
    (field) =>
      field.args.some((arg) => arg.name === 'id') && isRowType(getNamedType(field.type)) && !ofThePlatform(field),
  );
  it('there are such fields', () => expect(byId.map((field) => field.name)).toContain('deployment'));

  for (const field of byId) {
    it(field.name, async () => {
      const type = getNamedType(field.type);
      if (!isObjectType(type)) throw new Error(type.name);
      const table = tableOf(schema, type)?.name ?? '';
      const foreign = (rows[table] ?? []).find((row) => row.tenant_id === tenants[1]);
      const kind = Object.entries(idPrefixes).find(([, prefix]) => String(foreign?.id).startsWith(`${prefix}_`))?.[0];
      const reader = createReader(database.reader);
      const statement = statementOf(`query ($id: ID!) { ${field.name}(id: $id) { id } node(id: $id) { id } }`, {
        id: foreign?.id,
      });
      const ask = (id: unknown) =>
        reader.json(statement, { variables: { id }, tenant: tenants[0] ?? null, access: boundless });
      const missing = await ask(newId(kind as 'deployment'));
      expect(await ask(foreign?.id)).toBe(missing);
      expect(JSON.parse(missing)).toEqual({ [field.name]: null, node: null });
    });
  }
});

describe('the read models are as the SDL says', () => {
  it('each field has its column, and is non-null in both or in neither', async () => {
    const { rows: columns } = await database.owner.query<{
      table_name: string;
      column_name: string;
      is_nullable: string;
      data_type: string;
    }>(
      `select table_name, column_name, is_nullable, data_type from information_schema.columns where table_schema = 'read'`,
    );
    const known = new Map(columns.map((column) => [`${column.table_name}.${column.column_name}`, column]));
    const problems: string[] = [];
    for (const type of Object.values(schema.getTypeMap())) {
      const table = isObjectType(type) ? tableOf(schema, type) : undefined;
      if (!isObjectType(type) || !table) continue;
      if (known.get(`${table.name}.tenant_id`)?.is_nullable !== 'NO') problems.push(`${table.name} has no tenant_id`);
      for (const field of Object.values(type.getFields())) {
        const how = model.field(type, field.name);
        if (how.kind === 'row' && how.source.of === 'parent' && !known.has(`${table.name}.${how.source.local}`)) {
          problems.push(`${type.name}.${field.name} leads from no column`);
        }
        if (how.kind !== 'column' && how.kind !== 'embedded') continue;
        const column = known.get(`${table.name}.${columnOf(schema, field)}`);
        if (!column) problems.push(`${type.name}.${field.name} has no column`);
        else if ((column.is_nullable === 'NO') !== isNonNullType(field.type)) {
          problems.push(`${type.name}.${field.name} is not null in one of SDL and table alone`);
        }
        const inner = isNonNullType(field.type) ? field.type.ofType : field.type;
        const json = isListType(inner) || how.kind === 'embedded';
        if (column && json !== (column.data_type === 'json'))
          problems.push(`${type.name}.${field.name} is ${column.data_type}`);
      }
    }
    expect(problems).toEqual([]);
  });

  it('and no table of the read schema is without row security', async () => {
    const { rows: open } = await database.owner.query(
      `select relname from pg_class where relnamespace = 'read'::regnamespace and relkind = 'r'
       and has_table_privilege('atoll_reader', oid, 'select') and not (relrowsecurity and relforcerowsecurity)`,
    );
    expect(open).toEqual([]);
  });
});
