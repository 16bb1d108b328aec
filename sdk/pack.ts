/**
 * Packs what partners install: `sdk/dist/atoll-sdk-<version>.tgz`, JavaScript and declarations of `src/`, with a
 * package.json of its own. The workspace itself stays TypeScript, which Node doesn't run from node_modules.
 *
 * `npm run pack -w @atoll/sdk`, or with a folder as the argument to put the package there.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('./', import.meta.url));
const repo = join(here, '..');
const dist = resolve(process.argv[2] ?? join(here, 'dist'));
const staged = join(dist, 'package');

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}
const own: Manifest = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));

/** One instance of `graphql` with what the partner has; the rest as it was tested, or a compatible later one. */
const caret = (versions: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(versions).map(([name, version]) => [name, `^${version}`]));

rmSync(staged, { recursive: true, force: true });
mkdirSync(staged, { recursive: true });

execFileSync(
  process.execPath,
  [join(repo, 'node_modules/typescript/bin/tsc'), '-p', join(here, 'tsconfig.build.json'), '--outDir', staged],
  { stdio: 'inherit' },
);

const manifest = {
  name: own.name,
  version: own.version,
  description: 'The typed client of Atoll, a multi-tenant cloud control API',
  license: 'Apache-2.0',
  type: 'module',
  sideEffects: false,
  engines: { node: '>=20' },
  exports: { './*': { types: './*.d.ts', default: './*.js' } },
  dependencies: caret(own.dependencies),
};
writeFileSync(join(staged, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
const readme = readFileSync(join(here, 'README.md'), 'utf8').replaceAll('../docs/errors.md', './errors.md');
writeFileSync(join(staged, 'README.md'), readme);
cpSync(join(repo, 'docs/errors.md'), join(staged, 'errors.md'));
cpSync(join(repo, 'LICENSE'), join(staged, 'LICENSE'));

const [packed]: { filename: string; entryCount: number; size: number }[] = JSON.parse(
  execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', dist, staged], { encoding: 'utf8' }),
);
if (!packed) throw new Error('npm pack says nothing of what it packed.');
console.log(`${join(dist, packed.filename)}: ${packed.entryCount} files, ${Math.round(packed.size / 1024)} KiB`);
