/**
 * Bounds of a document, checked before anything is planned for it: how deep it goes, how many aliases it has, and how
 * many fields it comes to once its fragments are put in. What it costs is decided per request, with the variables.
 */
import {
  type ASTVisitor,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';

/** Tokens of a document, for the parser. */
export const maxTokens = 10_000;
const maxDepth = 20;
const maxAliases = 100;
const maxFields = 3_000;

interface Size {
  readonly depth: number;
  readonly aliases: number;
  readonly fields: number;
}

const nothing: Size = { depth: 0, aliases: 0, fields: 0 };
/** Cyclic fragments are another rule's; the sums stay numbers whatever the document. */
const bounded = (value: number) => Math.min(value, 1_000_000_000);
const add = (a: Size, b: Size): Size => ({
  depth: Math.max(a.depth, b.depth),
  aliases: bounded(a.aliases + b.aliases),
  fields: bounded(a.fields + b.fields),
});

function sizes(context: ValidationContext) {
  const known = new Map<string, Size>();

  function ofFragment(name: string): Size {
    const found = known.get(name);
    if (found) return found;
    // A fragment that leads back to itself counts as empty there.
    known.set(name, nothing);
    const fragment: FragmentDefinitionNode | null | undefined = context.getFragment(name);
    const size = fragment ? of(fragment.selectionSet) : nothing;
    known.set(name, size);
    return size;
  }

  function of(set: SelectionSetNode): Size {
    return set.selections.reduce<Size>((sum, selection) => {
      switch (selection.kind) {
        case Kind.FIELD: {
          const inner = selection.selectionSet ? of(selection.selectionSet) : nothing;
          const { depth, aliases, fields } = inner;
          return add(sum, { depth: depth + 1, aliases: aliases + (selection.alias ? 1 : 0), fields: fields + 1 });
        }
        case Kind.INLINE_FRAGMENT:
          return add(sum, of(selection.selectionSet));
        case Kind.FRAGMENT_SPREAD:
          return add(sum, ofFragment(selection.name.value));
        default:
          return selection satisfies never;
      }
    }, nothing);
  }
  return of;
}

export function limitsRule(context: ValidationContext): ASTVisitor {
  const sizeOf = sizes(context);
  const check = (node: OperationDefinitionNode, what: string, value: number, limit: number) => {
    if (value <= limit) return;
    context.reportError(new GraphQLError(`The document has ${what}: at most ${limit} are allowed.`, { nodes: node }));
  };
  return {
    OperationDefinition(node) {
      const { depth, aliases, fields } = sizeOf(node.selectionSet);
      check(node, `${depth} levels of fields`, depth, maxDepth);
      check(node, `${aliases} aliases`, aliases, maxAliases);
      check(node, `${fields} fields with its fragments put in`, fields, maxFields);
      return false;
    },
  };
}
