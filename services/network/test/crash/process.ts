/** The real process of the service, to be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Harness } from '../harness.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** `failpoints`: see libs/service/src/failpoint-spec.ts; the empty text for none. */
export function startProcess({ database, nats }: Harness, failpoints = ''): ChildProcess {
  // With a channel to its parent it ends when the test does, however that ends.
  return spawn(process.execPath, [...(failpoints === '' ? [] : ['--conditions=atoll-faults']), main], {
    env: {
      ...process.env,
      ATOLL_DATABASE_URL: database.url,
      ATOLL_NATS_URL: nats.url,
      ATOLL_HEALTH_PORT: '0',
      ATOLL_LOG_LEVEL: 'fatal',
      ATOLL_FAILPOINTS: failpoints,
    },
    stdio: ['ignore', 'ignore', failpoints === '' ? 'inherit' : 'ignore', 'ipc'],
  });
}

export const isGone = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

export async function end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
  if (!isGone(child)) {
    child.kill(signal);
    await once(child, 'exit');
  }
  return child.exitCode;
}
