/**
 * Each contestant is a process of its own, so that none runs in another's heap; they are asked one after the other.
 * A contestant's program calls `serve`, the bench holds it by `startContestant`.
 */
import { type ChildProcess, fork } from 'node:child_process';

/** What a contestant's program offers: each task takes one value and answers with one, both plain data. */
export type Tasks = Readonly<Record<string, (input: never) => Promise<unknown>>>;

type Order = { readonly task: string; readonly input: unknown };
type Reply = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string };

const STOP = 'stop';

/** `open` gets what `startContestant` was given; `close` runs at the end. */
export function serve<T extends Tasks>(tasks: T, close: () => Promise<void>): void {
  const answer = (reply: Reply) => process.send?.(reply);
  process.on('message', async ({ task, input }: Order) => {
    try {
      if (task === STOP) {
        await close();
        process.disconnect();
        return;
      }
      const work = tasks[task];
      if (work === undefined) throw new Error(`There is no task ${task}.`);
      answer({ ok: true, value: await work(input as never) });
    } catch (error) {
      answer({ ok: false, message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.on('disconnect', () => process.exit(0));
}

/** `null` for a task that takes nothing. */
type Input<T extends Tasks, K extends keyof T> = Parameters<T[K]> extends [infer I] ? I : null;
type Outcome<T extends Tasks, K extends keyof T> = Awaited<ReturnType<T[K]>>;

export interface Contestant<T extends Tasks> {
  ask<K extends keyof T & string>(task: K, input: Input<T, K>): Promise<Outcome<T, K>>;
  stop(): Promise<void>;
}

export function startContestant<T extends Tasks>(program: URL, env: Readonly<Record<string, string>>): Contestant<T> {
  const child: ChildProcess = fork(program, [], {
    env: { ...process.env, ATOLL_LOG_LEVEL: process.env.ATOLL_LOG_LEVEL ?? 'error', ...env },
    execArgv: process.env.ATOLL_BENCH_PROFILE
      ? ['--cpu-prof', `--cpu-prof-dir=${process.env.ATOLL_BENCH_PROFILE}`]
      : [],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    async ask<K extends keyof T & string>(task: K, input: Input<T, K>): Promise<Outcome<T, K>> {
      const reply = await new Promise<Reply>((resolve, reject) => {
        const onExit = (code: number | null) => reject(new Error(`${program.pathname} ended with ${code}.`));
        child.once('exit', onExit);
        child.once('message', (message: Reply) => {
          child.off('exit', onExit);
          resolve(message);
        });
        child.send({ task, input } satisfies Order);
      });
      if (!reply.ok) throw new Error(reply.message);
      return reply.value as Outcome<T, K>;
    },
    async stop() {
      if (child.connected) child.send({ task: STOP, input: null } satisfies Order);
      await ended;
    },
  };
}

/** What a program needs from outside. */
export function given(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set.`);
  return value;
}
