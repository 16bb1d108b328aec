/** `npm start` as other programs start and end it. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { processesNaming } from '../platform/host.ts';
import { newHome, removeHome } from '../platform/platform.ts';
import { until } from '../platform/waiting.ts';

const home = newHome('npm');
afterAll(() => removeHome(home));

test('a signal to the process of npm alone stops everything, though npm hands it on to nobody', async () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const args = ['start', '--', '--home', home, '--no-node', '--port', '0'];
  const npm = spawn('npm', args, { cwd: root, detached: true, stdio: 'ignore' });
  try {
    await until('the platform is ready', 120_000, () => existsSync(join(home, 'ready.json')));
    npm.kill('SIGTERM');
    await until('all of it has ended', 60_000, () => processesNaming([home]).length === 0);
    expect(existsSync(join(home, 'ready.json'))).toBe(false);
  } finally {
    // The group is npm's own: nothing is left where this fails.
    if (npm.pid !== undefined && processesNaming([home]).length > 0) process.kill(-npm.pid, 'SIGTERM');
  }
});
