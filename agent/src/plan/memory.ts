/** What the agent remembers about an instance from one look to the next; all of it may be lost without harm. Pure. */
import type { instanceReasons } from '@atoll/schema/deploy/events';
import { backoffMs } from './backoff.ts';

export type Reason = (typeof instanceReasons)[number];

export interface Memory {
  /** How often its process was started. Kept on disk: a restart of the agent isn't one of the instance. */
  readonly starts: number;
  /** Its image was found to be there. */
  readonly pulled: boolean;
  /** The step that failed last, until one of its kind succeeds. */
  readonly failure: Failure | null;
  /** Exits in a row, each soon after its start. */
  readonly crashes: number;
  /** When the newest exit that was counted happened. */
  readonly lastExit: string | null;
  readonly readiness: Readiness | null;
}

export interface Failure {
  readonly reason: Reason;
  readonly message: string;
  readonly attempts: number;
  /** Unix milliseconds. */
  readonly nextAttemptAt: number;
}

export interface Readiness {
  /** The start that it is about; a later start begins anew. */
  readonly startedAt: string;
  readonly ready: boolean;
  readonly wasReady: boolean;
  /** In a row. */
  readonly failures: number;
  readonly message: string;
  readonly nextProbeAt: number;
}

export const unknown: Memory = {
  starts: 0,
  pulled: false,
  failure: null,
  crashes: 0,
  lastExit: null,
  readiness: null,
};

export function failed(memory: Memory, reason: Reason, message: string, now: number): Memory {
  const attempts = (memory.failure?.attempts ?? 0) + 1;
  return { ...memory, failure: { reason, message, attempts, nextAttemptAt: now + backoffMs(attempts) } };
}

/** A process that ran this long before it ended didn't fail to start. */
const stableMs = 60_000;

export interface Exit {
  readonly startedAt: string | null;
  readonly finishedAt: string;
}

export function exited(memory: Memory, exit: Exit): Memory {
  if (memory.lastExit === exit.finishedAt) return memory;
  const ranMs = exit.startedAt === null ? 0 : Date.parse(exit.finishedAt) - Date.parse(exit.startedAt);
  return {
    ...memory,
    lastExit: exit.finishedAt,
    crashes: ranMs >= stableMs ? 1 : memory.crashes + 1,
    readiness: null,
  };
}

/** When a process that ended may be started again. */
export const restartAt = (memory: Memory): number =>
  memory.lastExit === null ? 0 : Date.parse(memory.lastExit) + backoffMs(memory.crashes);
