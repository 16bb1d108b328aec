import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { prepare } from '../src/document.ts';
import { documents } from '../src/generated/documents.ts';
import { read } from '../src/http.ts';
import { withKeys } from '../src/idempotency.ts';
import { collect, pages } from '../src/pages.ts';
import { Positions } from '../src/positions.ts';
import { backoff } from '../src/retry.ts';
import { version } from '../src/version.ts';

test('what is sent as the version is that of the package', () => {
  const { version: packaged } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  expect(version).toBe(packaged);
});

test('the wait doubles up to five seconds, is spread by chance, and is never shorter than asked for', () => {
  expect([1, 2, 3, 7, 50].map((n) => backoff(n, 1, null))).toEqual([100, 200, 400, 5000, 5000]);
  expect(backoff(3, 0, null)).toBe(0);
  expect(backoff(1, 0, 3000)).toBe(3000);
});

test('of each context the newest position is remembered; other texts are left alone', () => {
  const positions = new Positions();
  expect(positions.header()).toBeNull();
  for (const text of ['tenancy:5', 'deploy:9', 'tenancy:3', null, 'x', 'deploy:-1']) positions.saw(text);
  expect(positions.header()).toBe('deploy:9,tenancy:5');
});

test('each mutation of a document gets a key of its own; what has one keeps it', () => {
  const text = `mutation M($a: CreateEnvironmentInput!, $b: CreateEnvironmentInput!, $c: CreateEnvironmentInput!) {
    one: createEnvironment(input: $a) { position } createEnvironment(input: $b) { position }
    three: createEnvironment(input: $c) { position } }`;
  const keyed = withKeys(prepare(text), { a: {}, b: { idempotencyKey: 'mine' }, c: {} }, 'k');
  expect(keyed).toEqual({
    variables: { a: { idempotencyKey: 'k' }, b: { idempotencyKey: 'mine' }, c: { idempotencyKey: 'k.3' } },
    key: 'k',
    complete: true,
  });
  expect(prepare(text).mutations.map((m) => m.key)).toEqual(['one', 'createEnvironment', 'three']);
});

test('reads get no key', () => {
  const variables = { input: {} };
  expect(withKeys(prepare(documents.deployments), variables).variables).toBe(variables);
});

test('a document of two operations is refused', () => {
  expect(() => prepare('query A { viewer { role } } query B { viewer { role } }')).toThrow('exactly one operation');
});

test.each([
  [401, 'AtollAccessError', 'UNAUTHENTICATED'],
  [413, 'AtollRequestError', 'PAYLOAD_TOO_LARGE'],
  [429, 'AtollRequestError', 'BUDGET_EXCEEDED'],
  [502, 'AtollFaultError', 'UNKNOWN_OUTCOME'],
  [503, 'AtollFaultError', 'UNAVAILABLE'],
  [418, 'AtollNetworkError', 'NOT_ATOLL'],
])('status %i of a proxy means %s %s', (status, name, code) => {
  expect(read(status, null, '<html>')).toMatchObject({ error: { name, code } });
});

test('pages are asked for one after the other, and only as far as they are read', async () => {
  const asked: (string | null)[] = [];
  const fetchPage = async (after: string | null) => {
    asked.push(after);
    const first = after === null ? 0 : Number(after);
    return { nodes: [first + 1, first + 2], pageInfo: { hasNextPage: first < 4, endCursor: String(first + 2) } };
  };
  expect(await collect(pages(fetchPage))).toEqual([1, 2, 3, 4, 5, 6]);
  expect(asked).toEqual([null, '2', '4']);
  asked.length = 0;
  for await (const n of pages(fetchPage)) if (n === 1) break;
  expect(asked).toEqual([null]);
  expect(await collect(pages(async () => null))).toEqual([]);
  await expect(collect(pages(fetchPage), 3)).rejects.toThrow('more than 3');
});

test('what ships imports nothing of Node and nothing of the repository, so that browsers can load it', () => {
  const folder = new URL('../src/', import.meta.url);
  const sources = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.ts'));
  expect(sources.length).toBeGreaterThan(10);
  const allowed = /^(\.\.?\/|graphql$|graphql-ws\/client$|@graphql-typed-document-node\/core$)/;
  for (const name of sources) {
    const text = readFileSync(new URL(name, folder), 'utf8');
    for (const [, from] of text.matchAll(/^(?:import|export)[^;]*?from '([^']+)'/gm)) {
      expect(from, name).toMatch(allowed);
    }
    expect(text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, ''), name).not.toMatch(/\b(process\.|Buffer\b|require\()/);
  }
});
