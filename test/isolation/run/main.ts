/** `npm run isolation`: a long, seeded proof of the data plane, and one table. Exit code 1 where anything was wrong. */
import { parseArgs } from 'node:util';
import { parts, type Row } from './parts.ts';

const usage = `Usage: npm run isolation -- [options]

  --minutes N      how long (default 30)
  --seed N         decides what is tried (default: the time, and it is printed)
  --only TEXT,…    only parts whose name contains one of the texts: ${parts.map(({ name }) => name).join(', ')}`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    only: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}

function number(name: 'minutes' | 'seed', otherwise: number): number {
  const text = values[name];
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text !== '' && Number.isFinite(value) && value >= 0) return value;
  console.error(`--${name} ${text}: a number from 0 is needed.\n\n${usage}`);
  process.exit(64);
}

const texts = (values.only ?? '').split(',');
const chosen = parts.filter(({ name }) => texts.some((text) => name.includes(text)));
if (chosen.length === 0) {
  console.error(`No part is called "${values.only}".\n\n${usage}`);
  process.exit(64);
}
const seed = number('seed', Date.now() % 1_000_000);
const allMs = number('minutes', 30) * 60_000;
const allShares = chosen.reduce((sum, { share }) => sum + share, 0);

console.log(`seed ${seed}`);
const rows: Row[] = [];
for (const part of chosen) {
  console.log(`${part.name} …`);
  const row = await part.run(seed, Date.now() + (allMs * part.share) / allShares).catch(
    (error: unknown): Row => ({
      part: part.name,
      tried: 'it broke off',
      measured: '',
      wrong: [`seed ${seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`],
    }),
  );
  for (const one of row.wrong.slice(0, 50)) console.log(`  ${one}`);
  rows.push(row);
}

const cells = rows.map(({ part, tried, measured, wrong }) => [part, tried, measured, String(wrong.length)]);
const head = ['part', 'tried', 'measured', 'wrong'];
const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
const line = (row: readonly string[]) =>
  `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
const ok = rows.every(({ wrong }) => wrong.length === 0);
console.log(
  `\n${line(head)}\n| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |\n${cells.map(line).join('\n')}`,
);
console.log(`\nseed ${seed}: ${ok ? 'nothing wrong' : 'FAILED'}`);
process.exit(ok ? 0 : 1);
