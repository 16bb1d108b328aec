/**
 * The entry of every verb (`npm start | test | run check | run bench | run faults | run isolation | run gen | run events | run audit`): makes sure that
 * all is installed, then runs the verb with the pinned Node. Plain JavaScript without packages, because a fresh clone has
 * none; Node 20 or newer.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installPackages, pinnedNode, root } from './npm.js';
import { installPrograms } from './programs.js';

/** `system`: needs the programs of the operating system, too. */
const verbs = {
  start: { script: 'infra/local/main.ts', system: true },
  trace: { script: 'infra/local/trace.ts', system: false },
  test: { script: 'infra/testing/run.ts', system: true },
  check: { script: 'infra/check/run.ts', system: false },
  bench: { script: 'bench/run.ts', system: true },
  faults: { script: 'test/faults/run/main.ts', system: true },
  isolation: { script: 'test/isolation/run/main.ts', system: true },
  gen: { script: 'infra/gen/run.ts', system: false },
  events: { script: 'libs/events/src/command/main.ts', system: false },
  audit: { script: 'services/gateway/src/audit/command/main.ts', system: false },
};

function usage() {
  console.error(`Usage: npm ${Object.keys(verbs).join(' | npm run ')}   (options after --)`);
  process.exit(64);
}

const oldestNode = 20;
if (Number.parseInt(process.versions.node, 10) < oldestNode) {
  console.error(`Node ${process.versions.node} is too old: install Node ${oldestNode} or newer (https://nodejs.org).`);
  process.exit(69);
}

const [name = '', ...args] = process.argv.slice(2);
const verb = verbs[name] ?? usage();
const wantsHelp = args.includes('--help') || args.includes('-h');

try {
  await installPackages();
  // The programs that a database by URL or NATS by URL make needless are told by the start itself.
  if (verb.system && !wantsHelp) await installPrograms({ needed: name === 'start' ? 'some' : 'all' });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(69);
}

const script = join(root, verb.script);
if (!existsSync(script)) {
  console.error(`There is no ${verb.script} in this checkout.`);
  process.exit(66);
}

// The channel tells the child when this process is gone, however it went.
const child = spawn(pinnedNode, [script, ...args], { cwd: root, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    // Ctrl-C reaches the whole group of the terminal, the child included: it must not get it twice.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  });
}
// A signal to npm alone ends npm and its shell, and neither hands it on: without them this goes as it would by the signal.
if (process.env.npm_lifecycle_event) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    child.kill('SIGTERM');
  }, 500);
  watch.unref();
}
child.on('error', (error) => {
  console.error(`${pinnedNode} can't be started: ${error.message}`);
  process.exit(71);
});
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
