/** When to probe an instance, and what a probe's result says of it. Pure. */
import type { ReadinessProbe } from '@atoll/schema/deploy/spec';
import type { ProbeReply } from '@atoll/schema/node/live';
import type { Memory, Readiness } from './memory.ts';
import { type Pod, specOf } from './pod.ts';

export interface DueProbe {
  readonly pod: Pod;
  readonly startedAt: string;
  readonly address: string;
  readonly probe: ReadinessProbe;
}

/** Instances that are to be asked now. */
export function dueProbes(pods: readonly Pod[], memoryOf: (pod: Pod) => Memory, now: number): DueProbe[] {
  return pods.flatMap((pod) => {
    const probe = specOf(pod)?.readiness;
    const startedAt = pod.app?.state === 'RUNNING' ? pod.app.startedAt : null;
    if (!probe || !startedAt || pod.endpoint === null) return [];
    const { readiness } = memoryOf(pod);
    if (readiness?.startedAt === startedAt && readiness.nextProbeAt > now) return [];
    return [{ pod, startedAt, address: pod.endpoint.ipv4, probe }];
  });
}

type Result = Pick<ProbeReply, 'outcome' | 'httpStatus'>;

/** Quick at first, so that a start is noticed soon, then at the probe's own pace. */
const firstPauseMs = 250;

export function probed(memory: Memory, due: DueProbe, result: Result, now: number): Memory {
  const { probe, startedAt } = due;
  const before = memory.readiness?.startedAt === startedAt ? memory.readiness : null;
  const problem = problemOf(probe, result);
  const failures = problem === null ? 0 : (before?.failures ?? 0) + 1;
  const wasReady = before?.wasReady ?? false;
  const periodMs = probe.periodSeconds * 1000;
  const pause = problem === null || wasReady ? periodMs : Math.min(periodMs, firstPauseMs * 2 ** (failures - 1));
  const ready = problem === null || (wasReady && before?.ready === true && failures < lostAfter);
  const readiness: Readiness = {
    startedAt,
    ready,
    wasReady: wasReady || problem === null,
    failures,
    message: problem ?? '',
    nextProbeAt: now + pause,
  };
  return { ...memory, readiness };
}

/** One failed probe of one that was ready may be chance. */
export const lostAfter = 3;

const notReached: Readonly<Record<ProbeReply['outcome'], string>> = {
  CONNECTED: 'answered',
  REFUSED: 'nothing listens there',
  TIMED_OUT: 'no answer in time',
  UNREACHABLE: "it can't be reached",
  NOT_RUNNING: "it doesn't run",
};

function problemOf(probe: ReadinessProbe, { outcome, httpStatus }: Result): string | null {
  const asked = probe.kind === 'TCP' ? `TCP port ${probe.port}` : `HTTP port ${probe.port}, path ${probe.path}`;
  if (outcome !== 'CONNECTED') return `Its readiness probe fails (${asked}): ${notReached[outcome]}.`;
  if (probe.kind === 'TCP') return null;
  if (httpStatus === null)
    return `Its readiness probe fails (${asked}): it accepted the connection and gave no HTTP answer.`;
  return httpStatus >= 200 && httpStatus < 400
    ? null
    : `Its readiness probe fails (${asked}): it answered with status ${httpStatus}.`;
}
