/** `npm run trace`: shows what a platform that was started with --traces has recorded. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { traceIdOf } from '@atoll/service/traceparent';
import { Command, CommanderError } from 'commander';
import { readSpans } from './trace-store.ts';
import { changing, printTrace, summary, tracesOf } from './trace-tree.ts';

const listed = 20;

/** 0: shown · 1: there is none · 64: wrong arguments. */
function main(args: readonly string[]): number {
  const command = new Command('npm run trace --')
    .description('Shows a trace of the local platform, which must have been started with `npm start -- --traces`.')
    .argument('[trace]', '`last` (the newest that changed something), the 32 digits of a trace id, or a traceparent')
    .option('--home <dir>', 'folder with all state', '.atoll')
    .addHelpText(
      'after',
      '\nWithout a trace the newest ones that changed something are listed. More: docs/operations.md',
    )
    .exitOverride();
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 64;
    throw error;
  }
  const [wanted] = command.args;
  const { home } = command.opts<{ home: string }>();
  const path = join(resolve(home), 'traces', 'spans.ndjson');
  if (!existsSync(path)) {
    console.error(`There are no traces in ${home}: start the platform with \`npm start -- --traces\`.`);
    return 1;
  }
  const id = wanted === undefined || wanted === 'last' ? null : (traceIdOf(wanted) ?? wanted);
  if (id !== null && !/^[0-9a-f]{32}$/.test(id)) {
    console.error('A trace is named by `last`, by the 32 hex digits of its id, or by a traceparent.');
    return 64;
  }
  const traces = tracesOf(readSpans(path));
  if (wanted === undefined) {
    for (const trace of changing(traces).slice(-listed)) console.log(summary(trace));
    return 0;
  }
  const found = id === null ? changing(traces).at(-1) : traces.find(({ traceId }) => traceId === id);
  if (!found) {
    console.error(id === null ? 'There is no trace yet.' : `There is no trace ${id}, or not any more.`);
    return 1;
  }
  for (const line of printTrace(found)) console.log(line);
  return 0;
}

process.exitCode = main(process.argv.slice(2));
