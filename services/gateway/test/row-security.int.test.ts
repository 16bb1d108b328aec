/**
 * Row security by itself: what PostgreSQL lets the queries' role see when the gateway's own predicate is gone, on
 * connections that tenants take turns on; and by the catalogue, that every table has it.
 */
import { idPrefixes } from '@atoll/schema/ids';
import { type OperationDefinitionNode, parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCompiler } from '../src/read/compile/compile.ts';
import type { Statement } from '../src/read/compile/sql.ts';
import { createReader, everyTenant } from '../src/read/reader.ts';
import { runAsTenant } from '../src/read/submit.ts';
import { loadSchema } from '../src/schema/load.ts';
import { createModel } from '../src/schema/model.ts';
import { createReadDatabase, type ReadDatabase } from './database.ts';
import { boundless } from './read/accesses.ts';
import { createRandom } from './read/random.ts';
import { insertRows, type Rows, randomRows } from './read/rows.ts';

const compiler = createCompiler(createModel(loadSchema()), () => []);
const TENANTS = 8;
const TRANSACTIONS = 10_000;
/** Under way at the same time: more than the four connections, so that each is used by all tenants. */
const AT_ONCE = 32;

let database: ReadDatabase;
let rows: Rows;
let tenants: string[];
beforeAll(async () => {
  database = await createReadDatabase({ readers: 4 });
  rows = randomRows(createRandom(11), { tenants: TENANTS, dangling: 0 });
  tenants = (rows.tenant ?? []).map((row) => String(row.id));
  await insertRows(database.owner, rows);
});
afterAll(() => database.drop());

/** The statement as the gateway compiles it, with its predicate of the tenant taken out at each table. */
function withoutPredicate(text: string): Statement {
  const document = parse(text);
  const operation = document.definitions[0] as OperationDefinitionNode;
  const { statement } = compiler.compile({
    ...{ document, operation, variables: {}, viewerClass: 'tenant', access: boundless },
  });
  if (!statement) throw new Error('nothing to read');
  const open = statement.text.replaceAll(/t\d+\.tenant_id = (\$\d+)::text/g, '($1::text is not null)');
  expect(open).not.toBe(statement.text);
  expect(open).not.toMatch(/tenant_id = \$/);
  return { ...statement, text: open, name: `open_${operation.name?.value}` };
}

const documents = [
  'query a { environments(first: 100) { nodes { id namespaces(first: 100) { nodes { id subnets(first: 9) { nodes { id } } } } } } }',
  'query b { deployments(first: 100) { nodes { id releases(first: 9) { nodes { id } } instances(first: 9) { nodes { id } } } } }',
  'query c { tenant { id } namespaces(first: 100) { nodes { id quotaHolders(first: 9) { nodes { id } } } } }',
  'query d { namespaces(first: 100) { nodes { isolationPolicies(first: 9) { nodes { id receipts(first: 9) { nodes { hash } } } } } } }',
];

const anyId = new RegExp(`"((?:${Object.values(idPrefixes).join('|')})_[0-7][0-9a-z]{25})"`, 'g');
const idsIn = (json: string) => [...json.matchAll(anyId)].map(([, id]) => id ?? '');

