/** `npm run isolation`: a long, seeded proof of the data plane, and one table. Exit code 1 where anything was wrong. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Bound, Part, Row } from './part.ts';
import { parts } from './parts.ts';

const usage = `Usage: npm run isolation -- [options]

  --full           the whole volume of each part, however long it takes (some 30 minutes)
  --minutes N      how long instead (default 30)
  --seed N         decides what is tried (default: the time, and it is printed)
  --only TEXT,…    only parts whose name contains one of the texts: ${parts.map(({ name }) => name).join(', ')}
  --results FILE   keeps what came of each part; what FILE has of the same seed and volume isn't tried again`;

const { values } = parseArgs({
  options: {
    full: { type: 'boolean' },
    minutes: { type: 'string' },
    seed: { type: 'string' },
    only: { type: 'string' },
    results: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}

function refuse(message: string): never {
  console.error(`${message}\n\n${usage}`);
  process.exit(64);
}

function number(name: 'minutes' | 'seed', otherwise: number): number {
  const text = values[name];
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text !== '' && Number.isFinite(value) && value >= 0) return value;
  return refuse(`--${name} ${text}: a number from 0 is needed.`);
}

const texts = (values.only ?? '').split(',');
const chosen = parts.filter(({ name }) => texts.some((text) => name.includes(text)));
if (chosen.length === 0) refuse(`No part is called "${values.only}".`);
if (values.full && values.minutes !== undefined) refuse('--full takes as long as it takes: leave --minutes out.');
const seed = number('seed', Date.now() % 1_000_000);
const allMs = number('minutes', 30) * 60_000;
const allShares = chosen.reduce((sum, { share }) => sum + share, 0);
const volume = values.full ? 'full' : `${allMs / 60_000} min`;
/** What `--full` lets a node be without its control plane. */
const fullSilenceMs = 150_000;

function boundOf({ share, volume }: Part): Bound {
  if (values.full) return { enough: (done) => done >= volume, silenceMs: fullSilenceMs };
  const ms = allShares === 0 ? 0 : (allMs * share) / allShares;
  const endsAt = Date.now() + ms;
  // What a cut-off is besides the silence takes half a minute.
  return { enough: (done) => done > 0 && Date.now() >= endsAt, silenceMs: ms - 30_000 };
}

interface Kept extends Row {
  readonly key: string;
  readonly seconds: number;
}
const keyOf = (part: Part) => `${part.name}, seed ${seed}, ${volume}`;
function kept(): Kept[] {
  if (values.results === undefined || !existsSync(values.results)) return [];
  const lines = readFileSync(values.results, 'utf8').split('\n').filter(Boolean);
  return lines.map((line): Kept => JSON.parse(line));
}

console.log(`seed ${seed}`);
const before = kept();
const rows: Kept[] = [];
for (const part of chosen) {
  const key = keyOf(part);
  const known = before.findLast((one) => one.key === key && one.wrong.length === 0);
  console.log(`${part.name} ${known ? 'is known' : '…'}`);
  const began = Date.now();
  const row =
    known ??
    (await part.run(seed, boundOf(part)).catch(
      (error: unknown): Row => ({
        part: part.name,
        tried: 'it broke off',
        measured: '',
        wrong: [`seed ${seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`],
      }),
    ));
  const one: Kept = known ?? { ...row, key, seconds: Math.round((Date.now() - began) / 1000) };
  for (const text of one.wrong.slice(0, 50)) console.log(`  ${text}`);
  if (!known && values.results !== undefined) appendFileSync(values.results, `${JSON.stringify(one)}\n`);
  rows.push(one);
}

const cells = rows.map(({ part, tried, measured, wrong, seconds }) => [
  part,
  tried,
  measured,
  String(wrong.length),
  `${seconds} s`,
]);
const head = ['part', 'tried', 'measured', 'wrong', 'took'];
const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
const line = (row: readonly string[]) =>
  `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
const ok = rows.every(({ wrong }) => wrong.length === 0);
console.log(
  `\n${line(head)}\n| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |\n${cells.map(line).join('\n')}`,
);
console.log(`\nseed ${seed}: ${ok ? 'nothing wrong' : 'FAILED'}`);
process.exit(ok ? 0 : 1);
