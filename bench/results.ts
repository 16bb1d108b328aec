/** Rows of results: printed as a table, and kept as `bench/results/NAME.json`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

export interface Row {
  readonly metric: string;
  readonly ours: number;
  /** What it is measured beside: a peer, a floor or an aim; null where there is none. */
  readonly other: number | null;
  readonly otherName: string | null;
  /** ours / other. */
  readonly ratio: number | null;
  readonly unit: string;
}

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

const folder = new URL('./results/', import.meta.url);

export function keep(name: string, rows: readonly Row[]): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(rows, null, 2)}\n`);
}

export function print(name: string, rows: readonly Row[]): void {
  const cells = rows.map((r) => [
    r.metric,
    `${r.ours} ${r.unit}`,
    r.other === null ? '' : `${r.otherName}: ${r.other} ${r.unit}`,
    r.ratio === null ? '' : `${r.ratio}`,
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((c) => c[column]?.length ?? 0), 5));
  const line = (values: readonly string[]) =>
    values
      .map((value, i) => value.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  console.log(`\n${name}`);
  console.log(`  ${line(['', 'ours', 'other', 'ratio'])}`);
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
