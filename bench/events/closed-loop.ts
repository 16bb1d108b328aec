/** So many at the same time, each one after the other, for so long: throughput, and how long each took. */
import { percentile } from '../statistics.ts';

export interface LoopSpec {
  readonly concurrency: number;
  readonly seconds: number;
}

export interface LoopOutcome {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly count: number;
}

/** `operation` is given a number that rises over all its calls; what it throws ends the loop. */
export async function closedLoop(
  { concurrency, seconds }: LoopSpec,
  operation: (n: number) => Promise<unknown>,
): Promise<LoopOutcome> {
  const latencies: number[] = [];
  const began = performance.now();
  const until = began + seconds * 1000;
  let next = 0;
  async function one(): Promise<void> {
    for (let now = performance.now(); now < until; ) {
      await operation(next++);
      const end = performance.now();
      latencies.push(end - now);
      now = end;
    }
  }
  await Promise.all(Array.from({ length: concurrency }, one));
  const took = (performance.now() - began) / 1000;
  return {
    perSecond: latencies.length / took,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    count: latencies.length,
  };
}
