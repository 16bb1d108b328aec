/** Document → plan. The document has passed validation against the schema, and the variables are coerced. */
import { idKind } from '@atoll/schema/ids';
import { isPermission, type Permission } from '@atoll/schema/permissions';
import {
  type FieldNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  getArgumentValues,
  getNamedType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type OperationDefinitionNode,
  OperationTypeNode,
  visit,
} from 'graphql';
import { type CapabilitySet, capabilityOf } from '../../schema/capability.ts';
import { permissionOf, weightOf } from '../../schema/directives.ts';
import { type Model, nodeOfConnection, type RowType } from '../../schema/model.ts';
import {
  type CollectContext,
  type Collected,
  collect,
  type Fragments,
  subselections,
  type Variables,
} from './collect.ts';
import { isFiltered } from './labels.ts';
import type {
  Args,
  ConnectionPart,
  EdgePart,
  LiveField,
  MutationPlan,
  Needed,
  PageInfoField,
  Place,
  Plan,
  PlanField,
  RowField,
  Selection,
  Shape,
  ShapeField,
} from './plan.ts';

type Field = GraphQLField<unknown, unknown>;
type Nodes = readonly [FieldNode, ...FieldNode[]];

export interface PlanInput {
  readonly model: Model;
  readonly operation: OperationDefinitionNode;
  readonly fragments: Fragments;
  readonly variables: Variables;
  /** What the viewer's class may do: rows that it may not read at all are nothing to `node`. */
  readonly may: (permission: Permission) => boolean;
  readonly capabilities: CapabilitySet;
}

const introspection = new Set(['__schema', '__type']);
const introspectionWeight = 20;

function usesVariables(node: FieldNode): boolean {
  let found = false;
  for (const argument of node.arguments ?? []) {
    visit(argument, {
      Variable() {
        found = true;
      },
    });
  }
  return found;
}

/** Where nothing varies, the arguments are coerced once. */
function argsOf(field: Field, node: FieldNode): Args {
  if (usesVariables(node)) return (variables) => getArgumentValues(field, node, variables);
  const constant = getArgumentValues(field, node);
  return () => constant;
}

