/** Tables for people, JSON for programs. */

export type Column<Row> = readonly [title: string, cell: (row: Row) => string];

/** Left-aligned columns; what is wider than the terminal is left to it. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const lines = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => oneLine(cell(row))))];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').slice(0, 200);

export const print = (text: string): void => void process.stdout.write(`${text}\n`);

export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2));

/** `3 s`, `4 min`, `2 h`, `5 d`. */
export function span(seconds: number): string {
  if (seconds < 120) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

export const ago = (date: Date): string => span((Date.now() - date.getTime()) / 1000);
