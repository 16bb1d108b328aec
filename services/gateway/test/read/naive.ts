/** What the compiler's answers must equal: graphql-js, with resolvers that look through all rows, one field at a time. */
import { idKind } from '@atoll/schema/ids';
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLFieldResolver,
  getNamedType,
  isObjectType,
} from 'graphql';
import { columnOf } from '../../src/schema/directives.ts';
import type { Model, RowType, SortKey, Source } from '../../src/schema/model.ts';
import type { Row, Rows } from './rows.ts';

const rowOf = Symbol('row');
interface Wrapped {
  readonly [rowOf]: Row;
  readonly __typename: string;
}
const wrap = (type: RowType, row: Row): Wrapped => ({ [rowOf]: row, __typename: type.type.name });
const isWrapped = (value: unknown): value is Wrapped => typeof value === 'object' && value !== null && rowOf in value;

const cursorOf = (row: Row, sort: SortKey) =>
  Buffer.from(`[${JSON.stringify(row[sort.column])}, ${JSON.stringify(row.id)}]`).toString('base64url');

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
}

interface Label {
  readonly key: string;
  readonly value: string;
}
function hasLabels(row: Row, wanted: unknown): boolean {
  const own = (row.labels ?? []) as readonly Label[];
  return ((wanted ?? []) as readonly Label[]).every(({ key, value }) =>
    own.some((label) => label.key === key && label.value === value),
  );
}

export function executeNaively(options: {
  model: Model;
  rows: Rows;
  /** Null for the operator. */
  tenant: string | null;
  /** Of the tenant's rows, those that the viewer may read; left out: all. */
  sees?: (table: string, row: Row) => boolean;
  document: DocumentNode;
  variables: Record<string, unknown>;
}): ExecutionResult {
  const { model, rows, tenant, sees = () => true } = options;

  function find(type: RowType, source: Source, parent: Row | null, id: unknown): Row[] {
    const belongs = (row: Row): boolean => {
      switch (source.of) {
        case 'id':
          return row.id === id;
        case 'viewer':
          return true;
        case 'parent':
          return parent !== null && row[source.foreign] === parent[source.local] && row.tenant_id === parent.tenant_id;
      }
    };
    const { name } = type.table;
    return (rows[name] ?? []).filter(
      (row) => (tenant === null || row.tenant_id === tenant) && belongs(row) && sees(name, row),
    );
  }

  function connection(type: RowType, all: Row[], sort: SortKey, args: Record<string, unknown>) {
    const direction = sort.descending ? -1 : 1;
    const order = (a: Row, b: Row) => direction * (compare(a[sort.column], b[sort.column]) || compare(a.id, b.id));
    const sorted = [...all].sort(order);
    const [key, id] = args.after == null ? [] : JSON.parse(Buffer.from(String(args.after), 'base64url').toString());
    const after: Row = { [sort.column]: key, id };
    const start = args.after == null ? 0 : sorted.filter((row) => order(row, after) <= 0).length;
    const page = sorted.slice(start, start + Number(args.first ?? 20));
    const last = page.at(-1);
    return {
      nodes: page.map((row) => wrap(type, row)),
      edges: page.map((row) => ({ cursor: cursorOf(row, sort), node: wrap(type, row) })),
      pageInfo: {
        hasNextPage: start + page.length < sorted.length,
        hasPreviousPage: start > 0,
        startCursor: page[0] ? cursorOf(page[0], sort) : null,
        endCursor: last ? cursorOf(last, sort) : null,
      },
    };
  }

  const resolve: GraphQLFieldResolver<unknown, unknown> = (source, args, _context, info) => {
    const root = info.parentType === model.schema.getQueryType();
    if (!root && !isWrapped(source)) return (source as Record<string, unknown>)[info.fieldName];
    const parent = isWrapped(source) ? source[rowOf] : null;
    const how = model.field(info.parentType, info.fieldName);
    switch (how.kind) {
      case 'column':
      case 'embedded': {
        const field = info.parentType.getFields()[info.fieldName];
        return field && parent ? (parent[columnOf(model.schema, field)] ?? null) : null;
      }
      case 'row': {
        const [row] = find(how.row, how.source, parent, args.id);
        return row ? wrap(how.row, row) : null;
      }
      case 'connection':
        return connection(
          how.row,
          find(how.row, how.source, parent, null).filter((row) => hasLabels(row, args.labels)),
          how.sort,
          args,
        );
      case 'node': {
        const kind = idKind(String(args.id));
        const type = kind === null ? null : model.nodeType(kind);
        if (!type || !isObjectType(getNamedType(type.type))) return null;
        const [row] = find(type, { of: 'id' }, null, args.id);
        return row ? wrap(type, row) : null;
      }
      case 'live':
        throw new Error('Live fields are tested elsewhere.');
    }
  };

  const result = execute({
    schema: model.schema,
    document: options.document,
    variableValues: options.variables,
    fieldResolver: resolve,
    typeResolver: (value) => (value as Wrapped).__typename,
  });
  if (result instanceof Promise) throw new Error('Nothing here waits.');
  return result;
}
