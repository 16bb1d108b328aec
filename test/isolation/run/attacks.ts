/** The attacks are tests: they are run as such, and told like everything else. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExecError, exec } from '@atoll/service/exec';
import type { Part } from './part.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const files = ['test/isolation/attacks', 'agent/test/overlay'];
const timeoutMs = 600_000;

interface Outcome {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
    readonly status: string;
    readonly message: string;
  }[];
}

export const attacks: Part = {
  name: 'attacks',
  share: 0,
  volume: 1,
  async run() {
    const folder = await mkdtemp(join(tmpdir(), 'atoll-attacks-'));
    const output = join(folder, 'outcome.json');
    try {
      const args = ['node_modules/vitest/vitest.mjs', 'run', '--root', root, '--project', 'node', ...files];
      await exec(process.execPath, [...args, '--reporter=json', `--outputFile=${output}`], { timeoutMs }).catch(
        (error: unknown) => {
          // With a test that failed it ends with 1, and has said which.
          if (!(error instanceof ExecError) || error.exitCode !== 1) throw error;
        },
      );
      const { numPassedTests, testResults }: Outcome = JSON.parse(await readFile(output, 'utf8'));
      const failed = testResults.flatMap(({ assertionResults, status, message }) => {
        const tests = assertionResults.filter((one) => one.status !== 'passed');
        const told = tests.map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages.join('\n')}`);
        return told.length === 0 && status !== 'passed' ? [message] : told;
      });
      const tried = `${numPassedTests + failed.length} tests of attacks`;
      return { part: this.name, tried, measured: `${numPassedTests} held`, wrong: failed };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
