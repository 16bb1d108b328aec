/**
 * Keeps a set of processes running: starts each when those it needs are ready, starts a killed one again with backoff,
 * and stops all in reverse order. Knows nothing of what the processes are.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { boundToParent, type Command } from '../process/bound.ts';
import { isRunning, stopChild } from '../process/stopping.ts';
import { LogFile, tail } from './logs.ts';

export interface Launch extends Command {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Opens an IPC channel: its loss tells the child that the supervisor is gone. */
  readonly channel: boolean;
  /** The command line ties the child to this process by itself. */
  readonly bound?: boolean;
}

export interface ProcessSpec {
  readonly name: string;
  /** Started once these have been ready. They stand before it in the list. */
  readonly needs: readonly string[];
  /** Before every start. */
  launch(): Promise<Launch>;
  /** Null when ready, else the reason why not. Asked until it is. */
  ready(): Promise<string | null>;
  /** Once, when it is ready for the first time and before anything that needs it starts. */
  prepare?(): Promise<void>;
  /** How often its first start may fail; default 4. */
  readonly firstAttempts?: number;
  readonly stopSignal: NodeJS.Signals;
  readonly stopGraceMs: number;
  /** In an orderly stop, once it has ended. */
  afterStop?(): Promise<void>;
}

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
}

export interface Supervisor {
  /** Resolves when all are ready for the first time; rejects, with the reason, where one can't be started. */
  start(): Promise<void>;
  stop(): Promise<void>;
  processes(): readonly RunningProcess[];
}

/** Config error (EX_CONFIG): starting it again won't help. */
const exitConfig = 78;
const firstAttempts = 4;
const firstReadyMs = 90_000;
const firstBackoffMs = 200;
const lastBackoffMs = 10_000;
/** Having run this long, a process isn't one that fails at start. */
const steadyMs = 30_000;
const readyEveryMs = 50;

