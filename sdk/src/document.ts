/** Documents: what is sent, and the types of what goes in and comes out. */
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
import { type DocumentNode, Kind, type OperationDefinitionNode, parse, print } from 'graphql';

export type OperationKind = 'query' | 'mutation' | 'subscription';

/** A document whose text is ready: nothing is parsed or printed at run time. */
export class TypedDocument<Result, Variables> implements DocumentTypeDecoration<Result, Variables> {
  declare readonly __apiType?: (variables: Variables) => Result;
  readonly kind: OperationKind;
  /** Where the value of the method of this name stands in `data`. */
  readonly path: readonly string[];
  readonly text: string;
  constructor(kind: OperationKind, path: readonly string[], text: string) {
    this.kind = kind;
    this.path = path;
    this.text = text;
  }
}

/**
 * What `request` takes: a document of `@atoll/sdk/generated/documents`, a `TypedDocumentNode` of any generator, or a
 * text, whose types the caller names.
 */
export type Document<Result, Variables> =
  | TypedDocument<Result, Variables>
  | (DocumentNode & DocumentTypeDecoration<Result, Variables>)
  | string;

export interface ReadyDocument {
  readonly kind: OperationKind;
  readonly text: string;
  /** For mutations: each root field's response key, and the variable that is its whole `input`. */
  readonly mutations: readonly { readonly key: string; readonly inputVariable: string | null }[];
}

const ready = new Map<unknown, ReadyDocument>();
/** Documents are few and live as long as the program; texts that are made up as one goes don't fill the memory. */
const MAX_REMEMBERED = 1000;

export function prepare<R, V>(document: Document<R, V>): ReadyDocument {
  const known = ready.get(document);
  if (known !== undefined) return known;
  if (ready.size >= MAX_REMEMBERED) ready.clear();
  const prepared = analyse(document);
  ready.set(document, prepared);
  return prepared;
}

function analyse<R, V>(document: Document<R, V>): ReadyDocument {
  if (document instanceof TypedDocument) {
    const key = document.path[0];
    const mutations = document.kind === 'mutation' && key !== undefined ? [{ key, inputVariable: 'input' }] : [];
    return { kind: document.kind, text: document.text, mutations };
  }
  const node: DocumentNode = typeof document === 'string' ? parse(document) : document;
  const text = typeof document === 'string' ? document : print(document);
  const operations = node.definitions.filter((d): d is OperationDefinitionNode => d.kind === Kind.OPERATION_DEFINITION);
  const [operation] = operations;
  if (operation === undefined || operations.length > 1) {
    throw new TypeError(`a document holds exactly one operation, this one ${operations.length}`);
  }
  return { kind: operation.operation, text, mutations: operation.operation === 'mutation' ? rootsOf(operation) : [] };
}

function rootsOf(operation: OperationDefinitionNode) {
  return operation.selectionSet.selections.flatMap((selection) => {
    if (selection.kind !== Kind.FIELD) return [];
    const input = selection.arguments?.find((a) => a.name.value === 'input')?.value;
    const inputVariable = input?.kind === Kind.VARIABLE ? input.name.value : null;
    return [{ key: selection.alias?.value ?? selection.name.value, inputVariable }];
  });
}
