/**
 * `npm run gen`: writes everything that is generated from `schema/`. With `-- --ship 1.2.3` first the golden streams of that
 * release are recorded, and then everything in development is shipped with it.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const [verb, release = ''] = process.argv.slice(2);

/** Network's story is about the instances of deploy's. */
const recorders = ['tenancy', 'deploy', 'network'].map((service) => [
  `services/${service}/test/golden.record.ts`,
  release,
]);
const commands = [
  ...(verb === '--ship' ? recorders : []),
  ['schema/gen/main.ts', ...process.argv.slice(2)],
  ['sdk/gen.ts'],
  ['services/deploy/test/state-pages.ts'],
];

for (const command of commands) {
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit', timeout: 300_000 });
  if (status !== 0) process.exit(1);
}
