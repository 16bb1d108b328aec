import type { Logger } from 'pino';
/** A level-triggered loop. */
export interface Controller {
  /** Something may have changed: reconcile soon. Cheap; many wakes become one run. */
  wake(): void;
  /** Ends after the run under way. */
  stop(): Promise<void>;
}
/**
 * Runs `reconcile` at start, when woken, and every `resyncMs` — never twice at once. `reconcile` takes no input: it
 * reads everything and acts. An error is logged and tried again with exponential backoff (0.1 s … 10 s).
 */
export declare function startController(options: {
  name: string;
  resyncMs: number;
  log: Logger;
  reconcile: (signal: AbortSignal) => Promise<void>;
}): Controller;
