/** The whole platform, started by the code of `npm start`, in a home of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Ready, readReady } from './ready.ts';
import { until, waitFor } from './waiting.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const START_MS = 120_000;
const STOP_MS = 60_000;

export interface PlatformOptions {
  /** Kept where given; else a new one that goes with the platform. */
  readonly home?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

export const newHome = (name = 'e2e'): string => mkdtempSync(join(tmpdir(), `atoll-${name}-`));
export const removeHome = (home: string): void => rmSync(home, { recursive: true, force: true });

/** Starts it and doesn't wait. `bare`: with no option but those given. */
export function launch(
  home: string,
  { args = [], env = {}, bare = false }: PlatformOptions & { readonly bare?: boolean } = {},
) {
  const child = spawn(
    process.execPath,
    ['infra/setup/run.js', 'start', '--home', home, ...(bare ? [] : ['--port', '0']), ...args],
    // A group of its own, so that all of it can be killed at once.
    { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, output }));
  });
  return { child, ended, output: () => output };
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

export class Platform {
  readonly home: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ended>;
  readonly #output: () => string;

  private constructor(home: string, launched: ReturnType<typeof launch>) {
    this.home = home;
    this.#child = launched.child;
    this.#ended = launched.ended;
    this.#output = launched.output;
  }

  static async start(options: PlatformOptions = {}): Promise<Platform> {
    const home = options.home ?? newHome();
    const launchedAt = Date.now();
    const launched = launch(home, options);
    const platform = new Platform(home, launched);
    let early: Ended | null = null;
    void launched.ended.then((ended) => {
      early = ended;
    });
    try {
      await waitFor('the platform is ready', START_MS, () => {
        if (early !== null) throw new Error(`the platform ended with ${early.code ?? early.signal}:\n${early.output}`);
        // After a kill there is one of the life before.
        const written = statSync(platform.readyPath, { throwIfNoEntry: false })?.mtimeMs ?? 0;
        return written < launchedAt ? undefined : (readReady(platform.readyPath) ?? undefined);
      });
    } catch (error) {
      launched.child.kill('SIGTERM');
      throw new Error(`the platform did not start; it said:\n${launched.output()}`, { cause: error });
    }
    return platform;
  }

  get readyPath(): string {
    return join(this.home, 'ready.json');
  }
  /** As the file is now: pids change when processes are started again. */
  get ready(): Ready {
    const ready = readReady(this.readyPath);
    if (ready === null) throw new Error(`there is no ready.json; the platform said:\n${this.#output()}`);
    return ready;
  }
  get output(): string {
    return this.#output();
  }

  pidOf(name: string): number {
    const { processes } = this.ready;
    const found = processes.find((p) => p.name === name);
    if (found === undefined) throw new Error(`no process ${name} among ${processes.map((p) => p.name).join(', ')}`);
    return found.pid;
  }

  /** kill -9 of one process; resolves once another one of that name runs. */
  async killAndAwait(name: string): Promise<void> {
    const before = this.pidOf(name);
    process.kill(before, 'SIGKILL');
    await until(`${name} is started again`, 90_000, () => {
      const now = readReady(this.readyPath)?.processes.find((p) => p.name === name);
      return now !== undefined && now.pid !== before && isAlive(now.pid);
    });
  }

  /** kill -9 of all of it at once. The supervisor is held first, so that it neither restarts nor stops anything. */
  async killAll(): Promise<void> {
    const group = this.#child.pid;
    if (group === undefined) throw new Error('the platform was never started');
    process.kill(-group, 'SIGSTOP');
    const pids = this.ready.processes.map((p) => p.pid);
    for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    process.kill(-group, 'SIGKILL');
    await until('all killed processes are gone', 30_000, () => !pids.some(isAlive));
    await this.#ended;
  }

  /** As Ctrl-C does. Resolves when it has ended; throws where it doesn't, or not with 0. */
  async stop(): Promise<Ended> {
    this.#child.kill('SIGTERM');
    const ended = await Promise.race([this.#ended, sleep(STOP_MS, null, { ref: false })]);
    if (ended === null) throw new Error(`the platform has not stopped within ${STOP_MS / 1000} s:\n${this.#output()}`);
    if (ended.code !== 0) throw new Error(`the platform ended with ${ended.code ?? ended.signal}:\n${ended.output}`);
    return ended;
  }

  /** Stops it, and removes its home. */
  async discard(): Promise<void> {
    await this.stop();
    removeHome(this.home);
  }
}
