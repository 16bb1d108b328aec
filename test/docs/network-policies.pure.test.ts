import { readdirSync, readFileSync } from 'node:fs';
import { buildSchema, parse, validate } from 'graphql';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const page = (path: string) => readFileSync(new URL(path, root), 'utf8');
const snippets = ['docs/network-policies.md', 'docs/batches.md'].flatMap((path) =>
  [...page(path).matchAll(/```graphql\n(.*?)```/gs)].map(([, text]) => text ?? ''),
);

test('every request of the pages on network policies and on batches is one that the API takes', () => {
  const files = readdirSync(new URL('schema/graphql/', root));
  const schema = buildSchema(`${files.map((name) => page(`schema/graphql/${name}`)).join('\n')}`, {
    assumeValidSDL: true,
  });
  expect(snippets.length).toBeGreaterThanOrEqual(5);
  for (const snippet of snippets) expect(validate(schema, parse(snippet)), snippet).toEqual([]);
});
