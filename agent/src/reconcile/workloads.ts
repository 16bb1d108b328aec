/**
 * Brings a node's instances to what is desired. A run looks at everything, starts one worker for each instance that has
 * something to do and none at work, and doesn't wait for them: each wakes the next run when it is done.
 */
import type { Id } from '@atoll/schema/ids';
import type { ProcessState } from '@atoll/schema/node/processes';
import type { ObservedInstance } from '@atoll/schema/node/workloads';
import { failpoint } from '@atoll/service/failpoint';
import type { Logger } from '@atoll/service/log';
import { annotateFailure, currentTraceparent, merged, type SpanOptions, withSpan } from '@atoll/service/spans';
import { createLane } from '../lanes.ts';
import type { LogOwner } from '../logs/keep.ts';
import type { Causes } from '../node/causes.ts';
import { describe, describeProcesses } from '../plan/describe.ts';
import { failed, nextFailure, type ProcessMemory, withProcess } from '../plan/memory.ts';
import { appsOf, type Pod } from '../plan/pod.ts';
import { nextPlanAt, planSteps, type Step } from '../plan/steps.ts';
import type { NodeNames } from '../render/names.ts';
import { RuntimeUnavailable } from '../runtimes/runtime.ts';
import { applyStep, failureOf, laneOf } from './apply.ts';
import { lookAtNode, type NodeSources } from './pods.ts';

export interface WorkloadsReconciler {
  reconcile(): Promise<void>;
  /** What is remembered of an instance changed: a report may be due. */
  refresh(): void;
  /** As last seen. */
  pods(): readonly Pod[];
  /** Null before the first look. */
  seen(): readonly Pod[] | null;
  /** Null before the first look: nothing is known of what runs. */
  report(): ObservedInstance[] | null;
  /** Of one of them; null where it isn't there. */
  processes(instance: Id<'instance'>): ProcessState[] | null;
  /** Null where the runtime answers. */
  runtimeError(): string | null;
  /** Resolves when no worker is left. */
  idle(): Promise<void>;
}

