/** The agent's own measures, on /metrics. */
import { type ObservedInstance, observedStates } from '@atoll/schema/node/workloads';
import { metrics } from '@atoll/service/metrics';
import { Gauge } from 'prom-client';
import { atMost } from '../lanes.ts';
import { appsOf, type Pod } from '../plan/pod.ts';
import type { Runtime } from '../runtimes/runtime.ts';

const measuresAtOnce = 8;

/** Read when the page is asked for. */
export function measureNode(options: {
  runtime: Runtime;
  pods: () => readonly Pod[];
  instances: () => readonly ObservedInstance[];
}): void {
  const { runtime, pods, instances } = options;
  new Gauge({
    name: 'atoll_agent_instances',
    help: 'Instances on this node by state.',
    labelNames: ['state'],
    registers: [metrics],
    collect() {
      const counts = Map.groupBy(instances(), (instance) => instance.state);
      for (const state of observedStates) this.set({ state }, counts.get(state)?.length ?? 0);
    },
  });
  const cpu = new Gauge({
    name: 'atoll_instance_cpu_seconds',
    help: 'Processor time of the containers of an instance that run, of each since it was started.',
    labelNames: ['instance'],
    registers: [metrics],
  });
  new Gauge({
    name: 'atoll_instance_memory_bytes',
    help: 'Memory in use by the containers of an instance.',
    labelNames: ['instance'],
    registers: [metrics],
    async collect() {
      const running = pods().flatMap((pod) =>
        appsOf(pod).flatMap(({ id, state }) => (state === 'RUNNING' ? [{ instanceId: pod.instanceId, id }] : [])),
      );
      const measured = await atMost(measuresAtOnce, running, async ({ instanceId, id }) => ({
        instance: instanceId,
        // One that has just ended has no measures; the page is for the others.
        stats: await runtime.stats(id).catch(() => null),
      }));
      this.reset();
      cpu.reset();
      for (const { instance, stats } of measured) {
        if (stats === null) continue;
        this.inc({ instance }, stats.memoryBytes);
        cpu.inc({ instance }, stats.cpuNanos / 1e9);
      }
    },
  });
}
