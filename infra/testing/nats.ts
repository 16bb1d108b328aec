/** A real nats-server of a test's own, with JetStream, on a free port of loopback. */
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { boundToParent } from '../process/bound.ts';
import { freePort } from '../process/ports.ts';
import { isRunning, stopChild } from '../process/stopping.ts';
import { temporaryFolder } from './folders.ts';

export interface TestNats {
  readonly url: string;
  /** Another one after each restart. */
  readonly pid: number;
  /** Where JetStream keeps what it stores. */
  readonly storeDir: string;
  /** Orderly stop; its data goes, too. */
  stop(): Promise<void>;
  /** It stands still (SIGSTOP) until `resume`; connections stay open. */
  pause(): void;
  resume(): void;
  /** kill -9; its data stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data, after a kill where it still runs. */
  restart(): Promise<void>;
}

export interface TestNatsOptions {
  /** Lines added to the configuration file, e.g. an `authorization` block. */
  readonly config?: string;
  /** Lines added to the `jetstream` block. */
  readonly jetstream?: string;
  /** The program; default `nats-server` of the PATH. */
  readonly program?: string;
  /** Where JetStream keeps what it stores. Default: a temporary folder, which goes at the end. */
  readonly storeDir?: string;
}

const startDeadlineMs = 15_000;

/** nats-server greets with an INFO line as soon as it takes clients. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => done(false));
    socket.once('error', () => done(false));
    socket.once('data', (chunk) => done(chunk.toString().startsWith('INFO ')));
  });
}

async function launch(program: string, configFile: string, port: number): Promise<ChildProcess> {
  const { command, args } = boundToParent({ command: program, args: ['-c', configFile] }, 'KILL');
  const child = spawn(command, [...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-8000);
  });
  child.on('error', (error) => {
    log += error.message;
  });
  const deadline = Date.now() + startDeadlineMs;
  while (!(await greets(port))) {
    if (child.pid === undefined || !isRunning(child) || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`nats-server didn't start:\n${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return child;
}

export async function startTestNats(options: TestNatsOptions = {}): Promise<TestNats> {
  const folder = temporaryFolder('nats');
  const port = await freePort();
  const configFile = join(folder, 'nats.conf');
  const program = options.program ?? 'nats-server';
  const storeDir = options.storeDir ?? join(folder, 'jetstream');
  await writeFile(
    configFile,
    [
      `listen: "127.0.0.1:${port}"`,
      'max_payload: 8MB',
      `jetstream { store_dir: ${JSON.stringify(storeDir)}\n${options.jetstream ?? ''} }`,
      options.config ?? '',
    ].join('\n'),
  );
  let child = await launch(program, configFile, port);
  return {
    url: `nats://127.0.0.1:${port}`,
    get pid() {
      return child.pid ?? 0;
    },
    storeDir,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async stop() {
      child.kill('SIGCONT');
      await stopChild(child, 'SIGTERM', 5000);
      rmSync(folder, { recursive: true, force: true });
    },
    kill: () => stopChild(child, 'SIGKILL', 0),
    async restart() {
      await stopChild(child, 'SIGKILL', 0);
      child = await launch(program, configFile, port);
    },
  };
}
