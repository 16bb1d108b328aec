/** Many who have something to hand over, one who takes: each waits until what it has is taken, so that nothing piles up. */
export interface Channel<T> {
  /** Resolves once it was taken, or nobody takes any more. */
  put(item: T): Promise<void>;
  /** Null at the end. */
  take(): Promise<T | null>;
  /** With an error, that is what `take` ends with. */
  end(error?: unknown): void;
}

export function createChannel<T>(): Channel<T> {
  const waiting: { readonly item: T; readonly taken: () => void }[] = [];
  let ended: { readonly error: unknown } | null = null;
  let wake: (() => void) | null = null;
  function rouse(): void {
    wake?.();
    wake = null;
  }
  return {
    put(item) {
      if (ended !== null) return Promise.resolve();
      return new Promise((taken) => {
        waiting.push({ item, taken });
        rouse();
      });
    },
    async take() {
      for (;;) {
        if (ended !== null) {
          if (ended.error !== undefined) throw ended.error;
          return null;
        }
        const next = waiting.shift();
        if (next !== undefined) {
          next.taken();
          return next.item;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    end(error) {
      ended ??= { error };
      for (const { taken } of waiting.splice(0)) taken();
      rouse();
    },
  };
}
