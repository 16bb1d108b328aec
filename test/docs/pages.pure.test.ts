import { readdirSync, readFileSync } from 'node:fs';
import { errorCodes } from '@atoll/schema/errors';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const page = (path: string) => readFileSync(new URL(path, root), 'utf8');

test('every error code is on the errors page, once, with its kind, its retry, a cause and a way out', () => {
  const text = page('docs/errors.md');
  const sections = text.split('\n## ').slice(1);
  const rows = sections.flatMap((section) => {
    const kind = /\((\w+)\)/.exec(section.split('\n')[0] ?? '')?.[1];
    return [...section.matchAll(/^\| `(\w+)` +\| ([\w ]+?) +\| (.+?) +\| (.+?) +\|$/gm)].map(
      ([, code, retry, cause, way]) => ({
        code,
        kind,
        retry: retry?.replace(' ', '-'),
        complete: (cause?.length ?? 0) > 10 && (way?.length ?? 0) > 10,
      }),
    );
  });
  expect(rows.sort((a, b) => ((a.code ?? '') < (b.code ?? '') ? -1 : 1))).toEqual(
    Object.entries(errorCodes)
      .map(([code, { kind, retry }]) => ({ code, kind, retry, complete: true }))
      .sort((a, b) => (a.code < b.code ? -1 : 1)),
  );
});

test('every type of the schema is in the glossary', () => {
  const glossary = page('docs/glossary.md');
  const sdl = readdirSync(new URL('schema/graphql/', root)).map((name) => page(`schema/graphql/${name}`));
  const types = [...sdl.join('\n').matchAll(/^(?:type|enum|interface|scalar) (\w+)/gm)]
    .map(([, name]) => name ?? '')
    // Edges are named by their connection, payloads by the word for all of them; the roots are GraphQL's own.
    .filter((name) => !/(Edge|Payload)$|^(Query|Mutation|Subscription)$/.test(name));
  expect(types.length).toBeGreaterThan(40);
  expect(types.filter((name) => !glossary.includes(`\`${name}\``))).toEqual([]);
});

test('links between the pages lead somewhere', () => {
  const pages = ['README.md', 'sdk/README.md', 'examples/README.md', 'bench/README.md'];
  for (const name of readdirSync(new URL('docs/', root), { recursive: true })) {
    if (String(name).endsWith('.md')) pages.push(`docs/${String(name)}`);
  }
  const broken = pages.flatMap((path) =>
    [...page(path).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].flatMap(([, target]) => {
      const url = new URL(target ?? '', new URL(path, root));
      try {
        if (url.pathname.endsWith('/')) readdirSync(url);
        else readFileSync(url);
        return [];
      } catch {
        return [`${path}: ${target}`];
      }
    }),
  );
  expect(broken).toEqual([]);
});
