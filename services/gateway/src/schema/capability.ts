/**
 * The schema as a tenant sees it: without what belongs to capabilities that its plan hasn't. One schema per distinct set,
 * made when it is first asked for and kept while it is among the last that were; tenants of one plan share it.
 */
import { capabilities as allCapabilities, isCapability } from '@atoll/schema/capabilities';
import {
  buildASTSchema,
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  Kind,
  printSchema,
  type TypeNode,
} from 'graphql';

/** What a tenant has, as one value per distinct set: compared by identity. */
export interface CapabilitySet {
  /** The same text for the same set. */
  readonly key: string;
  readonly excluded: ReadonlySet<string>;
}

export const everyCapability: CapabilitySet = { key: '', excluded: new Set() };

/** Of the names that a tenant has; names that this version doesn't know say nothing. */
export function capabilitySet(names: readonly string[]): CapabilitySet {
  const has = new Set(names);
  const excluded = allCapabilities.filter((name) => !has.has(name));
  return excluded.length === 0 ? everyCapability : { key: excluded.join(','), excluded: new Set(excluded) };
}

interface Annotated {
  readonly directives?: readonly ConstDirectiveNode[] | undefined;
}

/** The capability that something of the SDL belongs to; undefined where it is everybody's. */
export function capabilityOf(node: Annotated | null | undefined): string | undefined {
  const directive = node?.directives?.find(({ name }) => name.value === 'capability');
  const value = directive?.arguments?.find(({ name }) => name.value === 'name')?.value;
  return value?.kind === Kind.STRING ? value.value : undefined;
}

function typeName(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : typeName(type.type);
}

const isTypeDefinition = (definition: DefinitionNode) =>
  definition.kind.endsWith('TypeDefinition') && definition.kind !== Kind.SCALAR_TYPE_DEFINITION;

/** One pass over the definitions: without what is excluded, and what is of a type that is gone. */
function without(document: DocumentNode, excluded: ReadonlySet<string>, gone: ReadonlySet<string>): DocumentNode {
  const stays = (node: Annotated) => {
    const name = capabilityOf(node);
    return name === undefined || !excluded.has(name);
  };
  const definitions = document.definitions.flatMap((definition): DefinitionNode[] => {
    if ('name' in definition && definition.name && gone.has(definition.name.value)) return [];
    switch (definition.kind) {
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.OBJECT_TYPE_EXTENSION:
      case Kind.INTERFACE_TYPE_DEFINITION: {
        const fields = definition.fields
          ?.filter((field) => stays(field) && !gone.has(typeName(field.type)))
          .map((field) => ({
            ...field,
            arguments: field.arguments?.filter((arg) => stays(arg) && !gone.has(typeName(arg.type))) ?? [],
          }));
        if (definition.kind === Kind.OBJECT_TYPE_EXTENSION && fields?.length === 0) return [];
        return [{ ...definition, fields: fields ?? [] }];
      }
      case Kind.INPUT_OBJECT_TYPE_DEFINITION:
        return [
          {
            ...definition,
            fields: definition.fields?.filter((field) => stays(field) && !gone.has(typeName(field.type))) ?? [],
          },
        ];
      case Kind.ENUM_TYPE_DEFINITION:
        return [{ ...definition, values: definition.values?.filter(stays) ?? [] }];
      default:
        return [definition];
    }
  });
  return { ...document, definitions };
}

/** Types that are left with nothing in them. */
function emptied(document: DocumentNode, roots: ReadonlySet<string>): string[] {
  const filled = new Set<string>();
  const defined = new Set<string>();
  for (const definition of document.definitions) {
    const name = 'name' in definition ? definition.name?.value : undefined;
    if (name === undefined) continue;
    if (isTypeDefinition(definition) && definition.kind !== Kind.UNION_TYPE_DEFINITION) defined.add(name);
    const parts = 'fields' in definition ? definition.fields : 'values' in definition ? definition.values : [];
    if (parts && parts.length > 0) filled.add(name);
  }
  return [...defined].filter((name) => !filled.has(name) && !roots.has(name));
}