describe('with the predicate switched off', () => {
  it('10,000 transactions of several tenants that take turns on 4 connections see rows of their own alone', async () => {
    const owners = new Map(
      Object.values(rows)
        .flat()
        .map((row) => [String(row.id), String(row.tenant_id)]),
    );
    const statements = documents.map(withoutPredicate);
    const reader = createReader(database.reader);
    const random = createRandom(12);
    let begun = 0;
    let seen = 0;
    const foreign: string[] = [];
    const connections = new Set<unknown>();
    database.reader.on('acquire', (client) => connections.add(client));
    async function lane(): Promise<void> {
      while (begun < TRANSACTIONS) {
        begun += 1;
        const tenant = random.pick(tenants);
        const json = await reader.json(random.pick(statements), { variables: {}, tenant, access: boundless });
        for (const id of idsIn(json)) {
          seen += 1;
          if (owners.get(id) !== tenant) foreign.push(`${tenant} saw ${id}`);
        }
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    expect(foreign.slice(0, 5)).toEqual([]);
    expect(seen).toBeGreaterThan(10 * TRANSACTIONS);
    expect(connections.size).toBe(4);
    // The statements are such that would show others' rows, if they could.
    for (const statement of statements) {
      const [tenant = null] = tenants;
      const all = await createReader(database.superuser).json(statement, { variables: {}, tenant, access: boundless });
      expect(new Set(idsIn(all).map((id) => owners.get(id))).size).toBeGreaterThan(1);
    }
  }, 120_000);

  it('a connection that a statement has failed on shows the next tenant its own rows alone', async () => {
    const client = await database.reader.connect();
    try {
      const broken = { name: 'broken', text: 'select (1 / (count(*) - count(*)))::text from read.tenant' };
      const own = { name: 'own', text: 'select id from read.tenant' };
      for (const tenant of tenants) {
        await expect(runAsTenant(client, everyTenant, broken, [])).rejects.toThrow('division by zero');
        expect(await runAsTenant(client, tenant, own, [])).toEqual([tenant]);
      }
    } finally {
      client.release();
    }
  });
});

interface Table {
  readonly name: string;
  readonly enabled: boolean;
  readonly forced: boolean;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly policies: readonly string[];
}

/** The engine's own tables, as every context has them: no query may read them, and so they need no policy. The list only shrinks. */
const ofTheEngine = [
  ...['claim_amount', 'claim_limit', 'claim_range', 'claim_total', 'claim_unique', 'consumer', 'event', 'idempotency'],
  ...['parked_event', 'projection', 'rebuild', 'rebuild_source', 'schema_migration', 'snapshot', 'subject_key'],
];
/** Columns with such a name that hold no secret: hashes of rules and of the chain of the log, kinds of tokens. */
const shown = [
  ...['issuer.token_types', 'policy_receipt.hash', 'tenant_log.hash', 'tenant_log_head.hash'],
  'tenant_log_head.trimmed_hash',
];
/** What holds what nobody may read by queries. */
const secrets = ['service_account_secret', 'api_key_secret', 'issuer_keys'];

describe('by the catalogue', () => {
  let tables: readonly Table[];
  beforeAll(async () => {
    const found = await database.superuser.query<Table & { of_tenant: boolean }>(
      `select c.relname as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
         has_any_column_privilege('atoll_reader', c.oid, 'select') as readable,
         has_table_privilege('atoll_reader', c.oid, 'insert, update, delete, truncate, references, trigger')
           or has_any_column_privilege('atoll_reader', c.oid, 'insert, update, references') as writable,
         array(select coalesce(pg_get_expr(p.polqual, p.polrelid), '') from pg_policy p
           where p.polrelid = c.oid and (p.polroles = '{0}' or 'atoll_reader'::regrole = any (p.polroles))) as policies,
         exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id') as of_tenant
       from pg_class c where c.relnamespace = 'read'::regnamespace and c.relkind in ('r', 'p', 'm', 'v', 'f') order by 1`,
    );
    tables = found.rows;
    expect(tables.length).toBeGreaterThan(30);
    const ofTenants = found.rows.filter((table) => table.of_tenant && ofTheEngine.includes(table.name));
    expect(ofTenants).toEqual([]);
  });

  it('row security is enabled and forced on every table but those of the engine, which no query may read', () => {
    const bare = tables.filter(({ enabled, forced }) => !(enabled && forced));
    expect(bare.map(({ name }) => name)).toEqual(ofTheEngine);
    expect(bare.filter(({ readable }) => readable)).toEqual([]);
  });

  it('what queries may read has the one policy: rows of the tenant that the transaction names', () => {
    const policy =
      /^\(\(tenant_id = \( SELECT current_setting\('atoll\.tenant'::text, true\) AS current_setting\)\) OR \(\( SELECT current_setting\('atoll\.tenant'::text, true\) AS current_setting\) = '\*'::text\)\)$/;
    for (const { name, policies, readable } of tables) {
      if (readable) expect(policies, name).toEqual([expect.stringMatching(policy)]);
      else expect(policies, name).toEqual([]);
    }
  });

  it('tables of secrets are open to no query, and no table takes a write of one', () => {
    const named = new Map(tables.map((table) => [table.name, table]));
    for (const name of secrets) expect(named.get(name)?.readable, name).toBe(false);
    expect(tables.filter(({ writable }) => writable).map(({ name }) => name)).toEqual([]);
  });

  it('and no column that queries may read is called a secret, a hash or a token, but for those that are none', async () => {
    const { rows: columns } = await database.superuser.query<{ at: string }>(
      `select c.relname || '.' || a.attname as at from pg_class c join pg_attribute a on a.attrelid = c.oid
       where c.relnamespace = 'read'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
         and has_column_privilege('atoll_reader', c.oid, a.attnum, 'select')
         and a.attname ~ '(secret|password|token|private|cipher|hash)' order by 1`,
    );
    expect(columns.map(({ at }) => at)).toEqual(shown);
  });

  it('the role of queries owns nothing, passes no policy, and is a member of no role', async () => {
    const { rows: found } = await database.superuser.query(
      `select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
         (select count(*)::int from pg_class where relowner = r.oid) as tables,
         (select count(*)::int from pg_namespace where nspowner = r.oid) as schemas,
         (select count(*)::int from pg_auth_members where member = r.oid) as memberships,
         has_schema_privilege(r.oid, 'read', 'create') as creates
       from pg_roles r where rolname = 'atoll_reader'`,
    );
    expect(found).toEqual([
      {
        ...{ rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false, rolreplication: false },
        ...{ tables: 0, schemas: 0, memberships: 0, creates: false },
      },
    ]);
    const { rows: definers } = await database.superuser.query(
      `select proname from pg_proc where pronamespace = 'read'::regnamespace and prosecdef`,
    );
    expect(definers).toEqual([]);
  });
});
