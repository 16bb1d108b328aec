/**
 * SDL → the SDK's operations. Every root field becomes one operation of the same name, every paged or parameterised
 * field of a type that can be found by its id becomes one more (`Deployment.instances` → `deploymentInstances`), so
 * that whatever is added to the SDL is in the SDK after `npm run gen`, with nothing written by hand.
 */
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isLeafType,
  isNonNullType,
  isObjectType,
} from 'graphql';

export type OperationKind = 'query' | 'mutation' | 'subscription';

export interface Operation {
  readonly kind: OperationKind;
  /** Name of the method, e.g. `deploymentInstances`; `onEvents` for a subscription to `events`. */
  readonly name: string;
  /** Where the answer stands in `data`, e.g. `['deployment', 'instances']`. */
  readonly path: readonly string[];
  readonly description: string;
  /** Whether variables may be left out altogether. */
  readonly optionalVariables: boolean;
  readonly text: string;
}

export interface Operations {
  /** Name of an object type → its fragment. */
  readonly fragments: ReadonlyMap<string, string>;
  readonly operations: readonly Operation[];
}

export const upperFirst = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);

type Field = GraphQLField<unknown, unknown>;

const fieldsOf = (type: GraphQLObjectType): readonly Field[] => Object.values(type.getFields());
const isNode = (type: GraphQLObjectType) => type.getInterfaces().some((i) => i.name === 'Node');
/** Something that isn't in the read models costs a question to a node: asked for on purpose, never by default. */
const isLive = (field: Field) => field.astNode?.directives?.some((d) => d.name.value === 'live') ?? false;

export function collectOperations(schema: GraphQLSchema): Operations {
  const fragments = new Map<string, string>();

  /** What is told of another resource: how to find it, and what people call it. */
  const identity = (type: GraphQLObjectType) =>
    ['id', 'name', 'number'].filter((name) => name in type.getFields()).join(' ');

  const selectField = (field: Field): string | null => {
    if (field.args.length > 0 || isLive(field)) return null;
    const type = getNamedType(field.type);
    if (isLeafType(type)) return field.name;
    if (!isObjectType(type)) return null;
    return isNode(type) ? `${field.name} { ${identity(type)} }` : `${field.name} ${use(type)}`;
  };

  /** The selection of a type's own fields, by fragment. */
  const use = (type: GraphQLObjectType): string => {
    if (!fragments.has(type.name)) {
      fragments.set(type.name, '');
      const fields = fieldsOf(type)
        .map(selectField)
        .filter((s) => s !== null);
      fragments.set(type.name, `fragment ${type.name} on ${type.name} {\n  ${fields.join('\n  ')}\n}`);
    }
    return `{ ...${type.name} }`;
  };

  /** The selection under a field of an operation: pages with their nodes, payloads with their resources. */
  const select = (output: GraphQLOutputType): string => {
    const type = getNamedType(output);
    if (isLeafType(type)) return '';
    if (isInterfaceType(type)) return ` { __typename ${Object.keys(type.getFields()).join(' ')} }`;
    if (!isObjectType(type)) throw new Error(`${type.name}: the SDK generator knows no unions`);
    if (type.name.endsWith('Connection')) {
      const nodes = type.getFields().nodes;
      if (nodes === undefined) throw new Error(`${type.name} has no field nodes`);
      return ` { nodes${select(nodes.type)} pageInfo { hasNextPage endCursor } }`;
    }
    if (type.name.endsWith('Payload')) {
      return ` { ${fieldsOf(type)
        .map((field) => `${field.name}${select(field.type)}`)
        .join(' ')} }`;
    }
    return ` ${use(type)}`;
  };

  const declare = (args: readonly GraphQLArgument[]) =>
    args.length === 0 ? '' : `(${args.map((a) => `$${a.name}: ${String(a.type)}${defaultOf(a)}`).join(', ')})`;
  const pass = (args: readonly GraphQLArgument[]) =>
    args.length === 0 ? '' : `(${args.map((a) => `${a.name}: $${a.name}`).join(', ')})`;
  const optional = (args: readonly GraphQLArgument[]) =>
    args.every((a) => !isNonNullType(a.type) || a.defaultValue !== undefined);

  const operations: Operation[] = [];
  const roots = [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
    ['subscription', schema.getSubscriptionType()],
  ] as const;
  for (const [kind, root] of roots) {
    for (const field of root ? fieldsOf(root) : []) {
      const name = kind === 'subscription' ? `on${upperFirst(field.name)}` : field.name;
      operations.push({
        kind,
        name,
        path: [field.name],
        description: field.description ?? '',
        optionalVariables: optional(field.args),
        text: `${kind} ${upperFirst(name)}${declare(field.args)} {\n  ${field.name}${pass(field.args)}${select(field.type)}\n}`,
      });
    }
  }

  const query = schema.getQueryType();
  for (const root of query ? fieldsOf(query) : []) {
    const type = getNamedType(root.type);
    const byId = root.args.length === 1 && root.args[0]?.name === 'id';
    if (!byId || !isObjectType(type) || root.name !== lowerFirst(type.name)) continue;
    for (const field of fieldsOf(type)) {
      // What is deprecated stays in the API for those who ask for it; nobody is led to it anew.
      if (field.deprecationReason != null || (field.args.length === 0 && !isLive(field))) continue;
      const name = `${root.name}${upperFirst(field.name)}`;
      const args = [...root.args, ...field.args];
      operations.push({
        kind: 'query',
        name,
        path: [root.name, field.name],
        description: field.description ?? '',
        optionalVariables: false,
        text: `query ${upperFirst(name)}${declare(args)} {\n  ${root.name}${pass(root.args)} { ${field.name}${pass(field.args)}${select(field.type)} }\n}`,
      });
    }
  }
  const names = new Set<string>();
  for (const operation of operations) {
    if (names.has(operation.name)) {
      throw new Error(`two operations would be called ${operation.name}: rename a field of the SDL`);
    }
    names.add(operation.name);
  }
  return { fragments, operations };
}

/** Variables take the argument's default, so that leaving one out means what the SDL says. */
function defaultOf(argument: GraphQLArgument): string {
  const value = argument.astNode?.defaultValue;
  if (value === undefined) return '';
  switch (value.kind) {
    case 'StringValue':
      return ` = ${JSON.stringify(value.value)}`;
    case 'IntValue':
    case 'FloatValue':
    case 'EnumValue':
      return ` = ${value.value}`;
    case 'BooleanValue':
      return ` = ${value.value}`;
    default:
      throw new Error(`${argument.name}: the SDK generator knows no default of kind ${value.kind}`);
  }
}

/** The text that is sent: the operation and the fragments that it reaches, in a stable order. */
export function completeText(operation: Operation, fragments: ReadonlyMap<string, string>): string {
  const reached = new Set<string>();
  const visit = (text: string) => {
    for (const [, name] of text.matchAll(/\.\.\.(\w+)/g)) {
      if (name === undefined || reached.has(name)) continue;
      reached.add(name);
      visit(fragments.get(name) ?? '');
    }
  };
  visit(operation.text);
  return [operation.text, ...[...reached].sort().map((name) => fragments.get(name) ?? '')].join('\n');
}
