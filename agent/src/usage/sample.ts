/** Samples what this node's instances use, and answers what was sampled. */
import { setImmediate as turn } from 'node:timers/promises';
import { resourcesOf } from '@atoll/schema/deploy/processes';
import { type UsageReply, type UsageRequest, usageSampleMs } from '@atoll/schema/node/usage';
import { appsOf, type Pod, specOf } from '../plan/pod.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import type { UsageCounters } from './counters.ts';
import { createUsageHistory } from './history.ts';

/** Read in a row, before others have their turn: some milliseconds. */
const atOnce = 20;
/** A sample that is older isn't what is used now. */
const staleMs = 4 * usageSampleMs;
const mebibyte = 1024 * 1024;

export interface UsageSampler {
  sample(): Promise<void>;
  usage(request: UsageRequest): Promise<UsageReply>;
}

export function createUsageSampler(options: {
  runtime: Pick<Runtime, 'stats'>;
  /** Null before the first look at the node. */
  pods: () => readonly Pod[] | null;
}): UsageSampler {
  const { runtime, pods } = options;
  const history = createUsageHistory();
  return {
    async sample() {
      const all = pods();
      if (all === null) return;
      history.keep(new Set(all.map(({ instanceId }) => instanceId)));
      let read = 0;
      for (const pod of all) {
        const runs = new Map<string, UsageCounters>();
        for (const { id, state, startedAt } of appsOf(pod)) {
          if (state !== 'RUNNING') continue;
          const counters = await runtime.stats(id);
          if (counters !== null) runs.set(`${id} ${startedAt}`, counters);
          read += 1;
          if (read % atOnce === 0) await turn();
        }
        if (runs.size > 0) history.add(pod.instanceId, runs, Date.now());
      }
    },
    async usage({ instances, since }) {
      const now = Date.now();
      const from = since === null ? null : Date.parse(since);
      const asked = new Set<string>(since === null ? instances : instances.slice(0, 1));
      return {
        instances: (pods() ?? []).flatMap((pod) => {
          if (!asked.has(pod.instanceId)) return [];
          const samples = history.read(pod.instanceId, from, now);
          const [newest] = samples.slice(-1);
          const stale = newest === undefined || Date.parse(newest.at) < now - staleMs;
          if (newest === undefined || (since === null && stale)) return [];
          const spec = specOf(pod);
          const resources = spec === null ? null : resourcesOf(spec);
          const limits = {
            cpuLimitMillis: resources?.cpuMillis ?? null,
            memoryLimitBytes: resources === null ? null : resources.memoryMiB * mebibyte,
          };
          return [{ instanceId: pod.instanceId, ...limits, samples }];
        }),
      };
    },
  };
}
