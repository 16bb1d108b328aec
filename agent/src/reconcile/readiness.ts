/** Asks running instances whether they are ready, each at its own pace. */
import type { Pod } from '../plan/pod.ts';
import { dueProbes, probed } from '../plan/readiness.ts';
import type { ProbeResult, ProbeTarget } from '../probe/probe.ts';
import type { Memories } from './memories.ts';

const timeoutMs = 1000;

export function createReadiness(options: {
  pods: () => readonly Pod[];
  memories: Memories;
  /** From the node. */
  probeAll: (targets: readonly ProbeTarget[]) => Promise<ProbeResult[]>;
  refresh: () => void;
}): { reconcile(): Promise<void> } {
  const { pods, memories, probeAll, refresh } = options;
  return {
    async reconcile() {
      const due = dueProbes(pods(), (pod) => memories.of(pod.instanceId), Date.now());
      if (due.length === 0) return;
      const results = await probeAll(
        due.map(({ address, probe }) => {
          const path = probe.kind === 'HTTP' ? probe.path : '/';
          return { address, port: probe.port, protocol: probe.kind, path, timeoutMs };
        }),
      );
      due.forEach((asked, index) => {
        const result = results[index];
        if (result === undefined) return;
        const { instanceId } = asked.pod;
        memories.set(instanceId, probed(memories.of(instanceId), asked, result, Date.now()));
      });
      refresh();
    },
  };
}
