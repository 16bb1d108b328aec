import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

test('every metric that a process tells is on the page of operations, and no other', () => {
  const sources = globSync('{libs,services,agent}/**/src/**/*.ts', { cwd: root, exclude: ['**/node_modules/**'] });
  const told = sources.flatMap((file) =>
    [...readFileSync(`${root}${file}`, 'utf8').matchAll(/new (?:Counter|Gauge|Histogram)\(\{\s*name: '(\w+)'/g)].map(
      ([, name]) => name ?? '',
    ),
  );
  const page = readFileSync(`${root}docs/operations.md`, 'utf8');
  const section = page.slice(page.indexOf('### Metrics'), page.indexOf('### Traces'));
  const written = [...section.matchAll(/`(atoll_\w+)/g)].map(([, name]) => name ?? '');
  expect(told.length).toBeGreaterThan(10);
  expect(written.sort()).toEqual(told.sort());
});
