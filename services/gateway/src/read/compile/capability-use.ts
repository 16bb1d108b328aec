/** Which capabilities a request asks for: by the fields, arguments, types and values in its document and its variables. */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLInputType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  TypeInfo,
  typeFromAST,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { capabilityOf } from '../../schema/capability.ts';
import type { Variables } from './collect.ts';

/** Capability → the first place that asks for it, e.g. `Query.probe`. */
export type Uses = ReadonlyMap<string, string>;

interface Found {
  readonly uses: Uses;
  /** Variables whose values may ask for more. */
  readonly variables: readonly { readonly name: string; readonly type: GraphQLInputType }[];
}

/** The operation, and the fragments that it comes to. */
function partsOf(document: DocumentNode, operation: OperationDefinitionNode) {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const parts = new Set<OperationDefinitionNode | FragmentDefinitionNode>([operation]);
  for (const part of parts) {
    visit(part, {
      FragmentSpread({ name }) {
        const fragment = fragments.get(name.value);
        if (fragment) parts.add(fragment);
      },
    });
  }
  return parts;
}

function look(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): Found {
  const uses = new Map<string, string>();
  const add = (node: Parameters<typeof capabilityOf>[0], where: string) => {
    const name = capabilityOf(node);
    if (name !== undefined && !uses.has(name)) uses.set(name, where);
  };
  const ofType = (name: string) => {
    const type = schema.getType(name);
    if (isObjectType(type)) add(type.astNode, name);
  };
  for (const part of partsOf(document, operation)) {
    const info = new TypeInfo(schema);
    visit(
      part,
      visitWithTypeInfo(info, {
        Field(node) {
          const where = `${info.getParentType()?.name}.${node.name.value}`;
          const field = info.getFieldDef();
          add(field?.astNode, where);
          for (const argument of node.arguments ?? []) {
            const definition = field?.args.find(({ name }) => name === argument.name.value);
            add(definition?.astNode, `${where}(${argument.name.value}:)`);
          }
        },
        ObjectField(node) {
          const parent = info.getParentInputType();
          if (!isInputObjectType(parent)) return;
          add(parent.getFields()[node.name.value]?.astNode, `${parent.name}.${node.name.value}`);
        },
        EnumValue(node) {
          const type = info.getInputType();
          const bare = isNonNullType(type) ? type.ofType : type;
          if (isEnumType(bare)) add(bare.getValue(node.value)?.astNode, `${bare.name}.${node.value}`);
        },
        InlineFragment: ({ typeCondition }) => typeCondition && ofType(typeCondition.name.value),
        FragmentDefinition: ({ typeCondition }) => ofType(typeCondition.name.value),
      }),
    );
  }
  const variables = (operation.variableDefinitions ?? []).flatMap(({ variable, type }) => {
    const input = typeFromAST(schema, type);
    return input ? [{ name: variable.name.value, type: input as GraphQLInputType }] : [];
  });
  return { uses, variables };
}

function lookIn(type: GraphQLInputType, value: unknown, uses: Map<string, string>): void {
  if (value === null || value === undefined) return;
  if (isNonNullType(type)) {
    lookIn(type.ofType, value, uses);
    return;
  }
  if (isListType(type)) {
    for (const item of Array.isArray(value) ? value : [value]) lookIn(type.ofType, item, uses);
    return;
  }
  const add = (name: string | undefined, where: string) => {
    if (name !== undefined && !uses.has(name)) uses.set(name, where);
  };
  if (isEnumType(type)) {
    add(capabilityOf(type.getValue(String(value))?.astNode), `${type.name}.${String(value)}`);
  } else if (isInputObjectType(type) && typeof value === 'object') {
    for (const [name, inner] of Object.entries(value)) {
      const field = type.getFields()[name];
      if (!field) continue;
      add(capabilityOf(field.astNode), `${type.name}.${name}`);
      lookIn(field.type, inner, uses);
    }
  }
}

const known = new WeakMap<OperationDefinitionNode, Found>();

/** `variables` are coerced; of them only what was given is looked at. */
export function capabilityUses(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
): Uses {
  const found = known.get(operation) ?? look(schema, document, operation);
  known.set(operation, found);
  if (found.variables.length === 0) return found.uses;
  const uses = new Map(found.uses);
  for (const { name, type } of found.variables) lookIn(type, variables[name], uses);
  return uses;
}
