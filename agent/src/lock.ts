/**
 * Only one agent acts for a node on a machine, and only one uses a state folder. The locks are the kernel's (flock), held by a small
 * process that ends with this one, however this one ends: none is left behind, and none has to be judged by its age.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { NodeConfig } from './config.ts';

/** For one that was killed a moment ago: its locks go a moment after it. */
const waitMs = 3000;
const againMs = 50;
/** Of `flock`, where the first of the locks is another's; the second is one more. */
const firstConflict = 70;

export interface Lock {
  readonly path: string;
  /** What it is that another one has, for people. */
  readonly about: string;
}

export interface HeldLocks {
  release(): Promise<void>;
}

/** Of the machine's: agents of one node in different network namespaces don't meet. */
const runFolder = '/run/atoll';

export async function locksOf(config: NodeConfig): Promise<Lock[]> {
  const { ATOLL_NODE_ID: node, ATOLL_STATE_DIR: state, ATOLL_NODE_NETNS: netns = '/proc/self/ns/net' } = config;
  const folder = { path: join(state, 'agent.lock'), about: `The state folder ${state}` };
  if (config.ATOLL_RUNTIME === 'simulated') return [folder];
  const { ino } = await stat(netns, { bigint: true });
  return [folder, { path: join(runFolder, `${node}-${ino}.lock`), about: `The node ${node}` }];
}

/** Resolves to the lock that another process has, or to null and all are held. */
async function take(child: ChildProcess, locks: readonly Lock[]): Promise<Lock | null> {
  // It says the same back once it has them all.
  child.stdin?.write('held\n');
  const outcome = await Promise.race([
    once(child.stdout ?? child, 'data').then(() => 'held' as const),
    once(child, 'exit').then(([code]) => code as number | null),
  ]);
  if (outcome === 'held') return null;
  const conflict = locks[(outcome ?? 0) - firstConflict];
  if (conflict === undefined) throw new Error(`flock ended with ${outcome} and has not taken the lock of this agent.`);
  return conflict;
}

const holderOf = async ({ path }: Lock) => (await readFile(path, 'utf8').catch(() => '')).trim() || 'another process';

/** Throws where another process has one of them. Where there is no such lock (flock is Linux'), nothing is held. `lost`: they are no longer held, though nobody has released them. */
export async function holdLocks(locks: readonly Lock[], lost: (error: Error) => void): Promise<HeldLocks> {
  if (process.platform !== 'linux') return { release: async () => {} };
  for (const { path } of locks) await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const commands = locks.flatMap(({ path }, index) => [
    ...['flock', '--nonblock', '--no-fork', '--conflict-exit-code', `${firstConflict + index}`, path],
  ]);
  const [program = 'cat', ...args] = [...commands, 'cat'];
  const until = performance.now() + waitMs;
  for (;;) {
    // Of a group of its own: what ends a terminal's programs is first to reach the agent.
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
    child.stdin?.on('error', () => {});
    await once(child, 'spawn');
    const conflict = await take(child, locks);
    if (conflict === null) return held(child, locks, lost);
    if (performance.now() > until) {
      throw new Error(
        `${conflict.about} is used by another agent on this machine: ${await holderOf(conflict)}. End that one first, ` +
          'or give this one a node and a folder of its own (ATOLL_NODE_ID, ATOLL_STATE_DIR).',
      );
    }
    await new Promise((resolve) => setTimeout(resolve, againMs));
  }
}

async function held(child: ChildProcess, locks: readonly Lock[], lost: (error: Error) => void): Promise<HeldLocks> {
  let released = false;
  const ended = once(child, 'exit').then(() => {
    if (!released) lost(new Error('The process that held the locks of this agent has ended.'));
  });
  for (const { path } of locks) await writeFile(path, `process ${process.pid}, since ${new Date().toISOString()}\n`);
  return {
    async release() {
      released = true;
      child.stdin?.end();
      await ended;
    },
  };
}
