/** Real processes of one service, each with its own store on the same database. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AppendRequest } from '../src/store.ts';
import { eventually } from './pipeline.ts';

export type Task =
  | { readonly do: 'append'; readonly requests: readonly AppendRequest[] }
  /** Commands of the vault. */
  | { readonly do: 'move'; readonly stream: string; readonly amounts: readonly number[] }
  /** Appends without end, so many at a time. */
  | { readonly do: 'load'; readonly callers: number };

export interface Answer {
  readonly outcome: string;
  readonly position?: number;
  readonly message?: string;
}

/** Where a writer stops (SIGSTOP) with its connection open. */
export type Stall = 'in-transaction' | 'before-sync' | 'store-before-sync' | 'half-sent' | 'answer-unread';

export interface StoreProcess {
  do(task: Task): Promise<readonly Answer[]>;
  /** What it had answers to, also after its end. */
  readonly acknowledged: readonly { readonly acknowledged: number; readonly stream: string }[];
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
}

interface Told {
  readonly id?: number;
  readonly answers?: readonly Answer[];
  readonly ready?: true;
  readonly acknowledged?: number;
  readonly stream?: string;
}

function start(env: Record<string, string>): ChildProcess {
  const child = fork(fileURLToPath(new URL('store-process.fixture.ts', import.meta.url)), {
    env: { ...process.env, ...env },
    execArgv: [],
  });
  // Whatever becomes of this process, none of them stays.
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  return child;
}

async function untilReady(child: ChildProcess): Promise<void> {
  const [told] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [Told | number];
  if (typeof told === 'number' || told.ready !== true) throw new Error(`A process has not started: ${String(told)}`);
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

export async function startStoreProcess(url: string): Promise<StoreProcess> {
  const child = start({ TEST_URL: url });
  await untilReady(child);
  const waiting = new Map<number, (answers: readonly Answer[]) => void>();
  const acknowledged: { acknowledged: number; stream: string }[] = [];
  let tasks = 0;
  child.on('message', ({ id, answers, acknowledged: position, stream }: Told) => {
    if (position !== undefined) acknowledged.push({ acknowledged: position, stream: stream ?? '' });
    if (id !== undefined) waiting.get(id)?.(answers ?? []);
  });
  return {
    acknowledged,
    do: (task) =>
      new Promise((resolve) => {
        const id = tasks++;
        waiting.set(id, resolve);
        child.send({ id, task });
      }),
    kill: () => killed(child),
  };
}

/** Resolves once it stands still. */
export async function startStalledWriter(url: string, kind: Stall): Promise<{ kill(): Promise<void> }> {
  const child = start({ TEST_URL: url, TEST_STALL: kind });
  await untilReady(child);
  const state = () => readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.[0];
  await eventually('the writer is stopped', () => state() === 'T');
  return { kill: () => killed(child) };
}
