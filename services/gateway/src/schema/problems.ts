/** What is wrong with the SDL: the gateway doesn't start, and the check fails, while there is anything here. */
import { isPermission, permissionRegistry } from '@atoll/schema/permissions';
import {
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedDirective,
} from 'graphql';
import { isEmbedded, isLive, permissionOf, scopeColumnsOf, tableOf, weightOf } from './directives.ts';
import { createModel, nodeOfConnection } from './model.ts';

interface Described {
  readonly description?: string | null | undefined;
}

function ownTypes(schema: GraphQLSchema) {
  const specified = new Set(['String', 'Int', 'Float', 'Boolean', 'ID']);
  return Object.values(schema.getTypeMap()).filter((type) => !type.name.startsWith('__') && !specified.has(type.name));
}

function* undescribed(schema: GraphQLSchema): Generator<string> {
  const missing = (name: string, on: Described) => (on.description?.trim() ? [] : [`${name} has no docstring`]);
  for (const type of ownTypes(schema)) {
    yield* missing(type.name, type);
    if (isObjectType(type) || isInterfaceType(type)) {
      for (const field of Object.values(type.getFields())) {
        yield* missing(`${type.name}.${field.name}`, field);
        for (const arg of field.args) yield* missing(`${type.name}.${field.name}(${arg.name}:)`, arg);
      }
    } else if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) yield* missing(`${type.name}.${field.name}`, field);
    } else if (isEnumType(type)) {
      for (const value of type.getValues()) yield* missing(`${type.name}.${value.name}`, value);
    }
  }
  for (const directive of schema.getDirectives().filter((candidate) => !isSpecifiedDirective(candidate))) {
    yield* missing(`@${directive.name}`, directive);
    for (const arg of directive.args) yield* missing(`@${directive.name}(${arg.name}:)`, arg);
  }
}

function rootTypes(schema: GraphQLSchema): GraphQLObjectType[] {
  return [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].filter((type) => type != null);
}

function* unguarded(schema: GraphQLSchema): Generator<string> {
  for (const type of rootTypes(schema)) {
    for (const field of Object.values(type.getFields())) {
      if (permissionOf(schema, field) === undefined) yield `${type.name}.${field.name} has no @auth`;
    }
  }
  for (const type of ownTypes(schema)) {
    if (!isObjectType(type)) continue;
    const table = tableOf(schema, type);
    if (table && !isPermission(table.permission)) {
      yield `${type.name}: @table names the permission "${table.permission}", which the registry doesn't have`;
    }
    for (const field of Object.values(type.getFields())) {
      const permission = permissionOf(schema, field);
      if (permission !== undefined && !isPermission(permission)) {
        yield `${type.name}.${field.name}: @auth names the permission "${permission}", which the registry doesn't have`;
      }
    }
  }
}

/** Rows that can be read by whoever may read only a part of the tenant say in which part they are. */
function* unscoped(schema: GraphQLSchema): Generator<string> {
  for (const type of ownTypes(schema)) {
    const table = isObjectType(type) ? tableOf(schema, type) : undefined;
    if (!isObjectType(type) || !table || !isPermission(table.permission)) continue;
    const { level } = permissionRegistry[table.permission];
    const scope = scopeColumnsOf(schema, type);
    const inParts = level === 'environment' || level === 'namespace';
    if (inParts && !scope) {
      yield `${type.name}: ${table.permission} can be held for a part of a tenant, and no @scope says in which part a row is`;
    }
    if (scope?.by === 'columns' && scope.environment === null && scope.namespace === null) {
      yield `${type.name}: its @scope names neither a column nor a row`;
    }
    if (scope?.by !== 'row') continue;
    const holder = schema.getType(scope.type);
    if (!isObjectType(holder) || !tableOf(schema, holder) || !scopeColumnsOf(schema, holder)) {
      yield `${type.name}: its @scope leads through ${scope.type}, which has no rows with a @scope`;
    }
  }
}

/** Pages, edges and payloads follow from their fields; everything else says where its values come from. */
function derived(schema: GraphQLSchema): Set<string> {
  const names = new Set(rootTypes(schema).map((type) => type.name));
  for (const type of ownTypes(schema)) {
    if (!isObjectType(type) || !nodeOfConnection(type)) continue;
    names.add(type.name);
    const edges = type.getFields().edges;
    if (edges) names.add(getNamedType(edges.type).name);
  }
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {}))
    names.add(getNamedType(field.type).name);
  return names;
}

function* unplaced(schema: GraphQLSchema): Generator<string> {
  const known = derived(schema);
  const model = createModel(schema);
  for (const type of ownTypes(schema)) {
    if (!isObjectType(type)) continue;
    const table = tableOf(schema, type);
    if (!table && !isEmbedded(schema, type) && !known.has(type.name)) {
      yield `${type.name} has neither @table nor @embedded`;
    }
    if (!table && type !== schema.getQueryType()) continue;
    for (const field of Object.values(type.getFields())) {
      try {
        model.field(type, field.name);
      } catch (error) {
        yield error instanceof Error ? error.message : String(error);
      }
    }
  }
}

/** Whatever isn't a plain read of rows says what it costs; pages say how many there are where nobody asks. */
function* uncosted(schema: GraphQLSchema): Generator<string> {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    if (weightOf(schema, field) === undefined) yield `Mutation.${field.name} has no @cost`;
  }
  for (const type of ownTypes(schema)) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const where = `${type.name}.${field.name}`;
      const weight = weightOf(schema, field);
      if (isLive(schema, field) && weight === undefined) yield `${where} is @live and has no @cost`;
      if (weight !== undefined && weight < 0) yield `${where} has a negative @cost`;
      const named = getNamedType(field.type);
      if (!isObjectType(named) || !nodeOfConnection(named)) continue;
      const first = field.args.find((arg) => arg.name === 'first')?.defaultValue;
      if (typeof first !== 'number' || first < 1 || first > 100) {
        yield `${where} is a connection: it needs an argument \`first\` with a default of 1–100`;
      }
      if (!field.args.some((arg) => arg.name === 'after'))
        yield `${where} is a connection and has no argument \`after\``;
    }
  }
}

/** Each problem as one line; none where all is well. */
export function schemaProblems(schema: GraphQLSchema): string[] {
  return [...unguarded(schema), ...unscoped(schema), ...undescribed(schema), ...unplaced(schema), ...uncosted(schema)];
}
