/** What the SDL's directives say of a type or field. */
import {
  type ConstDirectiveNode,
  type GraphQLDirective,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getDirectiveValues,
} from 'graphql';

interface Annotated {
  readonly astNode?: { readonly directives?: readonly ConstDirectiveNode[] | undefined } | null | undefined;
}

function values(schema: GraphQLSchema, name: string, on: Annotated): Record<string, unknown> | undefined {
  const directive: GraphQLDirective | null | undefined = schema.getDirective(name);
  if (!directive || !on.astNode) return undefined;
  return getDirectiveValues(directive, { directives: on.astNode.directives ?? [] });
}

const text = (value: unknown): string => String(value);

export interface Table {
  readonly name: string;
  readonly permission: string;
}

export function tableOf(schema: GraphQLSchema, type: GraphQLObjectType): Table | undefined {
  const found = values(schema, 'table', type);
  return found && { name: text(found.name), permission: text(found.permission) };
}

/** Where a row is: by its own columns, or where another row is. */
export type RowScope =
  | { readonly by: 'columns'; readonly environment: string | null; readonly namespace: string | null }
  | { readonly by: 'row'; readonly type: string; readonly column: string };

export function scopeColumnsOf(schema: GraphQLSchema, type: GraphQLObjectType): RowScope | null {
  const found = values(schema, 'scope', type);
  if (!found) return null;
  const column = (value: unknown) => (value == null ? null : text(value));
  const { through, by } = found;
  if (through != null && by != null) return { by: 'row', type: text(through), column: text(by) };
  return { by: 'columns', environment: column(found.environment), namespace: column(found.namespace) };
}

export interface OrderBy {
  readonly column: string;
  readonly descending: boolean;
}

function orderBy(value: unknown): OrderBy | undefined {
  if (typeof value !== 'string') return undefined;
  const [column = '', direction] = value.trim().split(/\s+/);
  return { column, descending: direction === 'desc' };
}

export interface Relation {
  readonly local: string;
  readonly foreign: string;
  readonly orderBy: OrderBy | undefined;
}

type Field = GraphQLField<unknown, unknown>;

export function relationOf(schema: GraphQLSchema, field: Field): Relation | undefined {
  const found = values(schema, 'relation', field);
  return found && { local: text(found.local), foreign: text(found.foreign), orderBy: orderBy(found.orderBy) };
}

export function rowsOf(schema: GraphQLSchema, field: Field): { readonly orderBy: OrderBy | undefined } | undefined {
  const found = values(schema, 'rows', field);
  return found && { orderBy: orderBy(found.orderBy) };
}

export function columnOf(schema: GraphQLSchema, field: Field): string {
  const found = values(schema, 'column', field);
  return found ? text(found.name) : snakeCase(field.name);
}

export const isEmbedded = (schema: GraphQLSchema, type: GraphQLObjectType) =>
  values(schema, 'embedded', type) !== undefined;
export const isLive = (schema: GraphQLSchema, field: Field) => values(schema, 'live', field) !== undefined;

export function permissionOf(schema: GraphQLSchema, field: Field): string | undefined {
  const found = values(schema, 'auth', field);
  return found && text(found.permission);
}

export function weightOf(schema: GraphQLSchema, field: Field): number | undefined {
  const found = values(schema, 'cost', field);
  return found && Number(found.weight);
}

/** `createdAt` → `created_at`, `ipv4` → `ipv4`. */
export const snakeCase = (name: string) => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
