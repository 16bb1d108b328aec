/** How one process of a pod fares, and whether what it waits for is there. Pure. */
import type { DependencyCondition } from '@atoll/schema/deploy/spec';
import type { ProcessState } from '@atoll/schema/node/processes';
import { backoffMs } from './backoff.ts';
import { type Ailing, ailmentOf, type Probing } from './memory.ts';
import type { Pod, PodContainer, ProcessView } from './pod.ts';
import { ofStart } from './probes.ts';

export type Description = Pick<ProcessState, 'state' | 'reason' | 'message'>;

const pending = (message: string): Description => ({ state: 'PENDING', reason: null, message });

/** First match wins. */
export function describeProcess(
  view: ProcessView,
  pod: Pod,
  all: readonly ProcessView[],
  runtimeError: string | null,
): Description {
  const { app, memory } = view;
  if (app?.state === 'RUNNING') return running(view, app);
  if (isDone(view)) return { state: 'COMPLETED', reason: null, message: '' };
  const failure = memory.failure ?? pod.memory.pod;
  if (failure !== null) return { state: 'WAITING', reason: failure.reason, message: failure.message };
  if (app?.state === 'EXITED') return ended(view, app);
  if (runtimeError !== null) return { state: 'WAITING', reason: 'SANDBOX_FAILED', message: runtimeError };
  if (memory.starts > 0 && app === null) {
    return { state: 'UNREADY', reason: 'EXITED', message: 'Its container is gone, and is being made again.' };
  }
  if (app === null && !memory.pulled) return pending('Its image is being pulled.');
  if (pod.endpoint === null) return pending('It is waiting for its address.');
  if (!pod.secured) return pending('It is waiting for its firewall rules to be in force.');
  const missing = unmet(view, all);
  return pending(missing === null ? 'Its container is being made.' : `It waits until ${missing}.`);
}

/** A task that has ended well: it isn't started again. */
export const isDone = ({ process, app }: ProcessView): boolean =>
  process.kind === 'TASK' && app?.state === 'EXITED' && app.exitCode === 0;

/** What isn't yet of what must be before it is first started; null where all is. */
export function unmet({ process }: ProcessView, all: readonly ProcessView[]): string | null {
  const missing = process.dependsOn.find((dependency) => {
    const other = all.find((one) => one.process.name === dependency.process);
    return other !== undefined && !met[dependency.condition](other);
  });
  return missing === undefined ? null : `${missing.process} is ${missing.condition}`;
}

const met: Readonly<Record<DependencyCondition, (view: ProcessView) => boolean>> = {
  // What is about to be ended isn't waited for in vain: it is started again.
  STARTED: (view) =>
    isDone(view) ||
    (view.app?.state === 'RUNNING' &&
      ailmentOf(view.memory, view.app.startedAt) === null &&
      hasStartedUp(view, view.app)),
  READY: (view) => view.app?.state === 'RUNNING' && running(view, view.app).state === 'READY',
  COMPLETED: isDone,
};

function hasStartedUp({ process, memory }: ProcessView, { startedAt }: PodContainer): boolean {
  return process.startup === null || ofStart(memory.probes.startup, startedAt)?.passed === true;
}

function running(view: ProcessView, app: PodContainer): Description {
  const { process, memory } = view;
  const { probes } = memory;
  const ailment = ailmentOf(memory, app.startedAt);
  if (ailment !== null) return unhealthy(ailment);
  if (!hasStartedUp(view, app)) {
    const said = ofStart(probes.startup, app.startedAt)?.message;
    return { state: 'STARTING', reason: null, message: said ?? 'Its process runs; it has not started up yet.' };
  }
  const readiness = ofStart(probes.readiness, app.startedAt);
  if (process.kind === 'TASK') return { state: 'STARTING', reason: null, message: 'It runs, and has not ended yet.' };
  if (process.readiness === null || readiness?.passed) return { state: 'READY', reason: null, message: '' };
  if (readiness === null || !isUnready(readiness, process.readiness.failureThreshold)) {
    return {
      ...{ state: 'STARTING', reason: null },
      message:
        readiness === null || readiness.message === '' ? 'Its process runs; it is not ready yet.' : readiness.message,
    };
  }
  return { state: 'UNREADY', reason: 'READINESS_FAILED', message: readiness.message };
}

const unhealthy = ({ reason, message }: Ailing): Description => ({ state: 'UNREADY', reason, message });

/** One that never was ready gets time to start; one that was has lost it only after as many failures as count. */
const startingPatience = 10;

const isUnready = ({ once, failures }: Probing, threshold: number): boolean =>
  once || failures >= Math.max(startingPatience, threshold);

function ended({ memory }: ProcessView, app: PodContainer): Description {
  const ailment = ailmentOf(memory, app.startedAt);
  if (ailment !== null) return unhealthy(ailment);
  const ran =
    app.startedAt === null || app.finishedAt === null
      ? ''
      : ` after ${Math.max(0, Math.round((Date.parse(app.finishedAt) - Date.parse(app.startedAt)) / 100) / 10)} s`;
  const again = `It is started again ${backoffMs(memory.crashes) / 1000} s after that.`;
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
