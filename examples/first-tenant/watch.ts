/** Follows a tenant's events in the background, keeps them in order, and waits for what they must tell. */
import type { Atoll } from '@atoll/sdk/client';
import type { Event } from '@atoll/sdk/generated/resources';

export class Watch {
  readonly events: Event[] = [];
  readonly #abort = new AbortController();
  readonly #onEvent: (event: Event) => void;
  readonly #running: Promise<void>;
  #wake: () => void = () => {};
  #failure: { readonly error: unknown } | null = null;

  constructor(atoll: Atoll, after: string, onEvent: (event: Event) => void = () => {}) {
    this.#onEvent = onEvent;
    this.#running = this.#run(atoll, after);
  }

  async #run(atoll: Atoll, after: string): Promise<void> {
    try {
      for await (const event of atoll.events({ after, signal: this.#abort.signal })) {
        this.events.push(event);
        this.#onEvent(event);
        this.#wake();
      }
    } catch (error) {
      this.#failure = { error };
      this.#wake();
    }
  }

  /** Resolves once `find` finds something in all events so far; throws, naming `what`, after `timeoutMs`. */
  async until<T>(what: string, timeoutMs: number, find: (events: readonly Event[]) => T | undefined): Promise<T> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      if (this.#failure !== null) throw this.#failure.error;
      const found = find(this.events);
      if (found !== undefined) return found;
      const left = deadline - performance.now();
      if (left <= 0) {
        const last = this.events.slice(-5).map((event) => event.type);
        throw new Error(`no event within ${timeoutMs / 1000} s: ${what}. The last ones: ${last.join(', ') || 'none'}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }
}

const POLL_MS = 100;

/** Asks until `ask` gives something; the error of the deadline has what `why` says then. */
export async function eventually<T>(
  what: string,
  timeoutMs: number,
  ask: () => Promise<T | undefined>,
  why: () => Promise<string> = async () => '',
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (value !== undefined) return value;
    if (performance.now() >= deadline) throw new Error(`not within ${timeoutMs / 1000} s: ${what}. ${await why()}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
