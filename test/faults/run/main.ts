/**
 * `npm run faults`: a seeded run of faults, and one table. Exit code 1 where anything was lost, doubled or wrong, and where
 * a fault could not be brought about.
 */
import { parseArgs } from 'node:util';
import { platformPoints, runPlatformCampaign } from '../platform/campaign.ts';
import { runCampaign } from './campaign.ts';
import { everyFault } from './every-fault.ts';
import type { Planned } from './fault.ts';
import { drawn, inTurn } from './schedule.ts';
import { table } from './table.ts';

const usage = `Usage: npm run faults -- [options]

  --minutes N      a run of about N minutes over the whole catalogue (default 5)
  --seed N         decides what is broken, when and how (default: the time, and it is printed)
  --each N         instead: each fault in turn, N rounds
  --each-point N   instead: kill -9 at each failpoint, N rounds each
  --platform       kill -9 of the whole platform's processes at their failpoints, once each or --each N
  --only TEXT,…     only faults whose name contains one of the texts
  --list           prints the names of all faults`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    each: { type: 'string' },
    'each-point': { type: 'string' },
    only: { type: 'string' },
    platform: { type: 'boolean' },
    list: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}

function number(name: 'minutes' | 'seed' | 'each' | 'each-point', otherwise: number): number {
  const text = values[name];
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text !== '' && Number.isFinite(value) && value >= 0) return value;
  console.error(`--${name} ${text}: a number from 0 is needed.\n\n${usage}`);
  process.exit(64);
}

const texts = (values.only ?? '').split(',');
const isWanted = (name: string) => texts.some((text) => name.includes(text));
const chosen = everyFault.filter(({ name }) => isWanted(name));
if (values.list) {
  console.log(chosen.map(({ name }) => name).join('\n'));
  process.exit(0);
}
const seed = number('seed', Date.now() % 1_000_000);
const times = number('each', 0) || number('each-point', 0);
const isPoint = (name: string) => name.startsWith('kill -9 at ');
const wanted = values['each-point'] === undefined ? chosen : chosen.filter(({ name }) => isPoint(name));
if (wanted.length === 0 && !values.platform) {
  console.error(`No fault is called "${values.only}"; --list tells their names.`);
  process.exit(64);
}
const endsAt = Date.now() + number('minutes', 5) * 60_000;
const schedule = times > 0 ? inTurn(wanted, times) : drawn(wanted, seed);
/** Ctrl-C ends the run after its round, with the table of what was done. */
let ended = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    ended = true;
  });
}
function next(): Planned | null {
  if (ended) return null;
  if (times === 0 && Date.now() >= endsAt) return null;
  return schedule.next().value ?? null;
}

console.log(`seed ${seed}`);
const say = (line: string) => console.log(line);
const points = platformPoints.filter(({ process, point }) => isWanted(`${process} killed at ${point}`));
const { rounds, ok } = values.platform
  ? await runPlatformCampaign({ seed, points: [...inTurn(points, Math.max(1, times))], say })
  : await runCampaign({ seed, next, say });
console.log(`\n${table(rounds)}\n\nseed ${seed}: ${ok ? 'nothing lost, nothing doubled' : 'FAILED'}`);
process.exit(ok ? 0 : 1);
