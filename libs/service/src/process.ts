import type { Logger } from 'pino';
export interface ProcessContext {
  readonly log: Logger;
  /** Runs at SIGTERM or SIGINT, last registered first, each bounded to 5 s. */
  onStop(name: string, stop: () => Promise<void> | void): void;
  /** Aborted when the process begins to stop. */
  readonly signal: AbortSignal;
  /** Ends the process with an error; for faults that nothing in it can heal. */
  fail(error: unknown): void;
}
/**
 * The body of every `main.ts`: tracing, log, signals, orderly stop, uncaught errors (logged once, exit 1). Exit 0 after
 * an orderly stop. With an IPC channel (started by the local supervisor) a lost channel counts as SIGTERM.
 */
export declare function runProcess(name: string, main: (context: ProcessContext) => Promise<void>): void;
