/**
 * Asks running instances how they fare, each at its own pace: one that answers slowly holds up nobody else. The same question is never
 * asked twice at the same time, so at most one for each probe that there is.
 */
import type { Logger } from '@atoll/service/log';
import { memoryOf, withProcess } from '../plan/memory.ts';
import type { Pod } from '../plan/pod.ts';
import { type Answer, type DueProbe, dueProbes, probed, type Ran } from '../plan/probes.ts';
import type { ProbeResult, ProbeTarget } from '../probe/probe.ts';
import type { Memories } from './memories.ts';

/** After a question that couldn't even be asked. */
const troubleMs = 1000;

export interface Probing {
  reconcile(): Promise<void>;
  /** Resolves when no question is open. */
  idle(): Promise<void>;
}

export function createProbing(options: {
  pods: () => readonly Pod[];
  memories: Memories;
  /** From the node. */
  probeAll: (targets: readonly ProbeTarget[]) => Promise<ProbeResult[]>;
  /** Inside a container; null where it doesn't run. */
  run: (containerId: string, command: readonly string[], timeoutMs: number) => Promise<Ran | null>;
  refresh: () => void;
  /** One has to be ended, or others may have waited for it. */
  decided: () => void;
  log: Logger;
}): Probing {
  const { pods, memories, probeAll, run, refresh, decided, log } = options;
  const open = new Map<string, Promise<void>>();
  let quietUntil = 0;

  const keyOf = ({ containerId, startedAt, role }: DueProbe) => `${containerId} ${startedAt} ${role}`;

  function take(due: DueProbe, answer: Answer): void {
    const { pod, process, role } = due;
    const memory = memories.of(pod.instanceId);
    const before = memoryOf(memory, process);
    const after = probed(before, due, answer, Date.now());
    memories.set(
      pod.instanceId,
      withProcess(memory, process, () => after),
    );
    if (after.ailing !== before.ailing || after.probes[role]?.passed !== before.probes[role]?.passed) decided();
  }

  /** All of them are answered at once: none of these has more time than another. */
  function ask(all: readonly DueProbe[], answers: () => Promise<readonly (Answer | null)[]>): void {
    const work = answers()
      .then(
        (given) => {
          for (const [index, due] of all.entries()) {
            const answer = given[index];
            if (answer != null) take(due, answer);
          }
          refresh();
        },
        (error: unknown) => {
          quietUntil = Date.now() + troubleMs;
          log.warn({ err: error }, "probes couldn't be asked");
        },
      )
      .finally(() => {
        for (const due of all) open.delete(keyOf(due));
      });
    for (const due of all) open.set(keyOf(due), work);
  }

  const connections = (all: readonly DueProbe[]) =>
    probeAll(
      all.flatMap(({ pod, probe }) => {
        if (probe.kind === 'EXEC' || pod.endpoint === null) return [];
        const path = probe.kind === 'HTTP' ? probe.path : '/';
        const timeoutMs = probe.timeoutSeconds * 1000;
        return [{ address: pod.endpoint.ipv4, port: probe.port, protocol: probe.kind, path, timeoutMs }];
      }),
    );

  return {
    async reconcile() {
      const now = Date.now();
      if (now < quietUntil) return;
      const due = dueProbes(pods(), (pod) => memories.of(pod.instanceId), now).filter((one) => !open.has(keyOf(one)));
      for (const one of due) {
        const { probe, containerId } = one;
        if (probe.kind !== 'EXEC') continue;
        ask([one], async () => [await run(containerId, probe.command, probe.timeoutSeconds * 1000)]);
      }
      const byTimeout = Map.groupBy(
        due.filter(({ probe }) => probe.kind !== 'EXEC'),
        ({ probe }) => probe.timeoutSeconds,
      );
      for (const all of byTimeout.values()) ask(all, () => connections(all));
    },
    async idle() {
      await Promise.all(open.values());
    },
  };
}
