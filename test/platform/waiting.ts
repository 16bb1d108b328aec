/** Waiting for a condition, with a deadline. */
const PAUSE_MS = 50;

/** Resolves to the first value of `ask` that isn't undefined; throws, naming `what`, when the time is over. */
export async function waitFor<T>(
  what: string,
  timeoutMs: number,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (value !== undefined) return value;
    if (performance.now() >= deadline) throw new Error(`not within ${timeoutMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** As `waitFor`, for a plain condition. */
export async function until(what: string, timeoutMs: number, holds: () => Promise<boolean> | boolean): Promise<void> {
  await waitFor(what, timeoutMs, async () => ((await holds()) ? true : undefined));
}
