/** Retries: which failures, how soon, and until when. */
import { type AnyAtollError, AtollNetworkError } from './errors.ts';

export interface Clock {
  /** Milliseconds, never going back. */
  now(): number;
  /** 0 ≤ x < 1. */
  random(): number;
  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  random: Math.random,
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};

const FIRST_MS = 100;
const LONGEST_MS = 5_000;

/**
 * How long to wait before the next attempt: exponential with full jitter, so that clients that failed together don't
 * come back together; never less than the platform asks for. `attempt` counts from 1.
 */
export function backoff(attempt: number, random: number, retryAfterMs: number | null): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 16));
  return (retryAfterMs ?? 0) + Math.ceil(random * ceiling);
}

/** What a repeat means: a read and a keyed mutation can be repeated whatever happened to the first one. */
export type Repeatable = 'always' | 'only-if-not-done';

export function isRetryable(error: AnyAtollError, repeatable: Repeatable): boolean {
  switch (error.code) {
    case 'UNAVAILABLE':
    case 'BUDGET_EXCEEDED':
    case 'IDEMPOTENCY_KEY_IN_FLIGHT':
      return true;
    case 'UNKNOWN_OUTCOME':
    case 'DEADLINE_EXCEEDED':
    case 'NO_ANSWER':
      return repeatable === 'always';
    default:
      return false;
  }
}

export interface RetryOptions {
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly attemptMs: number;
  readonly signal: AbortSignal | undefined;
  readonly repeatable: Repeatable;
}

/** `attempt` resolves to a value or to the error that it met; it never rejects but for the caller's own abort. */
export async function withRetries<T>(
  options: RetryOptions,
  attempt: (timeoutMs: number) => Promise<{ readonly value: T } | { readonly error: AnyAtollError }>,
): Promise<T> {
  const { clock, signal } = options;
  const end = clock.now() + options.deadlineMs;
  for (let n = 1; ; n++) {
    signal?.throwIfAborted();
    const left = end - clock.now();
    if (left <= 0) throw new AtollNetworkError('NO_ANSWER', `no answer within ${options.deadlineMs} ms`);
    const outcome = await attempt(Math.min(left, options.attemptMs));
    if ('value' in outcome) return outcome.value;
    const { error } = outcome;
    if (!isRetryable(error, options.repeatable)) throw error;
    const wait = backoff(n, clock.random(), error.retryAfterMs);
    // An attempt that could only begin after the deadline is none: what is known now is told now.
    if (clock.now() + wait >= end) throw error;
    await clock.sleep(wait, signal);
  }
}
