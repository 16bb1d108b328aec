import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { rolloutsPage, withTable } from './rollouts-page.ts';

test('the page of rollouts shows the state machine that the service goes by', () => {
  const page = readFileSync(rolloutsPage, 'utf8');
  expect(page, 'run: npm run gen').toBe(withTable(page));
});
