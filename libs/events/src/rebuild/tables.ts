/**
 * The tables of a projection's next version: made like the live ones, in a schema of their own, and moved into their
 * place. Names of tables, indexes and constraints are the same in both, so that later migrations find what they know.
 *
 * Every statement here runs with a search_path that begins with the schema that it is about, so that PostgreSQL's own
 * texts of definitions come without a schema and can be said again in another one.
 */
import type { Pool, PoolClient, QueryConfig } from 'pg';
import pg from 'pg';
import { quoteSchema } from '../database/sql.ts';

/** The tables are of a kind that a rebuild can't make again. A person has to change something. */
export class RebuildImpossible extends Error {
  override readonly name = 'RebuildImpossible';
}

const quote = pg.escapeIdentifier;
export const nextSchema = (schema: string): string => quoteSchema(`${schema}_next`);
export const lastSchema = (schema: string): string => quoteSchema(`${schema}_last`);

/** What apply() runs with: names without a schema are the new version's tables first, then whatever else the live schema has. */
export const liveSearchPath = (schema: string): string => `${quoteSchema(schema)}, public`;
export const nextSearchPath = (schema: string): string => `${nextSchema(schema)}, ${liveSearchPath(schema)}`;

/** The schemas beside the live one. Who owns one schema usually may not make others: then an administrator has to. */
export async function ensureSchemas(pool: Pool, schema: string): Promise<void> {
  for (const name of [`${schema}_next`, `${schema}_last`]) {
    const { rows } = await pool.query<{ there: boolean; role: string }>(
      'select to_regnamespace($1) is not null as there, current_user as role',
      [quote(name)],
    );
    if (rows[0]?.there) continue;
    try {
      await pool.query(`create schema if not exists ${quoteSchema(name)}`);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError) || error.code !== '42501') throw error;
      throw new RebuildImpossible(
        `The schema ${name} is missing, and ${rows[0]?.role} may not make it. As an administrator of the database: ` +
          `create schema ${name} authorization ${rows[0]?.role}; (\`npm start\` does so by itself).`,
      );
    }
  }
}

const unfitSql = `
  select c.relname as name, case
    when c.relkind <> 'r' then 'is no plain table'
    when exists(select from pg_inherits i where c.oid in (i.inhrelid, i.inhparent)) then 'inherits, or is inherited from'
    when exists(select from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal) then 'has triggers'
    when exists(select from pg_constraint k where k.contype = 'f' and c.oid in (k.conrelid, k.confrelid))
      then 'has, or is the target of, a foreign key'
    when exists(
      select from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S'
      where d.classid = 'pg_class'::regclass and d.refobjid = c.oid and d.deptype in ('a', 'i')
    ) then 'numbers its rows by a sequence, which comes out otherwise the next time'
    when exists(
      select from pg_depend d where d.refobjid = c.oid and d.classid in ('pg_rewrite'::regclass, 'pg_proc'::regclass)
    ) then 'is used by a view or a function, which would stay with the old version'
    when exists(select from pg_attribute a where a.attrelid = c.oid and a.attacl is not null)
      then 'has rights on single columns'
  end as why
  from pg_class c where c.relnamespace = $1::regnamespace and c.relname = any($2)`;

/** Throws RebuildImpossible where a table isn't there or is of a kind that can't be made again. */
async function checkFit(tx: PoolClient, schema: string, tables: readonly string[]): Promise<void> {
  const { rows } = await tx.query<{ name: string; why: string | null }>(unfitSql, [quote(schema), tables]);
  const found = new Map(rows.map((row) => [row.name, row.why]));
  for (const table of tables) {
    const why = found.get(table);
    if (why === undefined) throw new RebuildImpossible(`There is no table ${schema}.${table}.`);
    if (why !== null) throw new RebuildImpossible(`${schema}.${table} ${why}: it can't be rebuilt beside itself.`);
  }
}

