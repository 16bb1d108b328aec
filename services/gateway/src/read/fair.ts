/** A bounded number of things at once, taken from the waiting tenants in turn: one tenant's flood delays only itself. */
import { ApiError } from '../errors.ts';

const maxWaitingPerTenant = 1000;

export interface FairQueue {
  run<T>(tenant: string, work: () => Promise<T>): Promise<T>;
  waiting(): number;
}

export function createFairQueue(limit: number): FairQueue {
  /** Tenants with work waiting, the next one first. */
  const queues = new Map<string, (() => void)[]>();
  let running = 0;
  let waiting = 0;

  function next(): void {
    for (const [tenant, queue] of queues) {
      const go = queue.shift();
      // To the end of the line, or out of it.
      queues.delete(tenant);
      if (queue.length > 0) queues.set(tenant, queue);
      if (!go) continue;
      waiting -= 1;
      go();
      return;
    }
    running -= 1;
  }

  function turn(tenant: string): Promise<void> | undefined {
    if (running < limit) {
      running += 1;
      return undefined;
    }
    const queue = queues.get(tenant) ?? [];
    if (queue.length >= maxWaitingPerTenant) {
      throw new ApiError('UNAVAILABLE', 'Too many of your requests are waiting; slow down and try again.');
    }
    queues.set(tenant, queue);
    waiting += 1;
    return new Promise((resolve) => queue.push(resolve));
  }

  return {
    async run(tenant, work) {
      await turn(tenant);
      try {
        return await work();
      } finally {
        next();
      }
    },
    waiting: () => waiting,
  };
}
