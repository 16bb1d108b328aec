/** The life of a process: what every `main.ts` does alike. */
import { failpointsCanBeArmed } from '@atoll/service/failpoint';
import type { Logger } from 'pino';
import { EXIT_CONFIG } from './config.ts';
import { createLogger } from './log.ts';
import { startTracing } from './tracing.ts';

export interface ProcessContext {
  readonly log: Logger;
  /** Runs at SIGTERM or SIGINT, last registered first, each bounded to 5 s. */
  onStop(name: string, stop: () => Promise<void> | void): void;
  /** Aborted when the process begins to stop. */
  readonly signal: AbortSignal;
  /** Ends the process with an error; for faults that nothing in it can heal. */
  fail(error: unknown): void;
}

const stopTimeoutMs = 5000;

async function bounded(work: Promise<void> | void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took more than ${stopTimeoutMs / 1000} s`)), stopTimeoutMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Faults that aren't injected would pass for faults that were survived. */
function refuseIdleFailpoints(): void {
  if (!process.env.ATOLL_FAILPOINTS || failpointsCanBeArmed) return;
  process.stderr.write(
    'ATOLL_FAILPOINTS is set, and this process was started without --conditions=atoll-faults, so that nothing would ' +
      'happen at them. Start Node with that flag to test faults; else unset the variable.\n',
  );
  process.exit(EXIT_CONFIG);
}

/**
 * The body of every `main.ts`: tracing, log, signals, orderly stop, uncaught errors (logged once, exit 1). Exit 0 after
 * an orderly stop. With an IPC channel (started by the local supervisor) a lost channel counts as SIGTERM.
 */
export function runProcess(name: string, main: (context: ProcessContext) => Promise<void>): void {
  refuseIdleFailpoints();
  const log = createLogger(name);
  const tracing = startTracing(name, { log });
  const stops: { name: string; stop: () => Promise<void> | void }[] = [];
  const stopping = new AbortController();

  async function stop(exitCode: number): Promise<never> {
    stopping.abort();
    // What registers while others stop is stopped, too.
    for (let next = stops.pop(); next; next = stops.pop()) {
      try {
        await bounded(next.stop());
      } catch (error) {
        log.warn({ err: error, part: next.name }, 'did not stop in order');
      }
    }
    await bounded(tracing.stop()).catch(() => {});
    log.info({ exitCode }, 'stopped');
    process.exit(exitCode);
  }

  function end(exitCode: number, report: () => void): void {
    if (stopping.signal.aborted) return;
    report();
    void stop(exitCode);
  }

  const fail = (error: unknown) => end(1, () => log.fatal({ err: error }, 'failed'));
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => end(0, () => log.info({ signal }, 'stopping')));
  }
  if (process.connected) {
    process.once('disconnect', () => end(0, () => log.info('the supervisor is gone: stopping')));
  }

  log.info('starting');
  main({
    log,
    onStop: (part, run) => stops.push({ name: part, stop: run }),
    signal: stopping.signal,
    fail,
  }).catch(fail);
}
