/** A process that rebuilds, to be killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Rebuilder {
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Resolves once it looks for work. After each batch it rests for `pauseMs`, so that there is a middle to be killed in. */
export async function startRebuilder(url: string, pauseMs: number): Promise<Rebuilder> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('rebuilder.fixture.ts', import.meta.url))], {
    env: { ...process.env, TEST_URL: url, TEST_PAUSE_MS: String(pauseMs) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit');
  await Promise.race([
    once(child.stdout, 'data'),
    gone.then(() => {
      throw new Error('The rebuilder has not started.');
    }),
  ]);
  return {
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
