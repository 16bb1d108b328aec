/**
 * Plan → one SQL statement whose only column is the answer as JSON text. Pure.
 *
 * - Every table is read under the viewer's tenant: a tenant's statement compares `tenant_id` with the first parameter at
 *   each table, the operator's keeps each row with its parent's tenant. Row security lies underneath.
 * - Where the viewer may read only parts of the tenant, each table is read within them: a row elsewhere isn't there.
 * - Lists are correlated subqueries, which beat joins here (docs/performance.md).
 * - A non-null row that isn't there is written as `null` behind a tab character. PostgreSQL's JSON has no tab of its own
 *   (in texts it is escaped), so one search of the text tells whether the answer must be completed by GraphQL's rules.
 */
import { createHash } from 'node:crypto';
import type { Access, Reach } from '@atoll/access/compiled';
import { idKind } from '@atoll/schema/ids';
import { isPermission, type Permission } from '@atoll/schema/permissions';
import type { Model, RowType, Source } from '../../schema/model.ts';
import type { Variables } from './collect.ts';
import { cursorSql } from './cursor.ts';
import { embeddedSql } from './embedded.ts';
import { jsonObject, literal, word } from './json.ts';
import { wantedLabels } from './labels.ts';
import { pageSize, pageStart } from './page.ts';
import type { ConnectionField, ConnectionPart, EdgePart, PlanField, RowField, Selection } from './plan.ts';

/** What the parameters of a statement are taken from. */
export interface SqlRequest {
  readonly variables: Variables;
  /** Null for the operator. */
  readonly tenant: string | null;
  readonly access: Access;
  /** Ids that a command answered with, by response key of the payload's row. */
  readonly ids?: Readonly<Record<string, string>>;
}
export type Param = string | number | null;

export interface Statement {
  /** Name to prepare it under: equal text, equal name. */
  readonly name: string;
  readonly text: string;
  readonly params: readonly ((request: SqlRequest) => Param)[];
}

export type ViewerClass = 'tenant' | 'operator';

export interface SqlOptions {
  readonly viewerClass: ViewerClass;
  readonly model: Model;
  /** Where the viewers that the statement is for may read what asks for the permission: which parts, each request says. */
  readonly reach: (permission: Permission) => Reach['kind'];
  /** Columns that the resolver of a live field needs of its row. */
  readonly liveNeeds: (parent: string, field: string) => readonly string[];
}

export const missing = '\tnull';

const missingSql = `'${missing}'::json`;

const table = (name: string) => `read.${word(name)}`;

/** An array of PostgreSQL. Ids have no character that would need quotes. */
const idList = (ids: Iterable<string>): string => `{${[...ids].filter((id) => idKind(id) !== null).join(',')}}`;

class Builder {
  readonly params: ((request: SqlRequest) => Param)[] = [];
  readonly #options: SqlOptions;
  #aliases = 0;
  #tenant: string | undefined;
  readonly #parts = new Map<string, string>();

  constructor(options: SqlOptions) {
    this.#options = options;
  }

  param(type: 'text' | 'int' | 'text[]' | 'jsonb', of: (request: SqlRequest) => Param): string {
    this.params.push(of);
    return `$${this.params.length}::${type}`;
  }

  tenant(): string {
    this.#tenant ??= this.param('text', (request) => request.tenant);
    return this.#tenant;
  }

  /** Environments or namespaces where a permission is held: a parameter, once it is needed. */
  parts(permission: Permission, which: 'environments' | 'namespaces'): string {
    const key = `${permission} ${which}`;
    const known = this.#parts.get(key);
    if (known !== undefined) return known;
    const parts = this.param('text[]', ({ access }) => {
      const reach = access.reach(permission);
      return idList(reach.kind === 'some' ? reach[which] : []);
    });
    this.#parts.set(key, parts);
    return parts;
  }

  /** Null where the viewer may read the whole table of its tenant. */
  scope(row: RowType, alias: string): string | null {
    const { permission } = row.table;
    if (!isPermission(permission)) throw new Error(`${row.type.name} asks for an unknown permission.`);
    const reach = this.#options.reach(permission);
    if (reach === 'everywhere') return null;
    return reach === 'nowhere' ? 'false' : this.within(row, alias, permission);
  }

