/** `npm run gen`: writes everything that is generated from `schema/`. Arguments are for the generator of the event shapes. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const generators = [['schema/gen/main.ts', ...process.argv.slice(2)], ['sdk/gen.ts']];

for (const command of generators) {
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit', timeout: 300_000 });
  if (status !== 0) process.exitCode = 1;
}
