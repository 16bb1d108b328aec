/** A handle on one operating system process under fault: started, killed, stopped with SIGSTOP, armed at a failpoint. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { boundToParent } from '@atoll/infra/process/bound';
import { isRunning, stopChild } from '@atoll/infra/process/stopping';
import { exec } from '@atoll/service/exec';
import { armProcess } from './arm.ts';

const main = fileURLToPath(new URL('../workload/main.ts', import.meta.url));
const CONDITION = '--conditions=atoll-faults';
const START_MS = 90_000;
const KEPT_OUTPUT = 16_000;

export interface ProcessHandle {
  readonly name: string;
  readonly role: string;
  /** Another one after each start. */
  readonly pid: number;
  /** Resolves when it works. Does nothing where it runs. */
  start(): Promise<void>;
  isRunning(): boolean;
  /** How often it has ended without being asked to by this handle: 0, or something is wrong. */
  crashes(): number;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGSTOP. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** Arms failpoints of the running process (see libs/service/src/failpoint-spec.ts); the empty text disarms. */
  arm(spec: string): Promise<void>;
  /** SIGTERM, and SIGKILL where it doesn't end. */
  stop(): Promise<void>;
  /** The end of what it said, from its first start on. */
  output(): string;
}

/** Fills Node's compile cache, which is written at an orderly end: those that are killed never come to it. */
export async function warmUp(compileCache: string): Promise<void> {
  const env = { ...process.env, NODE_COMPILE_CACHE: compileCache };
  await exec(process.execPath, [CONDITION, main, 'warm-up'], { env, timeoutMs: START_MS });
}

export function createProcessHandle(options: {
  name: string;
  role: string;
  env: Readonly<Record<string, string>>;
  /** Where its failpoints are armed. */
  armFolder: string;
}): ProcessHandle {
  const { name, role, env, armFolder } = options;
  let child: ChildProcess | null = null;
  let output = '';
  let crashes = 0;
  /** Its end is wanted: by this handle, or by a failpoint. */
  let wanted = false;

  function keep(chunk: Buffer): void {
    output = (output + chunk.toString()).slice(-KEPT_OUTPUT);
    // A failpoint says so before it kills.
    if (output.endsWith(': kill\n')) wanted = true;
  }

  const alive = () => child !== null && child.pid !== undefined && isRunning(child);
  const pid = () => child?.pid ?? 0;

  return {
    name,
    role,
    get pid() {
      return pid();
    },
    isRunning: alive,
    crashes: () => crashes,
    output: () => output,

    async start() {
      if (alive()) return;
      wanted = false;
      const { command, args } = boundToParent({ command: process.execPath, args: [CONDITION, main, role] }, 'KILL');
      const started = spawn(command, [...args], {
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        env: { ...process.env, ...env, ATOLL_FAULTS_NAME: name, ATOLL_FAILPOINTS: `dir:${armFolder}` },
      });
      child = started;
      started.stdout?.on('data', keep);
      started.stderr?.on('data', keep);
      started.on('exit', (code, signal) => {
        if (wanted) return;
        crashes += 1;
        output += `${name} ended by itself: ${code ?? signal}\n`;
      });
      const ready = once(started, 'message', { signal: AbortSignal.timeout(START_MS) });
      const gone = once(started, 'exit').then(() => {
        throw new Error(`${name} ended while it started:\n${output}`);
      });
      gone.catch(() => {});
      await Promise.race([ready, gone]);
    },

    async kill() {
      wanted = true;
      if (child) await stopChild(child, 'SIGKILL', 0);
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),

    async arm(spec) {
      if (alive()) await armProcess({ pid: pid(), folder: armFolder, spec, isAlive: alive });
    },

    async stop() {
      wanted = true;
      if (!child) return;
      child.kill('SIGCONT');
      await stopChild(child, 'SIGTERM', 8000);
    },
  };
}
