/** Between a socket that pushes and a loop that pulls: bounded, so that a slow loop doesn't fill the memory. */
export class Queue<T> {
  readonly #items: T[] = [];
  readonly #limit: number;
  #end: { readonly error: unknown } | 'open' | 'ended' = 'open';
  #wake: (() => void) | null = null;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** False where there was no room: the item isn't in it. */
  push(item: T): boolean {
    if (this.#end !== 'open' || this.#items.length >= this.#limit) return false;
    this.#items.push(item);
    this.#awake();
    return true;
  }

  /** What is in it is still taken, then `take` says null. */
  end(): void {
    if (this.#end === 'open') this.#end = 'ended';
    this.#awake();
  }

  /** What is in it is still taken, then `take` rejects. */
  fail(error: unknown): void {
    if (this.#end === 'open') this.#end = { error };
    this.#awake();
  }

  async take(): Promise<T | null> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) return item;
      if (this.#end === 'ended') return null;
      if (this.#end !== 'open') throw this.#end.error;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #awake() {
    this.#wake?.();
    this.#wake = null;
  }
}
