import { readdirSync, readFileSync } from 'node:fs';
import { buildSchema, parse, validate } from 'graphql';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const page = (path: string) => readFileSync(new URL(path, root), 'utf8');
const snippets = [...page('docs/network-policies.md').matchAll(/```graphql\n(.*?)```/gs)].map(([, text]) => text ?? '');

test('every request of the page on network policies is one that the API takes', () => {
  const files = readdirSync(new URL('schema/graphql/', root));
  const schema = buildSchema(`${files.map((name) => page(`schema/graphql/${name}`)).join('\n')}`, {
    assumeValidSDL: true,
  });
  expect(snippets.length).toBeGreaterThanOrEqual(4);
  for (const snippet of snippets) expect(validate(schema, parse(snippet)), snippet).toEqual([]);
});
