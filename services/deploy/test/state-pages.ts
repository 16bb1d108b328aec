/** Writes the state machines into docs/rollouts.md and docs/batches.md: `npm run gen` runs it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { batchStates } from '../src/domain/batch.ts';
import { type BatchCell, batchStimuli, batchTable } from '../src/domain/batch-table.ts';
import { type Cell, rolloutStates, rolloutTable, stimuli } from '../src/domain/rollout-table.ts';

const [begin, end] = ['<!-- begin: state machine, written by `npm run gen` -->', '<!-- end: state machine -->'];

interface Page {
  readonly file: URL;
  readonly name: string;
  readonly rows: readonly (readonly string[])[];
}

/** One row for each stimulus, one column for each state. */
function rowsOf<S extends string, T extends string, C>(
  states: readonly S[],
  all: readonly T[],
  table: Readonly<Record<S, Readonly<Record<T, C>>>>,
  text: (state: S, cell: C) => string,
): Page['rows'] {
  const head = ['It is …, and then:', ...states.map((state) => `\`${state}\``)];
  const row = (stimulus: T) => [`**${stimulus}**`, ...states.map((state) => text(state, table[state][stimulus]))];
  return [head, ...all.map(row)];
}

const moved = (state: string, to: string, text: string) => (to === state ? text : `→ \`${to}\`: ${text}`);

function ofRollout(state: string, cell: Cell): string {
  switch (cell.kind) {
    case 'next':
      return `next one: \`${cell.to}\`: ${cell.text}`;
    case 'same':
      return moved(state, cell.to, cell.text);
    case 'nothing':
      return `– (${cell.text})`;
    case 'refused':
      return `\`${cell.code}\`: ${cell.text}`;
    default:
      return cell satisfies never;
  }
}

function ofBatch(state: string, cell: BatchCell): string {
  switch (cell.kind) {
    case 'to':
      return moved(state, cell.to, cell.text);
    case 'nothing':
      return `– (${cell.text})`;
    case 'refused':
      return `\`ILLEGAL_STATE\`: ${cell.text}`;
    default:
      return cell satisfies never;
  }
}

const pageOf = (name: string, rows: Page['rows']): Page => ({
  file: new URL(`../../../docs/${name}`, import.meta.url),
  name: `docs/${name}`,
  rows,
});
export const pages: readonly Page[] = [
  pageOf('rollouts.md', rowsOf(rolloutStates, stimuli, rolloutTable, ofRollout)),
  pageOf('batches.md', rowsOf(batchStates, batchStimuli, batchTable, ofBatch)),
];

/** Laid out as Markdown tables are here. */
function rendered(rows: Page['rows']): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...rest] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)].join('\n');
}

/** The page as it should be, from the page as it is. */
export function withTable(page: string, { name, rows }: Page): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${name} has no place for the table: ${begin} … ${end}`);
  return `${page.slice(0, from)}${begin}\n\n${rendered(rows)}\n\n${page.slice(to)}`;
}

if (import.meta.main) {
  for (const page of pages) {
    const text = readFileSync(page.file, 'utf8');
    const wanted = withTable(text, page);
    if (wanted === text) continue;
    writeFileSync(page.file, wanted);
    console.log(page.name);
  }
}
