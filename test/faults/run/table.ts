/** The one table of a run. */
import type { Round } from './round.ts';

interface Line {
  rounds: number;
  calls: number;
  ok: number;
  fail: number;
  unknown: number;
  lost: number;
  doubled: number;
  other: number;
  notInjected: number;
  readonly recovery: number[];
}

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

const columns = [
  'fault',
  'rounds',
  'calls',
  'ok',
  'fail',
  'unknown',
  'lost',
  'doubled',
  'wrong',
  'not hit',
  'recovery p50',
  'max',
];

function cells(name: string, line: Line): string[] {
  const sorted = line.recovery.toSorted((a, b) => a - b);
  const numbers = [
    line.rounds,
    line.calls,
    line.ok,
    line.fail,
    line.unknown,
    line.lost,
    line.doubled,
    line.other,
    line.notInjected,
  ];
  return [name, ...numbers.map(String), seconds(percentile(sorted, 0.5)), seconds(sorted.at(-1) ?? 0)];
}

const empty = (): Line => ({
  rounds: 0,
  calls: 0,
  ok: 0,
  fail: 0,
  unknown: 0,
  lost: 0,
  doubled: 0,
  other: 0,
  notInjected: 0,
  recovery: [],
});

function add(line: Line, round: Round): void {
  line.rounds += 1;
  line.calls += round.calls.length;
  for (const { outcome } of round.calls) line[outcome.kind] += 1;
  for (const { kind } of round.violations) line[kind] += 1;
  if (round.notInjected !== null) line.notInjected += 1;
  line.recovery.push(round.recoveryMs);
}

/** In Markdown; one line for each fault, and one for all. */
export function table(rounds: readonly Round[]): string {
  const lines = new Map<string, Line>();
  const all = empty();
  for (const round of rounds) {
    const line = lines.get(round.fault) ?? empty();
    lines.set(round.fault, line);
    add(line, round);
    add(all, round);
  }
  const rows = [...[...lines].sort(([a], [b]) => (a < b ? -1 : 1)), ['all', all] as const].map(([name, line]) =>
    cells(name, line),
  );
  const widths = columns.map((column, index) => Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const print = (row: readonly string[]) =>
    `| ${row.map((cell, index) => (index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, index) => (index === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [print(columns), rule, ...rows.map(print)].join('\n');
}
