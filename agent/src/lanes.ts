/** Bounded parallelism. */

export type Lane = <T>(work: () => Promise<T>) => Promise<T>;

/** At most `width` at once; the rest wait in order. */
export function createLane(width: number): Lane {
  let free = width;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}

/** Results in the order of `items`; the first error is thrown after all have ended. */
export async function atMost<T, R>(width: number, items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const lane = createLane(width);
  const settled = await Promise.allSettled(items.map((item) => lane(() => work(item))));
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
