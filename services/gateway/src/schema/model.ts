/** How each field of the SDL is answered: worked out once from its directives, a total union over which the compiler switches. */
import type { IdKind } from '@atoll/schema/ids';
import {
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isLeafType,
  isObjectType,
} from 'graphql';
import {
  columnOf,
  isLive,
  type OrderBy,
  type RowScope,
  relationOf,
  rowsOf,
  scopeColumnsOf,
  type Table,
  tableOf,
} from './directives.ts';

type Field = GraphQLField<unknown, unknown>;

/** A type whose rows are a table. */
export interface RowType {
  readonly type: GraphQLObjectType;
  readonly table: Table;
  /** Null where its rows are in no part of a tenant. */
  readonly scope: RowScope | null;
}

/** A column that pages are ordered by, the id after it. */
export interface SortKey extends OrderBy {
  readonly sqlType: 'text' | 'int';
}

/** Which rows of a table: those of the parent, the one with the argument `id`, or all that the viewer may see. */
export type Source =
  | { readonly of: 'parent'; readonly local: string; readonly foreign: string }
  | { readonly of: 'id' }
  | { readonly of: 'viewer' };

export type FieldModel =
  /** A scalar, an enum or a list of these: shown as the column has it. */
  | { readonly kind: 'column'; readonly column: string }
  /** An object or a list of objects in a JSON column. */
  | { readonly kind: 'embedded'; readonly column: string }
  | { readonly kind: 'row'; readonly row: RowType; readonly source: Source }
  | {
      readonly kind: 'connection';
      readonly row: RowType;
      readonly source: Source;
      readonly sort: SortKey;
      /** Column of the labels that it can be asked by. */
      readonly labels: string | null;
    }
  /** `Query.node`: the type is known once the id is. */
  | { readonly kind: 'node' }
  | { readonly kind: 'live' };

/** The type that an id of a kind is the global id of; null where it is readable as no type. */
const typeOfKind: Record<IdKind, string | null> = {
  tenant: 'Tenant',
  member: 'Member',
  role: 'Role',
  binding: 'RoleBinding',
  serviceAccount: 'ServiceAccount',
  issuer: 'Issuer',
  apiKey: 'ApiKey',
  invitation: 'Invitation',
  environment: 'Environment',
  plan: 'Plan',
  namespace: 'Namespace',
  deployment: 'Deployment',
  release: 'Release',
  rollout: 'Rollout',
  instance: 'Instance',
  node: 'ComputeNode',
  pool: 'Pool',
  subnet: 'Subnet',
  policy: 'IsolationPolicy',
  platformPolicy: 'PlatformPolicy',
  service: 'Service',
  publicAddress: 'PublicAddress',
  portMapping: 'PortMapping',
  addressRange: 'AddressRange',
  batch: 'Batch',
  event: null,
  dataKey: null,
  reservation: null,
  deletion: 'Deletion',
};

export interface Model {
  readonly schema: GraphQLSchema;
  rowType(type: GraphQLObjectType): RowType;
  /** Of a type by its name; throws where it has no rows. */
  rowTypeNamed(name: string): RowType;
  field(parent: GraphQLObjectType, name: string): FieldModel;
  nodeType(kind: IdKind): RowType | null;
}

/** The row type behind `XConnection`. */
export function nodeOfConnection(type: GraphQLObjectType): GraphQLObjectType | undefined {
  if (!type.name.endsWith('Connection')) return undefined;
  const nodes = type.getFields().nodes;
  const node = nodes && getNamedType(nodes.type);
  return node && isObjectType(node) ? node : undefined;
}

export function createModel(schema: GraphQLSchema): Model {
  const cache = new Map<Field, FieldModel>();

  function rowType(type: GraphQLObjectType): RowType {
    const table = tableOf(schema, type);
    if (!table) throw new Error(`${type.name} has no @table.`);
    return { type, table, scope: scopeColumnsOf(schema, type) };
  }

  function sortKey(type: GraphQLObjectType, order: OrderBy | undefined, where: string): SortKey {
    const field = Object.values(type.getFields()).find((candidate) => columnOf(schema, candidate) === order?.column);
    if (!order || !field) throw new Error(`${where} needs an orderBy that is the column of a field of ${type.name}.`);
    return { ...order, sqlType: getNamedType(field.type).name === 'Int' ? 'int' : 'text' };
  }

  function labelsOf(node: GraphQLObjectType, { args }: Field, where: string): string | null {
    const labels = node.getFields().labels;
    const asked = args.some((arg) => arg.name === 'labels');
    if (asked !== (labels !== undefined)) {
      throw new Error(`${where} must have the argument labels where ${node.name} has labels, and only there.`);
    }
    return labels ? columnOf(schema, labels) : null;
  }

  function classify(parent: GraphQLObjectType, field: Field): FieldModel {
    const where = `${parent.name}.${field.name}`;
    if (isLive(schema, field)) return { kind: 'live' };
    const named = getNamedType(field.type);
    if (isInterfaceType(named)) return { kind: 'node' };
    if (isLeafType(named)) return { kind: 'column', column: columnOf(schema, field) };
    if (!isObjectType(named)) throw new Error(`${where}: ${named.name} can't be read.`);

    const relation = relationOf(schema, field);
    const rows = rowsOf(schema, field);
    if (!relation && !rows) return { kind: 'embedded', column: columnOf(schema, field) };
    const hasId = field.args.some((arg) => arg.name === 'id');
    const source: Source = relation
      ? { of: 'parent', local: relation.local, foreign: relation.foreign }
      : { of: hasId ? 'id' : 'viewer' };
    const node = nodeOfConnection(named);
    if (!node) return { kind: 'row', row: rowType(named), source };
    const sort = sortKey(node, relation ? relation.orderBy : rows?.orderBy, where);
    return { kind: 'connection', row: rowType(node), source, sort, labels: labelsOf(node, field, where) };
  }

  return {
    schema,
    rowType,
    rowTypeNamed(name) {
      const type = schema.getType(name);
      if (!isObjectType(type)) throw new Error(`${name} is no type with rows.`);
      return rowType(type);
    },
    field(parent, name) {
      const field = parent.getFields()[name];
      if (!field) throw new Error(`${parent.name} has no field ${name}.`);
      const known = cache.get(field);
      if (known) return known;
      const model = classify(parent, field);
      cache.set(field, model);
      return model;
    },
    nodeType(kind) {
      const name = typeOfKind[kind];
      const type = name === null ? undefined : schema.getType(name);
      return isObjectType(type) ? rowType(type) : null;
    },
  };
}
