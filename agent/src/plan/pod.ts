/** All that is known about one instance at one moment. */

import { processesOf, startOrder } from '@atoll/schema/deploy/processes';
import type { Process } from '@atoll/schema/deploy/spec';
import type { Id } from '@atoll/schema/ids';
import type { RuleEndpoint } from '@atoll/schema/node/network';
import type { DesiredInstance } from '@atoll/schema/node/workloads';
import type { LeaseState } from './lease.ts';
import { type Memory, memoryOf, type ProcessMemory } from './memory.ts';

/** What the planner needs to know of a container, whatever runs it. */
export interface PodContainer {
  readonly id: string;
  readonly state: 'CREATED' | 'RUNNING' | 'EXITED';
  readonly sandboxId: string | null;
  readonly netns: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly endedBefore: string | null;
  readonly exitCode: number | null;
  readonly outOfMemory: boolean;
  readonly stopGraceSeconds: number;
  /** Of an app: the name of the process that it is; null for the main one. */
  readonly process: string | null;
  /** Of an app: its place among those that are started, the first of them 0; they are stopped the other way round. */
  readonly order: number;
}

export interface Pod {
  readonly instanceId: Id<'instance'>;
  /** Null where it shall not be (any more); unknown before anything was ever pulled. */
  readonly desired: DesiredInstance | null | 'unknown';
  /** Its addresses, by the newest network document. */
  readonly endpoint: RuleEndpoint | null;
  /** The rules of exactly this endpoint are in force, as this process has seen itself. */
  readonly secured: boolean;
  readonly sandbox: PodContainer | null;
  /** Of the main process. */
  readonly app: PodContainer | null;
  /** Of the processes beside it. */
  readonly others: readonly PodContainer[];
  /** Its wire is finished, and leads to this sandbox. */
  readonly wired: boolean;
  /** There is something of a wire. */
  readonly hasWire: boolean;
  /**
   * Connections may still be sent to it, by this node or another: it isn't stopped before this time (Unix ms), or before the network
   * document says that none does any more. Null where none does.
   */
  readonly heldUntil: number | null;
  /** Of one that is fenced: whether it may run; null of any other. */
  readonly lease: LeaseState | null;
  readonly memory: Memory;
}

/** Null where it shall not run, or isn't known to. */
export const specOf = ({ desired }: Pod): DesiredInstance['spec'] | null =>
  desired === null || desired === 'unknown' ? null : desired.spec;

/** One process of a pod that shall run. */
export interface ProcessView {
  /** Null for the main one. */
  readonly key: string | null;
  readonly process: Process;
  readonly app: PodContainer | null;
  readonly memory: ProcessMemory;
}

export const appsOf = ({ app, others }: Pick<Pod, 'app' | 'others'>): readonly PodContainer[] =>
  app === null ? others : [app, ...others];

/** In the order in which they are started. */
export function viewsOf(pod: Pod, spec: DesiredInstance['spec']): readonly ProcessView[] {
  return orderedOf(spec).map((process) => {
    const key = process.name === spec.name ? null : process.name;
    const app = key === null ? pod.app : (pod.others.find((one) => one.process === key) ?? null);
    return { key, process, app, memory: memoryOf(pod.memory, key) };
  });
}

/** The service has refused what waits in a circle. */
export function orderedOf(spec: DesiredInstance['spec']): readonly Process[] {
  const all = processesOf(spec);
  return startOrder(all) ?? all;
}
