/** `npm run bench`: all measurements, or those named, e.g. `npm run bench -- reads startup`. Takes some two minutes. */
import { Platform } from '@atoll/test/platform/platform';
import { Generator } from './load/generator.ts';
import { keep, machine, print } from './results.ts';
import { commandToSubscriber } from './suites/latency.ts';
import { mutations } from './suites/mutations.ts';
import { reads } from './suites/reads.ts';
import { startup } from './suites/startup.ts';
import type { Bed, Suite } from './suites/suite.ts';

const suites: readonly Suite[] = [reads, commandToSubscriber, mutations, startup];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(`No bench ${unknown.join(', ')}. There are: ${suites.map((suite) => suite.name).join(', ')}`);
  process.exit(64);
}
const chosen = suites.filter((suite) => wanted.length === 0 || wanted.includes(suite.name));

async function run(suite: Suite, bed: Bed | null): Promise<void> {
  const rows = suite.bed ? (bed === null ? [] : await suite.run(bed)) : await suite.run();
  print(suite.name, rows);
  keep(suite.name, rows);
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
