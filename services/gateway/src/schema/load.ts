/** The SDL of schema/graphql, as one executable schema. */
import { readdirSync, readFileSync } from 'node:fs';
import {
  assertValidSchema,
  buildASTSchema,
  concatAST,
  type DocumentNode,
  type GraphQLSchema,
  parse,
  Source,
} from 'graphql';

export const sdlFolder = new URL('../../../../schema/graphql/', import.meta.url);

export function loadDocument(folder: URL = sdlFolder): DocumentNode {
  const documents = readdirSync(folder)
    .filter((name) => name.endsWith('.graphql'))
    .sort()
    .map((name) => parse(new Source(readFileSync(new URL(name, folder), 'utf8'), name)));
  return concatAST(documents);
}

export function loadSchema(document: DocumentNode = loadDocument()): GraphQLSchema {
  const schema = buildASTSchema(document);
  assertValidSchema(schema);
  return schema;
}
