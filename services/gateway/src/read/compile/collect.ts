/** CollectFields of the GraphQL specification (section 6.3.2), for a concrete type. */
import {
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getDirectiveValues,
  isAbstractType,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

export type Variables = Readonly<Record<string, unknown>>;
export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/** Fields with the same response key are one field; their selections are merged. */
export type Collected = ReadonlyMap<string, readonly [FieldNode, ...FieldNode[]]>;

export interface CollectContext {
  readonly schema: GraphQLSchema;
  readonly fragments: Fragments;
  readonly variables: Variables;
}

function wanted(node: SelectionNode, variables: Variables): boolean {
  if (!node.directives?.length) return true;
  if (getDirectiveValues(GraphQLSkipDirective, node, variables)?.if === true) return false;
  return getDirectiveValues(GraphQLIncludeDirective, node, variables)?.if !== false;
}

function applies(context: CollectContext, condition: string | undefined, type: GraphQLObjectType): boolean {
  if (condition === undefined || condition === type.name) return true;
  const named = context.schema.getType(condition);
  return isAbstractType(named) && context.schema.isSubType(named, type);
}

function collectInto(
  into: Map<string, [FieldNode, ...FieldNode[]]>,
  seen: Set<string>,
  context: CollectContext,
  type: GraphQLObjectType,
  set: SelectionSetNode,
): void {
  for (const selection of set.selections) {
    if (!wanted(selection, context.variables)) continue;
    switch (selection.kind) {
      case 'Field': {
        const key = selection.alias?.value ?? selection.name.value;
        const same = into.get(key);
        if (same) same.push(selection);
        else into.set(key, [selection]);
        break;
      }
      case 'InlineFragment':
        if (applies(context, selection.typeCondition?.name.value, type)) {
          collectInto(into, seen, context, type, selection.selectionSet);
        }
        break;
      case 'FragmentSpread': {
        const name = selection.name.value;
        const fragment = context.fragments.get(name);
        if (!fragment || seen.has(name)) break;
        seen.add(name);
        if (applies(context, fragment.typeCondition.name.value, type)) {
          collectInto(into, seen, context, type, fragment.selectionSet);
        }
        break;
      }
      default:
        selection satisfies never;
    }
  }
}

export function collect(
  context: CollectContext,
  type: GraphQLObjectType,
  sets: readonly SelectionSetNode[],
): Collected {
  const into = new Map<string, [FieldNode, ...FieldNode[]]>();
  const seen = new Set<string>();
  for (const set of sets) collectInto(into, seen, context, type, set);
  return into;
}

export const subselections = (nodes: readonly FieldNode[]): SelectionSetNode[] =>
  nodes.flatMap((node) => (node.selectionSet ? [node.selectionSet] : []));
