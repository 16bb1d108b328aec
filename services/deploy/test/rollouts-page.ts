/** Writes the state machine into docs/rollouts.md: `npm run gen` runs it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { renderRolloutTable } from '../src/domain/rollout-table.ts';

const [begin, end] = ['<!-- begin: state machine, written by `npm run gen` -->', '<!-- end: state machine -->'];
export const rolloutsPage = new URL('../../../docs/rollouts.md', import.meta.url);

/** The page as it should be, from the page as it is. */
export function withTable(page: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/rollouts.md has no place for the table: ${begin} … ${end}`);
  return `${page.slice(0, from)}${begin}\n\n${renderRolloutTable()}\n\n${page.slice(to)}`;
}

if (import.meta.main) {
  const page = readFileSync(rolloutsPage, 'utf8');
  const wanted = withTable(page);
  if (wanted !== page) {
    writeFileSync(rolloutsPage, wanted);
    console.log('docs/rollouts.md');
  }
}
