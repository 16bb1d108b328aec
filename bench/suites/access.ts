/**
 * What judging a request costs: its viewer, the permission, the scope, with 500,000 members and 50,000 roles of tenants' own.
 * By the gateway's own code, in a process of its own, as processor time.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startServers } from '../events/servers.ts';
import { aimed, type Row, rounds, row } from '../results.ts';
import type { Suite } from './suite.ts';

const program = fileURLToPath(new URL('../../services/gateway/test/access.cost.ts', import.meta.url));
const timeoutMs = 600_000;

interface Round {
  readonly cpuMicros: number;
  readonly hitShare: number;
}
interface Measured {
  readonly hits: readonly Round[];
  readonly mixed: readonly Round[];
  readonly misses: Round;
  readonly bytesRemembered: number;
}

const percent = (found: readonly Round[]) =>
  `${((100 * found.reduce((sum, { hitShare }) => sum + hitShare, 0)) / found.length).toFixed(1)} % remembered`;
const cpu = (found: readonly Round[]) => found.map(({ cpuMicros }) => cpuMicros);

export const access: Suite = {
  name: 'access',
  bed: false,
  async run(): Promise<readonly Row[]> {
    const servers = await startServers();
    try {
      const env = { ...process.env, DATABASE_URL: await servers.database() };
      const options = { env, timeout: timeoutMs };
      const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program], options);
      const { hits, mixed, misses, bytesRemembered } = JSON.parse(stdout) as Measured;
      return [
        aimed(rounds(`a request judged, ${percent(hits)}`, cpu(hits), 'µs of processor time'), { atMost: 20 }),
        aimed(rounds(`a request judged, ${percent(mixed)}`, cpu(mixed), 'µs of processor time'), { atMost: 20 }),
        row('one whose viewer is not remembered', misses.cpuMicros, 'µs of processor time'),
        row('a viewer remembered', bytesRemembered, 'bytes'),
      ];
    } finally {
      await servers.stop();
    }
  },
};
