/** The handle of an engine that is a process of its own. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isRunning, stopChild } from '@atoll/infra/process/stopping';
import { z } from 'zod';
import type { Ask } from './load.ts';

const fixture = fileURLToPath(new URL('engine.fixture.ts', import.meta.url));
const answer = z.object({
  id: z.number(),
  ok: z.boolean().optional(),
  position: z.number().optional(),
  error: z.string().optional(),
});
const state = z.object({ state: z.object({ published: z.number(), clock: z.number() }) });
const READY_MS = 30_000;
/** As a caller over NATS would have it: then the outcome isn't known. */
const ANSWER_MS = 10_000;

export interface EngineProcess {
  readonly pid: number;
  readonly ask: Ask;
  /** Last position that its relay has published, as it last said; 0 while it stands by. */
  published(): number;
  /** Its clock, Unix ms, as it last said; told about every second. */
  clock(): number;
  pause(): void;
  resume(): void;
  /** kill -9. */
  kill(): Promise<void>;
}

export async function startEngineProcess(options: {
  name: string;
  databaseUrl: string;
  natsUrl: string;
  env?: NodeJS.ProcessEnv;
}): Promise<EngineProcess> {
  const child = fork(fixture, {
    env: {
      ...process.env,
      ...options.env,
      ENGINE_NAME: options.name,
      ENGINE_DATABASE_URL: options.databaseUrl,
      ENGINE_NATS_URL: options.natsUrl,
    },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const asked = new Map<number, (message: z.infer<typeof answer>) => void>();
  const ready = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => ready.reject(new Error(`${options.name} isn't ready after ${READY_MS} ms.`)),
    READY_MS,
  );
  let next = 0;
  let last = { published: 0, clock: 0 };
  child.on('message', (message) => {
    const told = state.safeParse(message);
    if (told.success) {
      last = told.data.state;
      return;
    }
    const parsed = answer.safeParse(message);
    if (!parsed.success) return ready.resolve();
    asked.get(parsed.data.id)?.(parsed.data);
    asked.delete(parsed.data.id);
  });
  child.once('exit', (code, signal) => {
    ready.reject(new Error(`${options.name} ended: ${code ?? signal}.`));
    for (const tell of asked.values()) tell({ id: 0, error: 'the process ended' });
  });
  await ready.promise.finally(() => clearTimeout(timer));

  return {
    pid: child.pid ?? 0,
    ask(call) {
      const id = next++;
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error('no answer')), ANSWER_MS);
        asked.set(id, ({ ok, position, error }) => {
          clearTimeout(late);
          if (ok === undefined || position === undefined) reject(new Error(error ?? 'no answer'));
          else resolve({ ok, position });
        });
        if (isRunning(child) && child.connected) child.send({ id, ...call });
        else reject(new Error('the process is gone'));
      });
    },
    published: () => last.published,
    clock: () => last.clock,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    kill: () => stopChild(child, 'SIGKILL', 0),
  };
}
