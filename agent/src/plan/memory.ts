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

/** The part of a container's state that is remembered. */
interface Seen {
  readonly state: 'CREATED' | 'RUNNING' | 'EXITED';
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

/** After a look at its container: an exit is counted once; what runs has nothing wrong with it any more. */
export function seen(memory: Memory, app: Seen | null): Memory {
  if (app?.state === 'RUNNING') return memory.failure === null ? memory : { ...memory, failure: null };
  if (app?.state !== 'EXITED' || app.finishedAt === null || memory.lastExit === app.finishedAt) return memory;
  const ranMs = app.startedAt === null ? 0 : Date.parse(app.finishedAt) - Date.parse(app.startedAt);
  const crashes = ranMs >= stableMs ? 1 : memory.crashes + 1;
  return { ...memory, lastExit: app.finishedAt, crashes, readiness: null };
}

/** When a process that ended may be started again. */
export const restartAt = (memory: Memory): number =>
  memory.lastExit === null ? 0 : Date.parse(memory.lastExit) + backoffMs(memory.crashes);
