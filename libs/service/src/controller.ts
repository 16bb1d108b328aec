import type { Logger } from 'pino';
import { RpcTimeout, RpcUnavailable } from './nats.ts';
import { isConnectionError } from './postgres.ts';

/** A level-triggered loop. */
export interface Controller {
  /** Something may have changed: reconcile soon. Cheap; many wakes become one run. */
  wake(): void;
  /** Ends after the run under way. */
  stop(): Promise<void>;
}

const firstBackoffMs = 100;
const lastBackoffMs = 10_000;
/** Whatever it reads from is away: asking costs little, and it goes on soon after that is back. */
const lastOutageBackoffMs = 1000;

const isOutage = (error: unknown): boolean =>
  isConnectionError(error) || error instanceof RpcUnavailable || error instanceof RpcTimeout;

/**
 * Runs `reconcile` at start, when woken, and every `resyncMs` — never twice at once. `reconcile` takes no input: it
 * reads everything and acts. An error is logged and tried again with exponential backoff: 0.1 s … 10 s, or … 1 s where
 * the database or a service isn't there.
 */
export function startController(options: {
  name: string;
  resyncMs: number;
  log: Logger;
  reconcile: (signal: AbortSignal) => Promise<void>;
}): Controller {
  const { name, resyncMs, log, reconcile } = options;
  const stopping = new AbortController();
  /** A wake during a run asks for one more run: what changed may have been read already, or not. */
  let wanted = true;
  let failures = 0;
  let rouse: (() => void) | undefined;

  /** Until woken, or until the time is over. While backing off, a wake doesn't cut the pause short. */
  function rest(ms: number, wakeable: boolean): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        rouse = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      rouse = () => {
        if (wakeable || stopping.signal.aborted) done();
      };
      if (stopping.signal.aborted || (wakeable && wanted)) done();
    });
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      wanted = false;
      try {
        await reconcile(stopping.signal);
        failures = 0;
        await rest(resyncMs, true);
      } catch (error) {
        if (stopping.signal.aborted) return;
        const pause = Math.min(firstBackoffMs * 2 ** failures, isOutage(error) ? lastOutageBackoffMs : lastBackoffMs);
        failures = Math.min(failures + 1, 16);
        log.error({ err: error, controller: name, failures, retryInMs: pause }, 'reconcile failed');
        await rest(pause, false);
      }
    }
  }

  const ended = loop();
  return {
    wake() {
      wanted = true;
      rouse?.();
    },
    async stop() {
      stopping.abort();
      rouse?.();
      await ended;
    },
  };
}
