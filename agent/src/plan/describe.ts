/** What the agent reports of an instance: its state, and why, in words that a person understands. Pure. */
import type { ObservedInstance } from '@atoll/schema/node/workloads';
import { backoffMs } from './backoff.ts';
import type { Readiness } from './memory.ts';
import type { Pod, PodContainer } from './pod.ts';

type Description = Pick<ObservedInstance, 'state' | 'reason' | 'message'>;

export function describe(pod: Pod, runtimeError: string | null): ObservedInstance {
  const { state, reason, message } = stateOf(pod, runtimeError);
  return {
    instanceId: pod.instanceId,
    state,
    reason,
    message: message.slice(0, 1000),
    restarts: Math.max(0, pod.memory.starts - 1),
    startedAt: pod.app?.startedAt ?? null,
  };
}

const pending = (message: string): Description => ({ state: 'PENDING', reason: null, message });

/** First match wins. */
function stateOf(pod: Pod, runtimeError: string | null): Description {
  const { app, memory, desired } = pod;
  if (desired === null) {
    const message = memory.failure?.message ?? runtimeError ?? 'It is being stopped.';
    return { state: 'STOPPING', reason: null, message };
  }
  if (desired === 'unknown') return unknown(app);
  if (app?.state === 'RUNNING') return running(of(memory.readiness, app), desired.spec.readiness !== null);
  if (pod.lease !== null && pod.lease.is !== 'HELD') return unleased(memory.starts);
  if (memory.failure !== null) {
    return { state: 'WAITING', reason: memory.failure.reason, message: memory.failure.message };
  }
  if (app?.state === 'EXITED') return ended(app, memory.crashes);
  if (runtimeError !== null) return { state: 'WAITING', reason: 'SANDBOX_FAILED', message: runtimeError };
  if (memory.starts > 0 && app === null) {
    return { state: 'UNREADY', reason: 'EXITED', message: 'Its container is gone, and is being made again.' };
  }
  if (app === null && !memory.pulled) return pending('Its image is being pulled.');
  if (pod.endpoint === null) return pending('It is waiting for its address.');
  if (!pod.secured) return pending('It is waiting for its firewall rules to be in force.');
  return pending('Its container is being made.');
}

function unleased(starts: number): Description {
  if (starts === 0) return pending('It is fenced, and its node waits for the control plane to let it run.');
  const message = 'It is fenced, and was stopped: its node had not heard from the control plane for too long.';
  return { state: 'UNREADY', reason: 'EXITED', message };
}

function unknown(app: PodContainer | null): Description {
  const message = 'It is on the node; what should run there is not known yet.';
  return { state: app?.state === 'RUNNING' ? 'STARTING' : 'PENDING', reason: null, message };
}

/** What was found of an earlier start says nothing of this one. */
const of = (readiness: Readiness | null, app: PodContainer) =>
  readiness?.startedAt === app.startedAt ? readiness : null;

function running(readiness: Readiness | null, probed: boolean): Description {
  if (!probed || readiness?.ready) return { state: 'READY', reason: null, message: '' };
  if (readiness === null || !isUnready(readiness)) {
    return { state: 'STARTING', reason: null, message: readiness?.message ?? 'Its process runs; it is not ready yet.' };
  }
  return { state: 'UNREADY', reason: 'READINESS_FAILED', message: readiness.message };
}

/** One that never was ready gets time to start; one that was has lost it only after several probes (`lostAfter`). */
const startingPatience = 10;

const isUnready = (readiness: Readiness): boolean => readiness.wasReady || readiness.failures >= startingPatience;

function ended(app: PodContainer, crashes: number): Description {
  const ran =
    app.startedAt === null || app.finishedAt === null
      ? ''
      : ` after ${Math.max(0, Math.round((Date.parse(app.finishedAt) - Date.parse(app.startedAt)) / 100) / 10)} s`;
  const again = `It is started again ${backoffMs(crashes) / 1000} s after that.`;
  return app.outOfMemory
    ? {
        state: 'UNREADY',
        reason: 'OUT_OF_MEMORY',
        message: `It used more memory than its limit and was ended${ran}. ${again}`,
      }
    : {
        state: 'UNREADY',
        reason: 'EXITED',
        message: `Its process ended with exit code ${app.exitCode ?? 'unknown'}${ran}. ${again}`,
      };
}
