/**
 * What runs containers. One interface, one contract suite (`test/runtime-contract.ts`); nothing above it knows Docker.
 *
 * A pod is a sandbox, which holds its network namespace and does nothing, and a container in it for each of its processes. They carry their
 * node and instance as labels: what runs is adopted by these, and what doesn't carry them is never touched.
 */

import type { runtimes } from '@atoll/schema/deploy/events';
import type { Id } from '@atoll/schema/ids';
import type { DesiredInstance } from '@atoll/schema/node/workloads';
import type { Ran } from '../plan/probes.ts';
import type { UsageCounters } from '../usage/counters.ts';

export const containerKinds = ['sandbox', 'app'] as const;
export type ContainerKind = (typeof containerKinds)[number];

/** CREATED: never started · RUNNING · EXITED: ended, or can't be used any more. */
export const containerStates = ['CREATED', 'RUNNING', 'EXITED'] as const;

export interface ObservedContainer {
  readonly id: string;
  readonly instanceId: Id<'instance'>;
  readonly kind: ContainerKind;
  readonly state: (typeof containerStates)[number];
  /** Of an app: the sandbox whose network it has. */
  readonly sandboxId: string | null;
  /** Of a running sandbox: the path of its network namespace; null where the runtime has none to wire. */
  readonly netns: string | null;
  /** RFC 3339; null before it was started. */
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** Of one that runs: when the run before it ended; null where this is the first. */
  readonly endedBefore: string | null;
  readonly exitCode: number | null;
  readonly outOfMemory: boolean;
  readonly stopGraceSeconds: number;
  /** Of an app: the name of its process; null for the main one. */
  readonly process: string | null;
  /** Of an app: its place among those that are started. */
  readonly order: number;
}

/** The runtime itself gives no answer: nobody's instance is at fault, and everything is tried again. */
export class RuntimeUnavailable extends Error {
  override readonly name = 'RuntimeUnavailable';
}

/** Every call has a deadline. A call that may be repeated is: each brings about a state, and that it is there is fine. */
export interface Runtime {
  readonly kind: (typeof runtimes)[number];
  /** Throws RuntimeUnavailable where it doesn't answer. */
  ping(): Promise<void>;
  /** Everything of this node's. */
  list(): Promise<ObservedContainer[]>;
  /** By digest; returns at once where it is there. */
  ensureImage(image: string): Promise<void>;
  /** Made and running, without any network but its own loopback. */
  createSandbox(instance: DesiredInstance): Promise<void>;
  /** Made, and not started. */
  createApp(instance: DesiredInstance, process: string | null, sandboxId: string): Promise<void>;
  start(id: string): Promise<void>;
  /** Asks it to end, and makes it end after `graceSeconds`. */
  stop(id: string, graceSeconds: number): Promise<void>;
  remove(id: string): Promise<void>;
  /** The file that both outputs go to, as Docker's json-file writes and rotates it; null where nothing is kept of them. */
  logPath(id: string): Promise<string | null>;
  /** This node's folder for links to such files: where these are. It needn't be there yet. */
  endedLogs(): Promise<string>;
  /**
   * Runs a program in it, without a shell, and kills it with all that it began once the time is over. What it writes is read and
   * dropped. Null where the container doesn't run.
   */
  run(id: string, command: readonly string[], timeoutMs: number): Promise<Ran | null>;
  /** What it has used since it was started; null where it doesn't run. */
  stats(id: string): Promise<UsageCounters | null>;
  /** Calls `changed` whenever a container of this node's started or ended; what is missed is found by the next `list`. */
  watch(changed: (id: string) => void): { stop(): void };
}