/** Names of all types that a client can come to from the roots. */
function reachable(schema: GraphQLSchema): Set<string> {
  const found = new Set<string>();
  const visit = (type: GraphQLNamedType | null | undefined): void => {
    if (!type || found.has(type.name)) return;
    found.add(type.name);
    if (isObjectType(type) || isInterfaceType(type)) {
      for (const other of type.getInterfaces()) visit(other);
      for (const field of Object.values(type.getFields())) {
        visit(getNamedType(field.type));
        for (const arg of field.args) visit(getNamedType(arg.type));
      }
    }
    if (isInterfaceType(type)) for (const other of schema.getPossibleTypes(type)) visit(other);
    if (isInputObjectType(type)) for (const field of Object.values(type.getFields())) visit(getNamedType(field.type));
  };
  for (const root of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) visit(root);
  for (const directive of schema.getDirectives()) for (const arg of directive.args) visit(getNamedType(arg.type));
  return found;
}

export function filterSchema(document: DocumentNode, whole: GraphQLSchema, set: CapabilitySet): GraphQLSchema {
  const { excluded } = set;
  if (excluded.size === 0) return whole;
  const gone = new Set<string>();
  for (const definition of document.definitions) {
    const name = capabilityOf(definition as Annotated);
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION || name === undefined || !excluded.has(name)) continue;
    for (const suffix of ['', 'Connection', 'Edge']) gone.add(`${definition.name.value}${suffix}`);
  }
  const roots = new Set(['Query', 'Mutation', 'Subscription']);
  let left = without(document, excluded, gone);
  for (let empty = emptied(left, roots); empty.length > 0; empty = emptied(left, roots)) {
    for (const name of empty) gone.add(name);
    left = without(left, excluded, gone);
  }
  // What nobody comes to any more goes as well; the last round takes what only that led to.
  const before = reachable(whole);
  const filtered = buildASTSchema(left, { assumeValidSDL: true });
  const now = reachable(filtered);
  const lost = [...before].filter((name) => !now.has(name) && !gone.has(name));
  return lost.length === 0
    ? filtered
    : buildASTSchema(without(left, excluded, new Set([...gone, ...lost])), { assumeValidSDL: true });
}

export interface TenantSchemas {
  of(set: CapabilitySet): GraphQLSchema;
  /** The schema in SDL, the same bytes for the same set. */
  printed(set: CapabilitySet): string;
}

/** Distinct sets that are remembered. */
const maxSets = 32;

export function createTenantSchemas(document: DocumentNode, whole: GraphQLSchema): TenantSchemas {
  const made = new Map<string, { readonly schema: GraphQLSchema; text: string | undefined }>();

  function entry(set: CapabilitySet) {
    const known = made.get(set.key);
    const found = known ?? { schema: filterSchema(document, whole, set), text: undefined };
    // Last used, last dropped.
    made.delete(set.key);
    made.set(set.key, found);
    const [oldest] = made.keys();
    if (made.size > maxSets && oldest !== undefined) made.delete(oldest);
    return found;
  }

  return {
    of: (set) => entry(set).schema,
    printed(set) {
      const found = entry(set);
      found.text ??= `${printSchema(found.schema)}\n`;
      return found.text;
    },
  };
}

/** Names in the SDL that are no capabilities. */
export function capabilityProblems(document: DocumentNode): string[] {
  const problems: string[] = [];
  const look = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const item of node) look(item);
    } else if (typeof node === 'object' && node !== null) {
      const name = capabilityOf(node as Annotated);
      if (name !== undefined && !isCapability(name)) {
        problems.push(`@capability names "${name}", which the registry doesn't have`);
      }
      for (const [key, value] of Object.entries(node)) if (key !== 'loc' && key !== 'directives') look(value);
    }
  };
  look(document.definitions);
  return problems;
}