  within(row: RowType, alias: string, permission: Permission): string {
    const { scope } = row;
    if (scope === null) return 'false';
    if (scope.by === 'row') {
      const holder = this.#options.model.rowTypeNamed(scope.type);
      return this.lookUp(holder, `${alias}.${word(scope.column)}`, permission);
    }
    if (scope.environment === null) {
      return this.lookUp(
        this.#options.model.rowTypeNamed('Namespace'),
        `${alias}.${word(scope.namespace ?? '')}`,
        permission,
      );
    }
    const inEnvironment = `${alias}.${word(scope.environment)} = any(${this.parts(permission, 'environments')})`;
    if (scope.namespace === null) return inEnvironment;
    return `(${inEnvironment} or ${alias}.${word(scope.namespace)} = any(${this.parts(permission, 'namespaces')}))`;
  }

  /** There is such a row, and it is within the viewer's parts. */
  lookUp(holder: RowType, id: string, permission: Permission): string {
    const alias = this.alias();
    return (
      `exists(select from ${table(holder.table.name)} ${alias} where ${alias}.id = ${id} ` +
      `and ${alias}.tenant_id = ${this.tenant()} and ${this.within(holder, alias, permission)})`
    );
  }

  /** Which rows of `alias`; the tenant and the viewer's parts of it are in it, whatever the source. */
  rows(row: RowType, source: Source, alias: string, parent: string | null, id: (request: SqlRequest) => Param): string {
    const conditions: string[] = [];
    if (source.of === 'parent') {
      if (parent === null) throw new Error('A relation needs a parent.');
      conditions.push(`${alias}.${word(source.foreign)} = ${parent}.${word(source.local)}`);
    }
    if (source.of === 'id') conditions.push(`${alias}.id = ${this.param('text', id)}`);
    if (this.#options.viewerClass === 'tenant') {
      conditions.push(`${alias}.tenant_id = ${this.tenant()}`);
    } else if (source.of === 'parent') {
      conditions.push(`${alias}.tenant_id = ${parent}.tenant_id`);
    }
    const scope = this.scope(row, alias);
    if (scope !== null) conditions.push(scope);
    return conditions.length > 0 ? conditions.join(' and ') : 'true';
  }

  alias(): string {
    this.#aliases += 1;
    return `t${this.#aliases}`;
  }

  object(selection: Selection, alias: string | null): string {
    return jsonObject(selection.map((field) => [field.key, this.field(field, alias)] as const));
  }

  field(field: PlanField, alias: string | null): string {
    switch (field.kind) {
      case 'typename':
        return literal(field.name);
      case 'column':
        return `${alias}.${word(field.column)}`;
      case 'embedded':
        return embeddedSql(field.shape, `${alias}.${word(field.column)}`, () => this.alias());
      case 'row':
        return this.row(field, alias, (request) => rowId(field, request));
      case 'connection':
        return this.connection(field, alias);
      case 'live': {
        const needs = alias === null ? [] : this.#options.liveNeeds(field.parent, field.field);
        return needs.length > 0
          ? jsonObject(needs.map((column) => [column, `${alias}.${word(column)}`]))
          : 'null::json';
      }
      case 'nothing':
      case 'introspection':
        return 'null::json';
    }
  }

  row(field: RowField, parent: string | null, id: (request: SqlRequest) => Param): string {
    const alias = this.alias();
    const where = this.rows(field.row, field.source, alias, parent, id);
    const from = `from ${table(field.row.table.name)} ${alias} where ${where}${field.source.of === 'viewer' ? ' limit 1' : ''}`;
    const query = `(select ${this.object(field.selection, alias)} ${from})`;
    return field.nonNull ? `coalesce(${query}, ${missingSql})` : query;
  }

