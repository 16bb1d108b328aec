/** The real tenancy service, as a process, for tests of services that reserve of its quotas. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { boundToParent } from '../process/bound.ts';
import { freePort } from '../process/ports.ts';
import { stopChild } from '../process/stopping.ts';
import { until } from '../process/waiting.ts';

const main = fileURLToPath(new URL('../../services/tenancy/src/main.ts', import.meta.url));

export interface TestTenancy {
  readonly pid: number;
  /** kill -9. */
  kill(): Promise<void>;
}

/** Resolves when it serves. On a database that it may make its schema in. */
export async function startTestTenancy(options: {
  databaseUrl: string;
  natsUrl: string;
  dataKeyFile: string;
  env?: Readonly<Record<string, string>>;
}): Promise<TestTenancy> {
  const healthPort = await freePort();
  const { command, args } = boundToParent({ command: process.execPath, args: [main] }, 'KILL');
  const child = spawn(command, [...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH,
      ATOLL_DATABASE_URL: options.databaseUrl,
      ATOLL_NATS_URL: options.natsUrl,
      ATOLL_HEALTH_PORT: String(healthPort),
      ATOLL_DATA_KEY_FILE: options.dataKeyFile,
      ATOLL_LOG_LEVEL: 'fatal',
      ...options.env,
    },
  });
  const serves = async () => {
    try {
      return (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).ok;
    } catch {
      return false;
    }
  };
  const kill = () => stopChild(child, 'SIGKILL', 0);
  if (!(await until(serves, { timeoutMs: 60_000, everyMs: 20 }))) {
    await kill();
    throw new Error('The tenancy service did not start.');
  }
  return { pid: child.pid ?? 0, kill };
}