export function createSupervisor(options: {
  specs: readonly ProcessSpec[];
  logs: string;
  /** The set of processes, or a pid, changed. */
  onChange: (processes: readonly RunningProcess[]) => void;
  say: (line: string) => void;
}): Supervisor {
  const { specs, logs, onChange, say } = options;
  const stopping = new AbortController();
  const children = new Map<string, ChildProcess>();
  const files = new Map<string, LogFile>();
  const firstReady = new Map(specs.map((spec) => [spec.name, Promise.withResolvers<void>()]));
  const loops: Promise<void>[] = [];
  const began = Date.now();

  const processes = () =>
    specs.flatMap(({ name }) => {
      const child = children.get(name);
      return child?.pid !== undefined && isRunning(child) ? [{ name, pid: child.pid }] : [];
    });

  function logOf(name: string): LogFile {
    const file = files.get(name) ?? new LogFile(join(logs, `${name}.log`));
    files.set(name, file);
    return file;
  }

  /** Until the time is over, or the supervisor stops. */
  const pause = (ms: number) => sleep(ms, undefined, { signal: stopping.signal }).catch(() => {});

  /** Null where the supervisor stops. */
  async function spawnChild(spec: ProcessSpec): Promise<ChildProcess | null> {
    const launch = await spec.launch();
    if (stopping.signal.aborted) return null;
    const { command, args } = launch.bound ? launch : boundToParent(launch, 'TERM');
    const child = spawn(command, [...args], {
      cwd: launch.cwd,
      env: launch.env,
      // A group of its own: Ctrl-C is for the supervisor, which stops the others in order.
      detached: true,
      stdio: launch.channel ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
    });
    const log = logOf(spec.name);
    child.stdout?.on('data', (chunk: Buffer) => log.write(chunk));
    child.stderr?.on('data', (chunk: Buffer) => log.write(chunk));
    child.on('error', (error) => log.write(`${spec.name} can't be started: ${error.message}\n`));
    children.set(spec.name, child);
    onChange(processes());
    return child;
  }

  const ended = (child: ChildProcess): Promise<void> =>
    new Promise((resolve) => {
      if (child.pid === undefined || !isRunning(child)) resolve();
      else child.once('exit', () => resolve());
    });

  /** True when ready; false when it ended before, or when the supervisor stops. */
  async function becomesReady(spec: ProcessSpec, child: ChildProcess): Promise<boolean> {
    const since = Date.now();
    let told = false;
    while (!stopping.signal.aborted && child.pid !== undefined && isRunning(child)) {
      const reason = await spec.ready();
      if (reason === null) return isRunning(child);
      if (Date.now() - since > firstReadyMs) {
        if (!told) say(`${spec.name} isn't ready: ${reason}`);
        told = true;
      }
      await pause(readyEveryMs);
    }
    return false;
  }

  const how = (child: ChildProcess) =>
    child.signalCode ? `was ended by ${child.signalCode}` : `ended with exit code ${child.exitCode ?? 'none'}`;

  /** One life of the process. Resolves to how it ended, or null where the supervisor stops. */
  async function live(
    spec: ProcessSpec,
    onReady: () => Promise<void>,
  ): Promise<{ how: string; final: boolean } | null> {
    const child = await spawnChild(spec);
    if (!child) return null;
    if (await becomesReady(spec, child)) await onReady();
    await ended(child);
    onChange(processes());
    return stopping.signal.aborted ? null : { how: how(child), final: child.exitCode === exitConfig };
  }

  async function keep(spec: ProcessSpec): Promise<void> {
    await Promise.all(spec.needs.map((name) => firstReady.get(name)?.promise));
    let wasReady = false;
    let failures = 0;
    const onReady = async () => {
      if (wasReady) return say(`${spec.name} is back`);
      await spec.prepare?.();
      wasReady = true;
      say(`${spec.name} is ready (${((Date.now() - began) / 1000).toFixed(1)} s)`);
      firstReady.get(spec.name)?.resolve();
    };
    while (!stopping.signal.aborted) {
      const since = Date.now();
      const end = await live(spec, onReady).catch((error: unknown) => {
        // Before it was ready once, what keeps it from starting is told to the user; later it is tried again.
        if (!wasReady) throw error;
        return { how: `can't be started (${error instanceof Error ? error.message : String(error)})`, final: false };
      });
      if (!end) return;
      failures = Date.now() - since > steadyMs ? 1 : failures + 1;
      if (!wasReady && (failures >= (spec.firstAttempts ?? firstAttempts) || end.final)) {
        const { path } = logOf(spec.name);
        throw new Error(`${spec.name} can't be started: it ${end.how}. The end of ${path}:\n\n${tail(path, 20)}`);
      }
      const backoff = Math.min(firstBackoffMs * 2 ** (failures - 1), lastBackoffMs);
      say(`${spec.name} ${end.how}; starting it again in ${backoff / 1000} s`);
      await pause(backoff);
    }
  }

  return {
    processes,
    async start() {
      for (const deferred of firstReady.values()) deferred.promise.catch(() => {});
      await new Promise<void>((resolve, reject) => {
        for (const spec of specs) {
          loops.push(
            keep(spec).catch((error: unknown) => {
              // Those that need it must not wait for it for ever.
              firstReady.get(spec.name)?.reject(error);
              reject(error);
            }),
          );
        }
        Promise.all([...firstReady.values()].map((deferred) => deferred.promise)).then(() => resolve(), reject);
        stopping.signal.addEventListener('abort', () => reject(new Error('Stopped while starting.')), { once: true });
      });
    },

    async stop() {
      stopping.abort();
      for (const spec of [...specs].reverse()) {
        const child = children.get(spec.name);
        if (child && child.pid !== undefined) await stopChild(child, spec.stopSignal, spec.stopGraceMs);
        if (child) {
          await spec.afterStop?.().catch((error: unknown) => {
            say(`${spec.name} left something behind: ${error instanceof Error ? error.message : String(error)}`);
          });
        }
      }
      for (const deferred of firstReady.values()) deferred.reject(new Error('Stopped while starting.'));
      await Promise.all(loops);
      onChange([]);
      for (const file of files.values()) file.close();
    },
  };
}
