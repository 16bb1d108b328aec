/**
 * Read your writes. Each mutation answers with the position that it reached in its context; sent back with the next
 * request, the platform answers from there or later, whichever gateway is asked.
 */
const pattern = /^([a-z]+):(\d{1,16})$/;

export class Positions {
  readonly #newest = new Map<string, number>();

  /** Takes `<context>:<n>`; what isn't of that form, as from a later version, is left alone. */
  saw(position: unknown): void {
    const match = typeof position === 'string' ? pattern.exec(position) : null;
    const context = match?.[1];
    if (context === undefined) return;
    this.#newest.set(context, Math.max(this.#newest.get(context) ?? 0, Number(match?.[2])));
  }

  /** For the header `atoll-position`; null where nothing was seen yet. */
  header(): string | null {
    if (this.#newest.size === 0) return null;
    return [...this.#newest]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([context, n]) => `${context}:${n}`)
      .join(',');
  }
}