  connection(field: ConnectionField, parent: string | null): string {
    const alias = this.alias();
    const name = table(field.row.table.name);
    const key = `${alias}.${word(field.sort.column)}`;
    const id = `${alias}.id`;
    const wanted =
      field.labels === null
        ? ''
        : ` and ${alias}.${word(field.labels)}::jsonb @> ${this.param('jsonb', ({ variables }) => wantedLabels(field.page.args, variables))}`;
    const within = this.rows(field.row, field.source, alias, parent, () => null) + wanted;
    const size = this.param('int', ({ variables }) => pageSize(field.page.args, variables));

    let after = '';
    let before = 'false';
    if (field.page.continued) {
      const start = (request: SqlRequest) => pageStart(field.page.args, request.variables, field.sort);
      const place = `(${this.param(field.sort.sqlType, (request) => start(request).key)}, ${this.param('text', (request) => start(request).id)})`;
      after = ` and (${key}, ${id}) ${field.sort.descending ? '<' : '>'} ${place}`;
      before = `exists(select from ${name} ${alias} where ${within} and (${key}, ${id}) ${field.sort.descending ? '>=' : '<='} ${place})`;
    }

    // One row more than the page says whether there is more; it is numbered, so that the page can leave it out.
    const infos = field.parts.flatMap((part) => (part.kind === 'pageInfo' ? part.parts : []));
    const ahead = infos.some((part) => part.kind === 'info' && part.field === 'hasNextPage');
    const filter = ahead ? ` filter (where ${alias}."@n" <= ${size})` : '';
    const number = ahead ? `, row_number() over (order by ${order(field, alias)}) as "@n"` : '';
    const page =
      `select ${alias}.*${number} from ${name} ${alias} where ${within}${after} ` +
      `order by ${order(field, alias)} limit ${size}${ahead ? ' + 1' : ''}`;

    const cursor = cursorSql(key, id);
    const list = (item: string) => `coalesce(json_agg(${item})${filter}, '[]'::json)`;
    const infoSql = {
      hasNextPage: `count(*) > ${size}`,
      hasPreviousPage: before,
      startCursor: `json_agg(${cursor})${filter}->0`,
      endCursor: `json_agg(${cursor})${filter}->-1`,
    };
    const partSql = (part: ConnectionPart): string => {
      switch (part.kind) {
        case 'typename':
          return literal(part.name);
        case 'nodes':
          return list(this.object(part.selection, alias));
        case 'edges':
          return list(jsonObject(part.parts.map((edge) => [edge.key, this.edge(edge, alias, cursor)])));
        case 'pageInfo':
          return jsonObject(
            part.parts.map((info) => [info.key, info.kind === 'typename' ? literal(info.name) : infoSql[info.field]]),
          );
      }
    };
    const object = jsonObject(field.parts.map((part) => [part.key, partSql(part)]));
    // HAVING makes it one row also where nothing in it is an aggregate.
    return `(select ${object} from (${page}) ${alias} having true)`;
  }

  edge(part: EdgePart, alias: string, cursor: string): string {
    switch (part.kind) {
      case 'typename':
        return literal(part.name);
      case 'cursor':
        return cursor;
      case 'node':
        return this.object(part.selection, alias);
    }
  }
}

function order(field: ConnectionField, alias: string): string {
  const direction = field.sort.descending ? ' desc' : '';
  return `${alias}.${word(field.sort.column)}${direction}, ${alias}.id${direction}`;
}

/** The argument of a root field, or, in a payload, what the command answered. */
function rowId(field: RowField, request: SqlRequest): Param {
  const id = request.ids ? request.ids[field.key] : field.args(request.variables).id;
  // What is no id is no row's: nothing else of a client's may reach the comparison.
  return typeof id === 'string' && idKind(id) !== null ? id : null;
}

const touchesRows = (field: PlanField) => field.kind === 'row' || field.kind === 'connection';

/** Null where nothing of it is in the read models. */
export function compileSelection(selection: Selection, options: SqlOptions): Statement | null {
  if (!selection.some(touchesRows)) return null;
  const builder = new Builder(options);
  const text = `select ${builder.object(selection, null)}`;
  const name = `q${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
  return { name, text, params: builder.params };
}