export function createWorkloadsReconciler(
  options: Omit<NodeSources, 'atWork'> & {
    names: NodeNames;
    log: Logger;
    /** Asks for another run. */
    wake: () => void;
    /** What is reported may be different now. */
    changed: () => void;
    causes: Causes;
    /** The container of a process is about to be removed. */
    ending: (owner: LogOwner, container: string) => Promise<void>;
  },
): WorkloadsReconciler {
  const { runtime, wiring, memories, names, log, wake, changed, causes } = options;
  // Pulls are bounded by the runtime, and stops only wait: one for each instance at most.
  const lanes = { wait: createLane(Number.POSITIVE_INFINITY), work: createLane(6) };
  const workers = new Map<Id<'instance'>, { readonly done: Promise<void>; step: Step['do'] }>();
  let pods: readonly Pod[] | null = null;
  let runtimeError: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  let reported = '';

  const sources: NodeSources = {
    ...options,
    // A pull leaves nothing behind that would have to be waited for.
    atWork: () => [...workers].flatMap(([instance, worker]) => (worker.step === 'pull-image' ? [] : [instance])),
  };

  const report = () =>
    pods === null ? null : pods.map((pod) => describe({ ...pod, memory: memories.of(pod.instanceId) }, runtimeError));

  function refresh(): void {
    const now = JSON.stringify(report());
    if (now === reported) return;
    reported = now;
    changed();
  }

  const isDesired = (instance: Id<'instance'>) =>
    options.workloads()?.instances.some((desired) => desired.instanceId === instance) ?? false;

  async function work(pod: Pod, steps: readonly Step[]): Promise<void> {
    const { instanceId } = pod;
    const stuck = new Set<string | null>();
    for (const step of steps) {
      if ('process' in step && stuck.has(step.process)) continue;
      // What shall not be any more isn't built on while its removal waits.
      if (pod.desired !== null && !isDesired(instanceId)) return;
      if (step.do === 'start-app' && pod.lease !== null && options.lease().is !== 'HELD') return;
      const worker = workers.get(instanceId);
      if (worker) worker.step = step.do;
      try {
        await lanes[laneOf[step.do]](() =>
          withSpan(step.do, {}, async () => {
            if (step.do === 'start-app') await memories.countStart(instanceId, step.process);
            const ends = step.do === 'remove' && appsOf(pod).find(({ id }) => id === step.id);
            if (ends) await options.ending({ instance: instanceId, process: ends.process }, ends.id);
            failpoint('agent.before-apply');
            await applyStep({ runtime, wiring, names }, step);
            failpoint('agent.after-apply');
          }),
        );
        if (step.do === 'pull-image') change(instanceId, step.process, (of) => ({ ...of, pulled: true }));
      } catch (error) {
        // Nobody's fault but the runtime's: the next look reports it, and everything is tried again.
        if (error instanceof RuntimeUnavailable) throw error;
        const { reason, prefix } = failureOf[step.do];
        const message = `${prefix}: ${error instanceof Error ? error.message : String(error)}`;
        log.warn({ instanceId, step: step.do, err: error }, 'a step failed');
        annotateFailure(reason);
        if (!('process' in step)) {
          const memory = memories.of(instanceId);
          memories.set(instanceId, { ...memory, pod: nextFailure(memory.pod, { reason, message }, Date.now()) });
          return;
        }
        // The other processes don't wait for what this one waits for.
        stuck.add(step.process);
        change(instanceId, step.process, (of) =>
          failed({ ...of, pulled: of.pulled && step.do !== 'create-app' }, reason, message, Date.now()),
        );
      }
    }
    if (stuck.size === 0) log.info({ instanceId, steps: steps.map((step) => step.do) }, 'done');
    const done = new Set(steps.flatMap((step) => ('process' in step ? [step.process] : [])));
    for (const process of done)
      if (!stuck.has(process)) change(instanceId, process, (of) => ({ ...of, failure: null }));
    memories.set(instanceId, { ...memories.of(instanceId), pod: null });
  }

  function change(
    instanceId: Id<'instance'>,
    process: string | null,
    next: (of: ProcessMemory) => ProcessMemory,
  ): void {
    memories.set(instanceId, withProcess(memories.of(instanceId), process, next));
  }

  /** The first start belongs to the request that placed it, the end to those that changed the document; the rest is ours. */
  function spanOf({ instanceId, desired }: Pod, steps: readonly Step[]): SpanOptions {
    const attributes = { 'atoll.instance': instanceId, 'atoll.plan': steps.map((step) => step.do).join(' ') };
    if (desired === null) return { ...merged(options.workloads()?.traces?.toReversed() ?? []), attributes };
    const begun = memories.of(instanceId).starts > 0;
    const traceparent = begun || desired === 'unknown' ? null : (desired.traceparent ?? null);
    return { traceparent, attributes };
  }

  function startWorker(pod: Pod, steps: readonly Step[]): void {
    const done = Promise.resolve()
      .then(() =>
        withSpan('reconcile instance', spanOf(pod, steps), () =>
          work(pod, steps).finally(() => causes.note(currentTraceparent())),
        ),
      )
      .catch((error: unknown) => log.warn({ err: error, instanceId: pod.instanceId }, 'interrupted'))
      .finally(() => {
        workers.delete(pod.instanceId);
        wake();
      });
    workers.set(pod.instanceId, { done, step: steps[0]?.do ?? 'unwire' });
  }

  function wakeLater(all: readonly Pod[], now: number): void {
    clearTimeout(timer);
    const next = Math.min(...all.flatMap((pod) => nextPlanAt(pod) ?? []).filter((at) => at > now));
    if (Number.isFinite(next)) timer = setTimeout(wake, next - now).unref();
  }

  return {
    async reconcile() {
      const before = runtimeError;
      try {
        const view = await lookAtNode(sources);
        runtimeError = null;
        pods = view.pods;
        const now = Date.now();
        for (const pod of pods) {
          if (workers.has(pod.instanceId)) continue;
          const steps = planSteps(pod, now);
          if (steps.length > 0) startWorker(pod, steps);
        }
        for (const wire of view.strayWires) await wiring.unwire(wire);
        if (options.workloads() !== null) await memories.keep(new Set(pods.map((pod) => pod.instanceId)));
        wakeLater(pods, now);
      } catch (error) {
        if (error instanceof RuntimeUnavailable) runtimeError = error.message;
        throw error;
      } finally {
        if (before !== runtimeError) {
          if (runtimeError === null) log.info('the runtime answers again');
          else log.error({ reason: runtimeError }, "the runtime doesn't answer; trying on");
        }
        refresh();
      }
    },
    refresh,
    pods: () => pods ?? [],
    seen: () => pods,
    report,
    processes(instanceId) {
      const pod = pods?.find((one) => one.instanceId === instanceId);
      return pod === undefined ? null : describeProcesses({ ...pod, memory: memories.of(instanceId) }, runtimeError);
    },
    runtimeError: () => runtimeError,
    async idle() {
      clearTimeout(timer);
      await Promise.all([...workers.values()].map((worker) => worker.done));
    },
  };
}
