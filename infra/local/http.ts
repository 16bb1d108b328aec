/** Readiness over HTTP. */

/** Null when the page answers 200, else the reason why not. */
export async function pageReadiness(url: string): Promise<string | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3000) });
    if (response.ok) {
      await response.body?.cancel();
      return null;
    }
    return `${response.status} ${(await response.text()).trim().slice(0, 500)}`;
  } catch (error) {
    return error instanceof Error
      ? error.cause instanceof Error
        ? error.cause.message
        : error.message
      : String(error);
  }
}
