/** Samples of an hour, of each instance: what the counters of its processes grew by from one look to the next. Pure. */
import type { Id } from '@atoll/schema/ids';
import { mostUsageSamples, type UsageSample, usageKeptMs } from '@atoll/schema/node/usage';
import type { UsageCounters } from './counters.ts';

/** Of each process that runs, by its run: each start is another one, and counts from nothing. */
export type Runs = ReadonlyMap<string, UsageCounters>;

export interface UsageHistory {
  /** `at`: Unix milliseconds. */
  add(instance: Id<'instance'>, runs: Runs, at: number): void;
  /** Those that ended after `since`, oldest first; null: the newest. */
  read(instance: Id<'instance'>, since: number | null, now: number): UsageSample[];
  /** Forgets everybody else. */
  keep(instances: ReadonlySet<string>): void;
}

interface Kept {
  runs: Runs;
  at: number;
  samples: UsageSample[];
}

const ratio = (part: number, whole: number) => (whole > 0 ? part / whole : 0);

type Growing = Exclude<keyof UsageCounters, 'memoryBytes'>;

/** Null where none of them ran before: then it begins anew. */
function sampleOf(before: Kept, at: number, now: Runs): UsageSample | null {
  const common = [...now].flatMap(([run, counters]) => {
    const then = before.runs.get(run);
    return then === undefined ? [] : [{ then, counters }];
  });
  const [shared] = common;
  if (shared === undefined) return null;
  const grown = (name: Growing) =>
    [...now].reduce((sum, [run, counters]) => {
      return sum + Math.max(0, counters[name] - (before.runs.get(run)?.[name] ?? 0));
    }, 0);
  // They have one network, and each of them counts all of it.
  const crossed = (name: Growing) => Math.max(0, shared.counters[name] - shared.then[name]);
  const seconds = (at - before.at) / 1000;
  return {
    at: new Date(at).toISOString(),
    seconds,
    cpuMillis: grown('cpuNanos') / 1e6 / seconds,
    cpuThrottled: Math.min(1, ratio(grown('throttledPeriods'), grown('periods'))),
    memoryBytes: [...now.values()].reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    receivedBytes: crossed('receivedBytes'),
    receivedPackets: crossed('receivedPackets'),
    sentBytes: crossed('sentBytes'),
    sentPackets: crossed('sentPackets'),
  };
}

export function createUsageHistory(): UsageHistory {
  const all = new Map<string, Kept>();
  return {
    add(instance, runs, at) {
      const known = all.get(instance);
      if (known === undefined) {
        all.set(instance, { runs, at, samples: [] });
        return;
      }
      // A clock that was set back begins anew; so does what was started again.
      const sample = at > known.at ? sampleOf(known, at, runs) : null;
      if (sample !== null) known.samples = [...known.samples, sample].slice(-mostUsageSamples);
      Object.assign(known, { runs, at });
    },
    read(instance, since, now) {
      const kept = (all.get(instance)?.samples ?? []).filter(({ at }) => Date.parse(at) > now - usageKeptMs);
      return since === null ? kept.slice(-1) : kept.filter(({ at }) => Date.parse(at) > since);
    },
    keep(instances) {
      for (const instance of all.keys()) if (!instances.has(instance)) all.delete(instance);
    },
  };
}