const shapeSql = `
  select md5(string_agg(shape, E'\\n' order by shape)) as shape from (
    select concat_ws(' ', 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        a.attcollation, pg_get_expr(d.adbin, d.adrelid)) as shape
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
      where c.relnamespace = $1::regnamespace and c.relname = any($2)
    union all
    select concat_ws(' ', 'index', pg_get_indexdef(i.indexrelid, 0, true)) from pg_class c join pg_index i on i.indrelid = c.oid
      where c.relnamespace = $1::regnamespace and c.relname = any($2)
    union all
    select concat_ws(' ', 'constraint', c.relname, k.conname, pg_get_constraintdef(k.oid))
      from pg_class c join pg_constraint k on k.conrelid = c.oid
      where c.relnamespace = $1::regnamespace and c.relname = any($2) and k.contype in ('c', 'p', 'u', 'x')
    union all
    select concat_ws(' ', 'policy', p.tablename, p.policyname, p.permissive, p.roles, p.cmd, p.qual, p.with_check)
      from pg_policies p where p.schemaname = $3 and p.tablename = any($2)
    union all
    select concat_ws(' ', 'table', c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relacl, c.reloptions)
      from pg_class c where c.relnamespace = $1::regnamespace and c.relname = any($2)
  ) shapes`;

const searchPath = (tx: PoolClient, path: string) => tx.query(`set local search_path to ${path}`);

/** A hash of everything that the tables in \`schema\` are, but for their rows. */
export async function shapeOf(tx: PoolClient, schema: string, tables: readonly string[]): Promise<string> {
  await searchPath(tx, liveSearchPath(schema));
  const { rows } = await tx.query<{ shape: string | null }>(shapeSql, [quote(schema), tables, schema]);
  return rows[0]?.shape ?? '';
}

interface Definitions {
  readonly constraints: readonly { name: string; definition: string }[];
  readonly indexes: readonly string[];
  readonly policies: readonly {
    name: string;
    permissive: string;
    roles: readonly string[];
    command: string;
    using: string | null;
    check: string | null;
  }[];
  readonly grants: readonly { privilege: string; grantee: string | null; grantable: boolean }[];
  readonly secured: boolean;
  readonly forced: boolean;
  readonly options: readonly string[] | null;
  readonly comment: string | null;
}

const definitionsSql = `
  select
    (select coalesce(json_agg(json_build_object('name', k.conname, 'definition', pg_get_constraintdef(k.oid)) order by k.conname), '[]')
      from pg_constraint k where k.conrelid = c.oid and k.contype in ('p', 'u', 'x')) as constraints,
    (select coalesce(json_agg(pg_get_indexdef(i.indexrelid, 0, true) order by i.indexrelid), '[]')
      from pg_index i where i.indrelid = c.oid
        and not exists(select from pg_constraint k where k.conindid = i.indexrelid and k.conrelid = c.oid)) as indexes,
    (select coalesce(json_agg(json_build_object(
        'name', p.policyname, 'permissive', p.permissive, 'roles', p.roles, 'command', p.cmd, 'using', p.qual, 'check', p.with_check
      ) order by p.policyname), '[]')
      from pg_policies p where p.schemaname = $2 and p.tablename = $3) as policies,
    (select coalesce(json_agg(json_build_object(
        'privilege', g.privilege_type, 'grantee', (select rolname from pg_roles r where r.oid = g.grantee), 'grantable', g.is_grantable
      ) order by g.grantee, g.privilege_type), '[]')
      from aclexplode(c.relacl) g where g.grantee <> c.relowner) as grants,
    c.relrowsecurity as secured, c.relforcerowsecurity as forced, c.reloptions as options,
    obj_description(c.oid, 'pg_class') as comment
  from pg_class c where c.relnamespace = $1::regnamespace and c.relname = $3`;

