/** What the agent remembers about an instance from one look to the next; all of it may be lost without harm. Pure. */
import type { instanceReasons } from '@atoll/schema/deploy/events';
import type { ProbeRole } from '@atoll/schema/deploy/probes';
import { backoffMs } from './backoff.ts';

export type Reason = (typeof instanceReasons)[number];

/** Of one process. */
export interface ProcessMemory {
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
  /** What its probes have found, by role. */
  readonly probes: Readonly<Record<ProbeRole, Probing | null>>;
  /** Why its process has to be ended; of the newest start that it was found of. */
  readonly ailing: Ailing | null;
}

/** What stands by itself is of the main process. */
export interface Memory extends ProcessMemory {
  /** The step that failed last of those that are for all of its processes: its sandbox, its wire, its end. */
  readonly pod: Failure | null;
  /** Of those beside the main one, by name. */
  readonly others: Readonly<Record<string, ProcessMemory>>;
}

export interface Failure {
  readonly reason: Reason;
  readonly message: string;
  readonly attempts: number;
  /** Unix milliseconds. */
  readonly nextAttemptAt: number;
}

export interface Probing {
  /** The start that it is about; a later start begins anew. */
  readonly startedAt: string;
  /** Its thresholds counted in. */
  readonly passed: boolean;
  readonly once: boolean;
  /** In a row, both of them. */
  readonly successes: number;
  readonly failures: number;
  readonly message: string;
  readonly nextProbeAt: number;
}

export interface Ailing {
  readonly startedAt: string;
  readonly reason: 'LIVENESS_FAILED' | 'STARTUP_FAILED';
  readonly message: string;
}

/** Why this start of it has to be ended; null where nothing is known to be wrong with it. */
export const ailmentOf = ({ ailing }: ProcessMemory, startedAt: string | null): Ailing | null =>
  ailing !== null && ailing.startedAt === startedAt ? ailing : null;

export const unprobed: ProcessMemory['probes'] = { startup: null, readiness: null, liveness: null };

export const untold: ProcessMemory = {
  starts: 0,
  pulled: false,
  failure: null,
  crashes: 0,
  lastExit: null,
  probes: unprobed,
  ailing: null,
};
export const unknown: Memory = { ...untold, pod: null, others: {} };

/** Null for the main one. */
export const memoryOf = (memory: Memory, process: string | null): ProcessMemory =>
  process === null ? memory : (memory.others[process] ?? untold);

export function withProcess(
  memory: Memory,
  process: string | null,
  change: (of: ProcessMemory) => ProcessMemory,
): Memory {
  const before = memoryOf(memory, process);
  const after = change(before);
  if (after === before) return memory;
  return process === null ? { ...memory, ...after } : { ...memory, others: { ...memory.others, [process]: after } };
}

export function failed<M extends ProcessMemory>(memory: M, reason: Reason, message: string, now: number): M {
  return { ...memory, failure: nextFailure(memory.failure, { reason, message }, now) };
}

export function nextFailure(before: Failure | null, what: Pick<Failure, 'reason' | 'message'>, now: number): Failure {
  const attempts = (before?.attempts ?? 0) + 1;
  return { ...what, attempts, nextAttemptAt: now + backoffMs(attempts) };
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
export function seen<M extends ProcessMemory>(memory: M, app: Seen | null): M {
  if (app?.state === 'RUNNING') return memory.failure === null ? memory : { ...memory, failure: null };
  if (app?.state !== 'EXITED' || app.finishedAt === null || memory.lastExit === app.finishedAt) return memory;
  const ranMs = app.startedAt === null ? 0 : Date.parse(app.finishedAt) - Date.parse(app.startedAt);
  const crashes = ranMs >= stableMs ? 1 : memory.crashes + 1;
  return { ...memory, lastExit: app.finishedAt, crashes, probes: unprobed };
}

/** When a process that ended may be started again. */
export const restartAt = (memory: ProcessMemory): number =>
  memory.lastExit === null ? 0 : Date.parse(memory.lastExit) + backoffMs(memory.crashes);
