/**
 * `npm test`: the checks, then all tests, then one line `N passed, N failed`. With arguments (those of vitest, e.g.
 * `npm test -- --project pure libs/service`) only the tests that they name.
 */
import { parseCLI, startVitest } from 'vitest/node';
import { runChecks } from '../check/parts.ts';
import { CountingReporter, finalLine } from './counts.ts';

const args = process.argv.slice(2);
const ci = Boolean(process.env.CI);
const { filter, options } = parseCLI(['vitest', 'run', ...args]);
const reporter = new CountingReporter();

if (args.length === 0) {
  for (const part of await runChecks()) {
    if (part.ok) reporter.counts.passed += 1;
    else reporter.counts.failed += 1;
  }
}

const vitest = await startVitest('test', filter, {
  ...options,
  watch: false,
  reporters: ['default', reporter],
});
await vitest.close();

const { line, ok } = finalLine(reporter.counts, ci);
console.log(line);
process.exit(ok ? 0 : 1);