async function makeLike(tx: PoolClient, schema: string, table: string): Promise<void> {
  const [live, next, name] = [quoteSchema(schema), nextSchema(schema), quote(table)];
  await searchPath(tx, liveSearchPath(schema));
  const { rows } = await tx.query<Definitions>(definitionsSql, [quote(schema), schema, table]);
  const made = rows[0];
  if (!made) throw new RebuildImpossible(`There is no table ${schema}.${table}.`);
  // From here on a name without a schema is the new one.
  await searchPath(tx, `${next}, public`);
  await tx.query(`create table ${next}.${name} (like ${live}.${name} including all excluding indexes)`);
  if (made.options) await tx.query(`alter table ${name} set (${made.options.join(', ')})`);
  for (const { name: constraint, definition } of made.constraints) {
    await tx.query(`alter table ${name} add constraint ${quote(constraint)} ${definition}`);
  }
  for (const definition of made.indexes) await tx.query(definition);
  if (made.comment !== null) await tx.query(`comment on table ${name} is ${pg.escapeLiteral(made.comment)}`);
  if (made.secured) await tx.query(`alter table ${name} enable row level security`);
  if (made.forced) await tx.query(`alter table ${name} force row level security`);
  for (const policy of made.policies) {
    const roles = policy.roles.map((role) => (role === 'public' ? 'public' : quote(role))).join(', ');
    await tx.query(
      `create policy ${quote(policy.name)} on ${name} as ${policy.permissive} for ${policy.command} to ${roles}` +
        `${policy.using === null ? '' : ` using (${policy.using})`}` +
        `${policy.check === null ? '' : ` with check (${policy.check})`}`,
    );
  }
  for (const { privilege, grantee, grantable } of made.grants) {
    const to = grantee === null ? 'public' : quote(grantee);
    await tx.query(`grant ${privilege} on ${name} to ${to}${grantable ? ' with grant option' : ''}`);
  }
}

/** Makes the new version's tables, empty, in place of any that an interrupted rebuild has left. Answers their shape. */
export async function makeTables(tx: PoolClient, schema: string, tables: readonly string[]): Promise<string> {
  await checkFit(tx, schema, tables);
  await dropTables(tx, nextSchema(schema), tables);
  const shape = await shapeOf(tx, schema, tables);
  for (const table of tables) await makeLike(tx, schema, table);
  return shape;
}

export async function dropTables(tx: PoolClient, quotedSchema: string, tables: readonly string[]): Promise<void> {
  for (const table of tables) await tx.query(`drop table if exists ${quotedSchema}.${quote(table)}`);
}

/** True where all tables of the new version are there. */
export async function areMade(tx: PoolClient, schema: string, tables: readonly string[]): Promise<boolean> {
  const { rows } = await tx.query<{ n: number }>(
    `select count(*)::int as n from pg_class c join pg_namespace s on s.oid = c.relnamespace
     where s.nspname = $1 and c.relname = any($2)`,
    [`${schema}_next`, tables],
  );
  return rows[0]?.n === tables.length;
}

/** Of one table: a large one, or one that a vacuum holds, takes longer than statements have otherwise. */
const ANALYZE_MS = 10 * 60_000;

/** The planner must know the new tables before queries meet them. */
export async function analyzeTables(tx: PoolClient, schema: string, tables: readonly string[]): Promise<void> {
  await tx.query(`set local statement_timeout = ${ANALYZE_MS}; set local lock_timeout = 0`);
  for (const table of tables) {
    const text = `analyze ${nextSchema(schema)}.${quote(table)}`;
    // The server ends it first: a connection that is given up would count as an outage.
    const patient: QueryConfig & { readonly query_timeout: number } = { text, query_timeout: ANALYZE_MS + 10_000 };
    await tx.query(patient);
  }
}

/** The new version takes the live one's place. Waits for whoever reads or writes the live tables, up to the lock_timeout that is set. */
export async function swapTables(tx: PoolClient, schema: string, tables: readonly string[]): Promise<void> {
  const live = quoteSchema(schema);
  await tx.query(`lock table ${tables.map((table) => `${live}.${quote(table)}`).join(', ')} in access exclusive mode`);
  for (const table of tables) {
    await tx.query(`alter table ${live}.${quote(table)} set schema ${lastSchema(schema)}`);
    await tx.query(`alter table ${nextSchema(schema)}.${quote(table)} set schema ${live}`);
  }
}
