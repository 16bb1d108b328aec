/** When to ask an instance how it fares, and what an answer says of it. Pure. */
import { type Probe, type ProbeRole, probeRoles, type ReadinessProbe } from '@atoll/schema/deploy/probes';
import type { ProbeReply } from '@atoll/schema/node/live';
import { type Ailing, ailmentOf, type Memory, type Probing, type ProcessMemory } from './memory.ts';
import { type Pod, type ProcessView, specOf, viewsOf } from './pod.ts';

export interface DueProbe {
  readonly pod: Pod;
  /** Null for the main one. */
  readonly process: string | null;
  readonly role: ProbeRole;
  readonly probe: Probe | ReadinessProbe;
  readonly containerId: string;
  readonly startedAt: string;
}

/** What came of a program that was run in a container. */
export type Ran =
  | { readonly outcome: 'EXITED'; readonly exitCode: number }
  | { readonly outcome: 'OVERDUE' }
  | { readonly outcome: 'NOT_STARTED'; readonly message: string };

export type Answer = Pick<ProbeReply, 'outcome' | 'httpStatus'> | Ran;

/** Those that are to be asked now. Until the startup probe has succeeded once, no other is. */
export function dueProbes(pods: readonly Pod[], memory: (pod: Pod) => Memory, now: number): DueProbe[] {
  return pods.flatMap((pod) => {
    const spec = specOf(pod);
    if (spec === null) return [];
    return viewsOf({ ...pod, memory: memory(pod) }, spec).flatMap((view) => dueOf(pod, view, now));
  });
}

function dueOf(pod: Pod, { app, memory, key, process }: ProcessView, now: number): DueProbe[] {
  if (app?.state !== 'RUNNING' || app.startedAt === null || ailmentOf(memory, app.startedAt)) return [];
  const { startedAt, id: containerId } = app;
  const started = process.startup === null || ofStart(memory.probes.startup, startedAt)?.passed === true;
  return probeRoles.flatMap((role) => {
    const probe = process[role];
    if (probe === null || (probe.kind !== 'EXEC' && pod.endpoint === null) || started === (role === 'startup'))
      return [];
    const at = ofStart(memory.probes[role], startedAt)?.nextProbeAt ?? firstAt(startedAt, probe);
    return at > now ? [] : [{ pod, process: key, role, probe, containerId, startedAt }];
  });
}

const firstAt = (startedAt: string, { initialDelaySeconds }: Probe) =>
  initialDelaySeconds === 0 ? 0 : Date.parse(startedAt) + initialDelaySeconds * 1000;

/** What was found of an earlier start says nothing of this one. */
export const ofStart = (state: Probing | null, startedAt: string | null): Probing | null =>
  state?.startedAt === startedAt ? state : null;

/** Quick at first, so that a start is noticed soon, then at the probe's own pace. */
const firstPauseMs = 250;

export function probed<M extends ProcessMemory>(memory: M, due: DueProbe, answer: Answer, now: number): M {
  const { role, probe, startedAt } = due;
  const known = memory.probes[role];
  // It was started again while it was being asked.
  if (known !== null && known.startedAt > startedAt) return memory;
  const before = ofStart(known, startedAt);
  const problem = problemOf(role, probe, answer);
  const failures = problem === null ? 0 : (before?.failures ?? 0) + 1;
  const successes = problem === null ? (before?.successes ?? 0) + 1 : 0;
  const enough = successes >= ('successThreshold' in probe ? probe.successThreshold : 1);
  const stays = before?.passed === true && failures < probe.failureThreshold;
  const once = before?.once === true || enough;
  const periodMs = probe.periodSeconds * 1000;
  const hurried = role === 'readiness' && !once && problem !== null;
  const pause = hurried ? Math.min(periodMs, firstPauseMs * 2 ** (failures - 1)) : periodMs;
  const state: Probing = {
    ...{ startedAt, passed: enough || stays, once, successes, failures },
    ...{ message: problem ?? '', nextProbeAt: now + pause },
  };
  const ailing = problem === null ? null : ailingOf(due, failures, problem);
  return { ...memory, probes: { ...memory.probes, [role]: state }, ailing: ailing ?? memory.ailing };
}

/** What has to be ended, and why; readiness ends nothing. */
function ailingOf({ role, probe, startedAt }: DueProbe, failures: number, problem: string): Ailing | null {
  if (role === 'readiness' || failures < probe.failureThreshold) return null;
  const reason = role === 'liveness' ? 'LIVENESS_FAILED' : 'STARTUP_FAILED';
  const times = failures === 1 ? 'It failed once' : `It failed ${failures} times in a row`;
  return { startedAt, reason, message: `${problem} ${times}: its process is ended and started again.` };
}

const notReached: Readonly<Record<ProbeReply['outcome'], string>> = {
  CONNECTED: 'answered',
  REFUSED: 'nothing listens there',
  TIMED_OUT: 'no answer in time',
  UNREACHABLE: "it can't be reached",
  NOT_RUNNING: "it doesn't run",
};

const maxShown = 120;
/** What shells and Docker mean by them. */
const hint: Readonly<Record<number, string>> = {
  126: ", as where the program isn't there or can't be run",
  127: ", as where the program isn't there",
};

function asked(probe: Probe | ReadinessProbe): string {
  switch (probe.kind) {
    case 'TCP':
      return `TCP port ${probe.port}`;
    case 'HTTP':
      return `HTTP port ${probe.port}, path ${probe.path}`;
    case 'EXEC':
      return `command ${probe.command.join(' ').slice(0, maxShown)}`;
    default:
      return probe satisfies never;
  }
}

function problemOf(role: ProbeRole, probe: Probe | ReadinessProbe, answer: Answer): string | null {
  const why = faultOf(probe, answer);
  return why === null ? null : `Its ${role} probe fails (${asked(probe)}): ${why}.`;
}

function faultOf(probe: Probe | ReadinessProbe, answer: Answer): string | null {
  switch (answer.outcome) {
    case 'EXITED':
      return answer.exitCode === 0 ? null : `it ended with exit code ${answer.exitCode}${hint[answer.exitCode] ?? ''}`;
    case 'OVERDUE':
      return `it had not ended after ${probe.timeoutSeconds} s and was killed`;
    case 'NOT_STARTED':
      return `it can't be started: ${answer.message.slice(0, 300)}`;
    case 'CONNECTED': {
      const { httpStatus } = answer;
      if (probe.kind !== 'HTTP') return null;
      if (httpStatus === null) return 'it accepted the connection and gave no HTTP answer';
      return httpStatus >= 200 && httpStatus < 400 ? null : `it answered with status ${httpStatus}`;
    }
    default:
      return notReached[answer.outcome];
  }
}
