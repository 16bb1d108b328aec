/** Work on the same thing, one after the other; on different things at the same time. */
export interface Turns {
  take<T>(key: string, work: () => Promise<T>): Promise<T>;
}

export function createTurns(): Turns {
  const last = new Map<string, Promise<void>>();
  return {
    async take(key, work) {
      const before = last.get(key);
      const { promise: mine, resolve: done } = Promise.withResolvers<void>();
      last.set(key, mine);
      await before;
      try {
        return await work();
      } finally {
        done();
        if (last.get(key) === mine) last.delete(key);
      }
    },
  };
}
