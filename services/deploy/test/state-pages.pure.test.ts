import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pages, withTable } from './state-pages.ts';

test.each(pages)('$name shows the state machine that the service goes by', (page) => {
  const text = readFileSync(page.file, 'utf8');
  expect(text, 'run: npm run gen').toBe(withTable(text, page));
});