export function buildPlan(input: PlanInput): Plan {
  const { model, operation, variables, may } = input;
  const { schema } = model;
  const context: CollectContext = { schema, fragments: input.fragments, variables };
  const needed: Needed[] = [];

  function need(permission: string, where: string): void {
    if (!isPermission(permission)) throw new Error(`${where} asks for the unknown permission ${permission}.`);
    if (!needed.some((other) => other.permission === permission)) needed.push({ permission, where });
  }

  function fieldOf(type: GraphQLObjectType, name: string): Field {
    const field = type.getFields()[name];
    if (!field) throw new Error(`${type.name} has no field ${name}.`);
    return field;
  }

  /** The fields of a selection, each with its definition; `__typename` apart. */
  function* fieldsOf(
    type: GraphQLObjectType,
    collected: Collected,
  ): Generator<{ key: string; nodes: Nodes; name: string; field: Field | null; place: Place }> {
    for (const [key, nodes] of collected) {
      const name = nodes[0].name.value;
      const field = name.startsWith('__') ? null : fieldOf(type, name);
      const place = { key, where: `${type.name}.${name}`, nodes };
      if (field) {
        const permission = permissionOf(schema, field);
        if (permission !== undefined) need(permission, place.where);
      }
      yield { key, nodes, name, field, place };
    }
  }

  function shapeOf(type: GraphQLOutputType, nodes: readonly FieldNode[]): Shape {
    if (isNonNullType(type)) return { ...shapeOf(type.ofType, nodes), nonNull: true };
    if (isListType(type)) return { kind: 'list', nonNull: false, item: shapeOf(type.ofType, nodes) };
    if (isLeafType(type)) return { kind: 'leaf', nonNull: false, type };
    if (!isObjectType(type)) throw new Error(`${type.name} can't be shown.`);
    const fields: ShapeField[] = [];
    for (const { name, field, place } of fieldsOf(type, collect(context, type, subselections(nodes)))) {
      fields.push(
        field
          ? { ...place, name, typename: null, shape: shapeOf(field.type, place.nodes) }
          : { ...place, name, typename: type.name, shape: { kind: 'leaf', nonNull: true, type: typenameType } },
      );
    }
    return { kind: 'object', nonNull: false, fields, whole: isWhole(type, fields) };
  }

  function rowField(place: Place, field: Field, row: RowType, source: RowField['source'], nodes: Nodes): RowField {
    need(row.table.permission, place.where);
    return {
      ...place,
      kind: 'row',
      nonNull: isNonNullType(field.type),
      row,
      source,
      args: argsOf(field, nodes[0]),
      selection: selectionOf(row.type, nodes),
      weight: weightOf(schema, field) ?? 1,
    };
  }

  function edgeParts(edge: GraphQLObjectType, nodes: readonly FieldNode[], node: GraphQLObjectType): EdgePart[] {
    const parts: EdgePart[] = [];
    for (const { key, name, nodes: inner } of fieldsOf(edge, collect(context, edge, subselections(nodes)))) {
      if (name === '__typename') parts.push({ kind: 'typename', key, name: edge.name });
      else if (name === 'cursor') parts.push({ kind: 'cursor', key });
      else if (name === 'node') parts.push({ kind: 'node', key, selection: selectionOf(node, inner) });
      else throw new Error(`${edge.name}.${name} can't be compiled.`);
    }
    return parts;
  }

  function connectionParts(type: GraphQLObjectType, nodes: Nodes): ConnectionPart[] {
    const node = nodeOfConnection(type);
    if (!node) throw new Error(`${type.name} is no connection.`);
    const parts: ConnectionPart[] = [];
    for (const { key, name, field, nodes: inner } of fieldsOf(type, collect(context, type, subselections(nodes)))) {
      if (!field) {
        parts.push({ kind: 'typename', key, name: type.name });
        continue;
      }
      const named = getNamedType(field.type);
      if (!isObjectType(named)) throw new Error(`${type.name}.${name} can't be compiled.`);
      switch (name) {
        case 'edges':
          parts.push({ kind: 'edges', key, parts: edgeParts(named, inner, node) });
          break;
        case 'nodes':
          parts.push({ kind: 'nodes', key, selection: selectionOf(node, inner) });
          break;
        case 'pageInfo':
          parts.push({
            kind: 'pageInfo',
            key,
            parts: [...collect(context, named, subselections(inner))].map(([infoKey, [info]]) =>
              info.name.value === '__typename'
                ? { kind: 'typename', key: infoKey, name: named.name }
                : { kind: 'info', key: infoKey, field: info.name.value as PageInfoField },
            ),
          });
          break;
        default:
          throw new Error(`${type.name}.${name} can't be compiled.`);
      }
    }
    return parts;
  }

  function live(place: Place, parent: GraphQLObjectType, field: Field, nodes: Nodes): LiveField {
    return {
      ...place,
      kind: 'live',
      parent: parent.name,
      field: field.name,
      args: argsOf(field, nodes[0]),
      shape: shapeOf(field.type, nodes),
      weight: weightOf(schema, field) ?? 1,
    };
  }

  function node(place: Place, field: Field, nodes: Nodes): PlanField {
    const id = argsOf(field, nodes[0])(variables).id;
    const kind = typeof id === 'string' ? idKind(id) : null;
    const row = kind === null ? null : model.nodeType(kind);
    const part = row && capabilityOf(row.type.astNode);
    const there = typeof part !== 'string' || !input.capabilities.excluded.has(part);
    const readable = row !== null && there && isPermission(row.table.permission) && may(row.table.permission);
    if (!readable) return { ...place, kind: 'nothing', weight: 1 };
    return rowField(place, field, row, { of: 'id' }, nodes);
  }

  function planField(
    type: GraphQLObjectType,
    entry: { name: string; field: Field | null; place: Place; nodes: Nodes },
  ): PlanField {
    const { name, field, place, nodes } = entry;
    if (introspection.has(name)) return { ...place, kind: 'introspection', weight: introspectionWeight };
    if (!field) return { kind: 'typename', key: place.key, name: type.name };
    const how = model.field(type, name);
    switch (how.kind) {
      case 'column':
        return { ...place, kind: 'column', column: how.column };
      case 'embedded':
        return { ...place, kind: 'embedded', column: how.column, shape: shapeOf(field.type, nodes) };
      case 'row':
        return rowField(place, field, how.row, how.source, nodes);
      case 'connection': {
        need(how.row.table.permission, place.where);
        const args = argsOf(field, nodes[0]);
        const named = getNamedType(field.type);
        if (!isObjectType(named)) throw new Error(`${place.where} is no connection.`);
        const { row, source, sort } = how;
        const labels = isFiltered(args, variables) ? how.labels : null;
        const page = { args, continued: args(variables).after != null };
        const weight = weightOf(schema, field) ?? 1;
        const parts = connectionParts(named, nodes);
        return { ...place, kind: 'connection', row, source, sort, page, labels, parts, weight };
      }
      case 'node':
        return node(place, field, nodes);
      case 'live':
        return live(place, type, field, nodes);
    }
  }

  function selectionOf(type: GraphQLObjectType, nodes: readonly FieldNode[]): Selection {
    return [...fieldsOf(type, collect(context, type, subselections(nodes)))].map((entry) => planField(type, entry));
  }

  function mutationPlan(type: GraphQLObjectType): MutationPlan {
    const selection: MutationPlan['selection'][number][] = [];
    for (const { key, field, place, nodes } of fieldsOf(type, collect(context, type, [operation.selectionSet]))) {
      if (!field) {
        selection.push({ kind: 'typename', key, name: type.name });
        continue;
      }
      const payloadType = getNamedType(field.type);
      if (!isObjectType(payloadType)) throw new Error(`${place.where} has no payload.`);
      const payload: (RowField | (ShapeField & { kind: 'value' }))[] = [];
      for (const part of fieldsOf(payloadType, collect(context, payloadType, subselections(nodes)))) {
        const resource = part.field && getNamedType(part.field.type);
        const row = part.field && isObjectType(resource) ? rowTypeOrNull(model, resource) : null;
        if (part.field && row) {
          payload.push(rowField(part.place, part.field, row, { of: 'id' }, part.nodes));
        } else {
          const shape: Shape = part.field
            ? shapeOf(part.field.type, part.nodes)
            : { kind: 'leaf', nonNull: true, type: typenameType };
          const typename = part.field ? null : payloadType.name;
          payload.push({ ...part.place, kind: 'value', name: part.name, typename, shape });
        }
      }
      const weight = weightOf(schema, field) ?? 1;
      selection.push({ ...place, kind: 'mutation', field: field.name, args: argsOf(field, nodes[0]), payload, weight });
    }
    return { operation: 'mutation', selection, needed };
  }

  const typenameType = typenameLeaf(model);
  const root = schema.getRootType(operation.operation);
  if (!root) throw new Error(`The schema has no ${operation.operation}.`);
  switch (operation.operation) {
    case OperationTypeNode.QUERY: {
      const entries = fieldsOf(root, collect(context, root, [operation.selectionSet]));
      return { operation: 'query', selection: [...entries].map((entry) => planField(root, entry)), needed };
    }
    case OperationTypeNode.MUTATION:
      return mutationPlan(root);
    case OperationTypeNode.SUBSCRIPTION: {
      // Validation (SingleFieldSubscriptionsRule) has left exactly one.
      const [entry] = fieldsOf(root, collect(context, root, [operation.selectionSet]));
      if (!entry?.field) throw new Error('A subscription has one field.');
      return { operation: 'subscription', field: live(entry.place, root, entry.field, entry.nodes), needed };
    }
  }
}

function typenameLeaf(model: Model) {
  const type = model.schema.getType('String');
  if (!isLeafType(type)) throw new Error('The schema has no String.');
  return type;
}

function rowTypeOrNull(model: Model, type: GraphQLObjectType): RowType | null {
  return type.astNode?.directives?.some((directive) => directive.name.value === 'table') ? model.rowType(type) : null;
}

/** All fields under their own names in the SDL's order: as the column has it. */
function isWhole(type: GraphQLObjectType, fields: readonly ShapeField[]): boolean {
  const names = Object.keys(type.getFields());
  return (
    fields.length === names.length &&
    fields.every(({ key, name, shape }, index) => key === name && name === names[index] && wholeShape(shape))
  );
}

function wholeShape(shape: Shape): boolean {
  switch (shape.kind) {
    case 'leaf':
      return true;
    case 'list':
      return wholeShape(shape.item);
    case 'object':
      return shape.whole;
  }
}
