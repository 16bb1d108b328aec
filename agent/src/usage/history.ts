/** Samples of an hour, of each instance: what its counters grew by from one look to the next. Pure. */
import type { Id } from '@atoll/schema/ids';
import { mostUsageSamples, type UsageSample, usageKeptMs } from '@atoll/schema/node/usage';
import type { UsageCounters } from './counters.ts';

export interface UsageHistory {
  /** `at`: Unix milliseconds. `run`: another one counts from nothing. */
  add(instance: Id<'instance'>, run: string, at: number, counters: UsageCounters): void;
  /** Those that ended after `since`, oldest first; null: the newest. */
  read(instance: Id<'instance'>, since: number | null, now: number): UsageSample[];
  /** Forgets everybody else. */
  keep(instances: ReadonlySet<string>): void;
}

interface Kept {
  run: string;
  at: number;
  counters: UsageCounters;
  samples: UsageSample[];
}

const ratio = (part: number, whole: number) => (whole > 0 ? part / whole : 0);

function sampleOf(before: Kept, at: number, now: UsageCounters): UsageSample {
  const grown = (name: keyof UsageCounters) => Math.max(0, now[name] - before.counters[name]);
  const seconds = (at - before.at) / 1000;
  return {
    at: new Date(at).toISOString(),
    seconds,
    cpuMillis: grown('cpuNanos') / 1e6 / seconds,
    cpuThrottled: Math.min(1, ratio(grown('throttledPeriods'), grown('periods'))),
    memoryBytes: now.memoryBytes,
    receivedBytes: grown('receivedBytes'),
    receivedPackets: grown('receivedPackets'),
    sentBytes: grown('sentBytes'),
    sentPackets: grown('sentPackets'),
  };
}

export function createUsageHistory(): UsageHistory {
  const all = new Map<string, Kept>();
  return {
    add(instance, run, at, counters) {
      const known = all.get(instance);
      if (known === undefined) {
        all.set(instance, { run, at, counters, samples: [] });
        return;
      }
      // A clock that was set back begins anew; so does what was started again.
      if (known.run === run && at > known.at) {
        known.samples = [...known.samples, sampleOf(known, at, counters)].slice(-mostUsageSamples);
      }
      Object.assign(known, { run, at, counters });
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
