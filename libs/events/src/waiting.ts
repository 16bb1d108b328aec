/** Waiting that can be cut short. */

/** Resolves after `ms`, or as soon as `signal` is aborted. Never rejects. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** Resolves once the other work of this turn of the event loop, sockets included, has been done. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A bell: `ring` ends the wait under way, or the next one at once where nobody waits. */
export interface Bell {
  ring(): void;
  /** Resolves at the next ring, after `ms`, or when `signal` is aborted. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  let rung = false;
  let wake: (() => void) | null = null;
  return {
    ring() {
      rung = true;
      wake?.();
    },
    wait(ms, signal) {
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', done);
          wake = null;
          rung = false;
          resolve();
        };
        const timer = setTimeout(done, ms);
        if (rung || signal?.aborted) return done();
        wake = done;
        signal?.addEventListener('abort', done, { once: true });
      });
    },
  };
}

/** Waits of a row of tries: `first`, doubled each time, up to `last`. */
export const backoff = (tries: number, first: number, last: number): number =>
  Math.min(last, first * 2 ** Math.min(tries, 30));
