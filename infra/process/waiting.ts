/** Waiting with a deadline. */

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until `check` says yes; false where it didn't within `timeoutMs`. */
export async function until(
  check: () => boolean | Promise<boolean>,
  options: { timeoutMs: number; everyMs?: number },
): Promise<boolean> {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    if (await check()) return true;
    if (Date.now() >= deadline) return false;
    await pause(Math.min(options.everyMs ?? 50, Math.max(deadline - Date.now(), 1)));
  }
}
