/** All that is known about one instance at one moment. */
import type { Id } from '@atoll/schema/ids';
import type { RuleEndpoint } from '@atoll/schema/node/network';
import type { DesiredInstance } from '@atoll/schema/node/workloads';
import type { LeaseState } from './lease.ts';
import type { Memory } from './memory.ts';

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
  readonly app: PodContainer | null;
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
