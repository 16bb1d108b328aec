/** The SDL of schema/graphql, as one executable schema. */
import { readdirSync, readFileSync } from 'node:fs';
import { assertValidSchema, buildASTSchema, concatAST, type GraphQLSchema, parse, Source } from 'graphql';

export const sdlFolder = new URL('../../../../schema/graphql/', import.meta.url);

export function loadSchema(folder: URL = sdlFolder): GraphQLSchema {
  const documents = readdirSync(folder)
    .filter((name) => name.endsWith('.graphql'))
    .sort()
    .map((name) => parse(new Source(readFileSync(new URL(name, folder), 'utf8'), name)));
  const schema = buildASTSchema(concatAST(documents));
  assertValidSchema(schema);
  return schema;
}
