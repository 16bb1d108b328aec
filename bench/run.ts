/**
 * `npm run bench`: all measurements, or those named, e.g. `npm run bench -- reads startup`. Each takes up to a minute;
 * with `--long` up to ten. `--events N`: how many events the benches of relay, consumers and rebuilds begin with.
 */
import { parseArgs } from 'node:util';
import { Platform } from '@atoll/test/platform/platform';
import { appends } from './events/append.ts';
import { commands } from './events/command.ts';
import { consuming } from './events/consume.ts';
import { growth } from './events/growth.ts';
import { latency } from './events/latency.ts';
import { rebuilding } from './events/rebuild.ts';
import { relaying } from './events/relay.ts';
import { Generator } from './load/generator.ts';
import { keep, load, machine, print } from './results.ts';
import { access } from './suites/access.ts';
import { allocation } from './suites/allocation.ts';
import { audit } from './suites/audit.ts';
import { compile } from './suites/compile.ts';
import { deployPlacement } from './suites/deploy-placement.ts';
import { commandToSubscriber } from './suites/latency.ts';
import { mutations } from './suites/mutations.ts';
import { networkChange } from './suites/network-change.ts';
import { networkPackets } from './suites/network-packets.ts';
import { networkReachability } from './suites/network-reachability.ts';
import { networkRules } from './suites/network-rules.ts';
import { quotas } from './suites/quotas.ts';
import { reads } from './suites/reads.ts';
import { startup } from './suites/startup.ts';
import type { Bed, Suite, SuiteOptions } from './suites/suite.ts';
import { tracing } from './suites/tracing.ts';

const suites: readonly Suite[] = [
  reads,
  commandToSubscriber,
  mutations,
  startup,
  tracing,
  access,
  audit,
  appends,
  commands,
  relaying,
  consuming,
  rebuilding,
  latency,
  growth,
  quotas,
  allocation,
  compile,
  networkChange,
  deployPlacement,
  networkRules,
  networkPackets,
  networkReachability,
];

function usage(problem: string): never {
  console.error(`${problem}\nUsage: npm run bench -- [NAME …] [--long] [--events N]`);
  console.error(`The benches: ${suites.map((suite) => suite.name).join(', ')}`);
  process.exit(64);
}

function parse(): { wanted: readonly string[]; options: SuiteOptions } {
  try {
    const { values, positionals } = parseArgs({
      options: { long: { type: 'boolean', default: false }, events: { type: 'string' } },
      allowPositionals: true,
    });
    const events = values.events === undefined ? null : Number(values.events);
    if (events !== null && !(Number.isSafeInteger(events) && events >= 1000)) {
      usage('--events takes a whole number from 1000.');
    }
    return { wanted: positionals, options: { long: values.long, events } };
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
}

const { wanted, options } = parse();
const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) usage(`No bench ${unknown.join(', ')}.`);
const chosen = suites.filter((suite) => wanted.length === 0 || wanted.includes(suite.name));

/** One that fails is told, and doesn't keep the others from running. */
const failed: string[] = [];
async function run(suite: Suite, bed: Bed | null): Promise<void> {
  const before = load();
  try {
    const rows = suite.bed ? (bed === null ? [] : await suite.run(bed)) : await suite.run(options);
    print(suite.name, rows);
    keep(suite.name, rows, {
      load: [before, load()],
      options: process.argv.slice(2).filter((arg) => arg.startsWith('--')),
    });
  } catch (error) {
    failed.push(suite.name);
    console.error(`\n${suite.name} failed:`, error);
  }
}

console.log(machine());
if (chosen.some((suite) => suite.bed)) {
  const platform = await Platform.start({ env: { ATOLL_RUNTIME: 'simulated' } });
  const generator = new Generator();
  try {
    for (const suite of chosen) if (suite.bed) await run(suite, { platform, generator });
  } finally {
    generator.stop();
    await platform.discard();
  }
}
for (const suite of chosen) if (!suite.bed) await run(suite, null);
if (failed.length > 0) console.error(`\nFailed: ${failed.join(', ')}.`);
process.exit(failed.length > 0 ? 1 : 0);
