/** Rows of results: printed as a table, and kept as `bench/results/NAME.json`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { ratioOf, spreadOf } from './statistics.ts';

export interface Row {
  readonly metric: string;
  readonly ours: number;
  /** What it is measured beside: a peer, a floor or an aim; null where there is none. */
  readonly other: number | null;
  readonly otherName: string | null;
  /** ours / other. */
  readonly ratio: number | null;
  readonly unit: string;
  /** Lowest and highest of the rounds, where there were several; `ours` and `other` are their medians. */
  readonly spread?: { readonly ours: Range; readonly other: Range | null };
  /** What the ratio, or the value itself where there is none, should be at least or at most; and whether it is. */
  readonly aim?: Aim;
  readonly met?: boolean;
}
type Range = readonly [low: number, high: number];

export type Aim = { readonly atLeast: number } | { readonly atMost: number };

const round = (value: number) => Number(value.toPrecision(4));

export const row = (metric: string, ours: number, unit: string): Row => ({
  metric,
  ours: round(ours),
  other: null,
  otherName: null,
  ratio: null,
  unit,
});

export const beside = (
  metric: string,
  ours: number,
  unit: string,
  otherName: string,
  other: number,
  ratio = ours / other,
): Row => ({ metric, ours: round(ours), other: round(other), otherName, ratio: round(ratio), unit });

const rangeOf = (values: readonly number[]): Range => {
  const { low, high } = spreadOf(values);
  return [round(low), round(high)];
};

/** Of several rounds, in which both took turns: the medians, and the median of the rounds' own ratios. */
export function rounds(
  metric: string,
  ours: readonly number[],
  unit: string,
  other?: { readonly name: string; readonly values: readonly number[] },
): Row {
  const { middle } = spreadOf(ours);
  const alone = { ...row(metric, middle, unit), spread: { ours: rangeOf(ours), other: null } };
  if (other === undefined) return alone;
  const compared = beside(metric, middle, unit, other.name, spreadOf(other.values).middle, ratioOf(ours, other.values));
  return { ...compared, spread: { ours: rangeOf(ours), other: rangeOf(other.values) } };
}

/** The row with what was aimed at. */
export function aimed(of: Row, aim: Aim): Row {
  const value = of.ratio ?? of.ours;
  return { ...of, aim, met: 'atLeast' in aim ? value >= aim.atLeast : value <= aim.atMost };
}

const folder = new URL('./results/', import.meta.url);

/** Whether this process, and what it started, has the processors before all others (`chrt --rr 1`); Linux only. */
function isAhead(): boolean {
  if (process.platform !== 'linux') return false;
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // proc_pid_stat(5): field 41 is the scheduling policy, 1 and 2 are real-time. Fields are counted behind the name, the second.
  const policy = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[41 - 3];
  return policy === '1' || policy === '2';
}

/**
 * `load`: the machine's load average over a minute, before and after. Where it was high, only ratios say something;
 * unless this process was `ahead` of the others.
 */
export function keep(
  name: string,
  rows: readonly Row[],
  circumstances: { readonly load: readonly [before: number, after: number]; readonly options: readonly string[] },
): void {
  mkdirSync(folder, { recursive: true });
  const kept = { machine: machine(), ...circumstances, ahead: isAhead(), rows };
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(kept, null, 2)}\n`);
}

/** Over the last minute, per core 1 is full. */
export const load = (): number => round(loadavg()[0] ?? Number.NaN);

function verdict({ aim, met }: Row): string {
  if (aim === undefined) return '';
  const wanted = 'atLeast' in aim ? `≥ ${aim.atLeast}` : `≤ ${aim.atMost}`;
  return `${met ? 'met' : 'MISSED'} (${wanted})`;
}

export function print(name: string, rows: readonly Row[]): void {
  const cells = rows.map((r) => [
    r.metric,
    `${r.ours} ${r.unit}`,
    r.other === null ? '' : `${r.otherName}: ${r.other} ${r.unit}`,
    r.ratio === null ? '' : `${r.ratio}`,
    verdict(r),
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...cells.map((c) => c[column]?.length ?? 0), 5));
  const line = (values: readonly string[]) =>
    values
      .map((value, i) => value.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  console.log(`\n${name}`);
  console.log(`  ${line(['', 'ours', 'other', 'ratio', 'aim'])}`);
  for (const cell of cells) console.log(`  ${line(cell)}`);
}

export function machine(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${first?.model.trim() ?? process.arch}, ${memory} GiB, ${process.platform} ${release()}, Node ${process.version}`;
}

/** The middle one. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
