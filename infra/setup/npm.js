/** Brings node_modules in line with package-lock.json. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const pinnedNode = join(root, 'node_modules', 'node', 'bin', 'node');

const lockFile = join(root, 'package-lock.json');
/** npm's own record of what it has installed, written last. */
const installedFile = join(root, 'node_modules', '.package-lock.json');
const stampFile = join(root, 'node_modules', '.atoll-installed');

const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '');

/** Whether every package of the lock is installed in its version; optional ones of other machines may be absent. */
function sameTree(lock, installed) {
  if (installed === '') return false;
  const wanted = JSON.parse(lock).packages;
  const there = JSON.parse(installed).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes('node_modules/')) return true;
    const found = there[path];
    return found ? found.version === entry.version && found.resolved === entry.resolved : entry.optional === true;
  });
}

/** Runs npm with the same npm that runs this script, or with the one on the PATH. Output only where it fails. */
function npm(args) {
  const cli = process.env.npm_execpath;
  const [command, first] = cli?.endsWith('.js') ? [process.execPath, [cli]] : ['npm', []];
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...first, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
      });
    }
    const began = Date.now();
    const progress = setInterval(() => {
      console.log(`  … still installing (${Math.round((Date.now() - began) / 1000)} s)`);
    }, 15_000);
    child.on('error', (error) => {
      clearInterval(progress);
      reject(new Error(`npm can't be started: ${error.message}`));
    });
    child.on('close', (code) => {
      clearInterval(progress);
      if (code === 0) resolve();
      else reject(new Error(`npm ${args.join(' ')} failed (exit code ${code}):\n\n${output}`));
    });
  });
}

function checkPinnedNode() {
  const result = spawnSync(pinnedNode, ['--version'], { encoding: 'utf8' });
  if (result.status === 0) return;
  throw new Error(
    `The pinned Node isn't usable (${pinnedNode}: ${result.error?.message ?? `exit code ${result.status}`}).\n` +
      'npm must be allowed to run install scripts (npm config get ignore-scripts → false). ' +
      'Remove node_modules and run the command again.',
  );
}

export async function installPackages() {
  const lock = readFileSync(lockFile, 'utf8');
  const stamp = createHash('sha256').update(`${lock}${process.platform}-${process.arch}`).digest('hex');
  if (read(stampFile) === stamp && existsSync(pinnedNode)) return;
  if (!sameTree(lock, read(installedFile)) || !existsSync(pinnedNode)) {
    console.log(
      existsSync(installedFile)
        ? 'Installing npm packages: package-lock.json has changed …'
        : 'Installing npm packages: for the first time, this takes about a minute …',
    );
    await npm(['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']);
  }
  checkPinnedNode();
  writeFileSync(stampFile, stamp);
}
