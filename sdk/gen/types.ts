/** Operations → TypeScript types of their variables and results, by graphql-code-generator. */
import { codegen } from '@graphql-codegen/core';
import * as typescriptOperations from '@graphql-codegen/typescript-operations';
import { type DocumentNode, parse } from 'graphql';

export async function generateTypes(schema: DocumentNode, operations: string): Promise<string> {
  return await codegen({
    schema,
    documents: [{ location: 'operations.graphql', document: parse(operations) }],
    filename: 'operations.ts',
    config: {},
    plugins: [
      {
        operations: {
          scalars: { ID: 'string', DateTime: 'string', JSON: 'unknown' },
          enumType: 'string-literal',
          inlineFragmentTypes: 'combine',
          fragmentSuffix: '',
          namingConvention: 'keep',
          skipTypename: true,
          immutableTypes: true,
        },
      },
    ],
    pluginMap: { operations: typescriptOperations },
  });
}
