/** What the agent reports of an instance: its state, and why, in words that a person understands. Pure. */
import type { ProcessState } from '@atoll/schema/node/processes';
import type { ObservedInstance } from '@atoll/schema/node/workloads';
import { memoryOf } from './memory.ts';
import { appsOf, type Pod, type PodContainer, specOf, viewsOf } from './pod.ts';
import { describeProcess } from './process.ts';

type Description = Pick<ObservedInstance, 'state' | 'reason' | 'message'>;

export function describe(pod: Pod, runtimeError: string | null): ObservedInstance {
  const { state, reason, message } = stateOf(pod, runtimeError);
  const { memory } = pod;
  return {
    instanceId: pod.instanceId,
    state,
    reason,
    message: message.slice(0, 1000),
    restarts: [memory, ...Object.values(memory.others)].reduce((sum, { starts }) => sum + Math.max(0, starts - 1), 0),
    startedAt: pod.app?.startedAt ?? null,
  };
}

/** In the order in which they are started; empty where it isn't known what should run, or nothing shall any more. */
export function describeProcesses(pod: Pod, runtimeError: string | null): ProcessState[] {
  const spec = specOf(pod);
  if (spec === null) return [];
  const views = viewsOf(pod, spec);
  return views.map((view) => {
    const { process, app, key } = view;
    const { state, reason, message } = describeProcess(view, pod, views, runtimeError);
    return {
      ...{ name: process.name, kind: process.kind, state, reason, message: message.slice(0, 1000) },
      restarts: Math.max(0, memoryOf(pod.memory, key).starts - 1),
      exitCode: app?.state === 'EXITED' ? app.exitCode : null,
      startedAt: app?.startedAt ?? null,
    };
  });
}

const pending = (message: string): Description => ({ state: 'PENDING', reason: null, message });

/** First match wins. */
function stateOf(pod: Pod, runtimeError: string | null): Description {
  const { app, memory, desired } = pod;
  if (desired === null) {
    const failure = memory.pod ?? memory.failure;
    return { state: 'STOPPING', reason: null, message: failure?.message ?? runtimeError ?? 'It is being stopped.' };
  }
  if (desired === 'unknown') return unknown(app);
  const runs = appsOf(pod).some(({ state }) => state === 'RUNNING');
  if (pod.lease !== null && pod.lease.is !== 'HELD' && !runs) return unleased(memory.starts);
  return together(describeProcesses(pod, runtimeError));
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

/** The worst first: an instance is ready when all of it is, and what keeps it from that is said. */
function together(all: readonly ProcessState[]): Description {
  const said = ({ name, reason, message }: ProcessState) => ({
    reason,
    message: all.length === 1 || message === '' ? message : `${name}: ${message}`,
  });
  for (const state of ['WAITING', 'UNREADY'] as const) {
    const bad = all.find((one) => one.state === state);
    if (bad !== undefined) return { state, ...said(bad) };
  }
  const open = all.find(({ state }) => state !== 'READY' && state !== 'COMPLETED');
  if (open === undefined) return { state: 'READY', reason: null, message: '' };
  const begun = all.some(({ state }) => state === 'STARTING' || state === 'READY');
  return { state: begun ? 'STARTING' : 'PENDING', ...said(open), reason: null };
}
