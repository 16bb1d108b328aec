/** The agent's own measures, on /metrics. */
import { type ObservedInstance, observedStates } from '@atoll/schema/node/workloads';
import { metrics } from '@atoll/service/metrics';
import { Gauge } from 'prom-client';

/** Instances of the node by state, read when the page is asked for. */
export function countInstances(instances: () => readonly ObservedInstance[]): void {
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
}
