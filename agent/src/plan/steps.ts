/**
 * Desired × observed → what to do next for one instance, in order. Pure; where nothing is to be done the list is empty.
 * It holds only what can be done now: after it, the instance is looked at again.
 */
import type { Id } from '@atoll/schema/ids';
import type { RuleEndpoint } from '@atoll/schema/node/network';
import type { DesiredInstance } from '@atoll/schema/node/workloads';
import type { LeaseState } from './lease.ts';
import { ailmentOf, type Failure, restartAt } from './memory.ts';
import { appsOf, type Pod, type ProcessView, viewsOf } from './pod.ts';
import { isDone, unmet } from './process.ts';

export type Step =
  | { readonly do: 'pull-image'; readonly image: string; readonly process: string | null }
  | { readonly do: 'create-sandbox'; readonly instance: DesiredInstance }
  | { readonly do: 'wire'; readonly endpoint: RuleEndpoint; readonly netns: string | null }
  | {
      readonly do: 'create-app';
      readonly instance: DesiredInstance;
      readonly process: string | null;
      readonly sandboxId: string;
    }
  | { readonly do: 'start-app'; readonly id: string; readonly process: string | null }
  | { readonly do: 'end-app'; readonly id: string; readonly graceSeconds: number; readonly process: string | null }
  | { readonly do: 'stop'; readonly id: string; readonly graceSeconds: number }
  | { readonly do: 'remove'; readonly id: string }
  | { readonly do: 'unwire'; readonly instanceId: Id<'instance'> };

const isPending = (failure: Failure | null, now: number) => failure !== null && failure.nextAttemptAt > now;

export function planSteps(pod: Pod, now: number): Step[] {
  const { memory, sandbox } = pod;
  if (isPending(memory.pod, now)) return [];
  // What should run isn't known: everything stays as it is.
  if (pod.desired === 'unknown') return [];
  if (pod.desired === null) return pod.heldUntil !== null && pod.heldUntil > now ? [] : removal(pod);
  if (pod.lease !== null && pod.lease.is !== 'HELD') return ending(pod, pod.lease);
  // A sandbox that ended has lost its network namespace, and with it everything in it.
  if (sandbox !== null && sandbox.state !== 'RUNNING') {
    return [...appsOf(pod).map(({ id }) => remove(id)), remove(sandbox.id)];
  }
  const foreign = appsOf(pod).filter(({ sandboxId }) => sandboxId !== sandbox?.id);
  if (foreign.length > 0) return foreign.map(({ id }) => remove(id));
  return creation(pod, pod.desired, now);
}

/** They end in peace where there is time. That they end is up to their sandbox: here is only what may fail. */
const ending = (pod: Pod, lease: LeaseState): Step[] =>
  [...appsOf(pod)]
    .sort((a, b) => b.order - a.order)
    .flatMap(({ id, state }) =>
      state === 'RUNNING' ? [stop(id, lease.is === 'ENDING' ? Math.floor(lease.leftMs / 1000) : 0)] : [],
    );

/**
 * What runs in it first, who depends on others before these, then what holds it, then the way to it. Its rules go when the network
 * document drops it.
 */
function removal(pod: Pod): Step[] {
  const { sandbox, hasWire, instanceId } = pod;
  const apps = [...appsOf(pod)].sort((a, b) => b.order - a.order);
  return [
    ...apps.flatMap((app) => (app.state === 'RUNNING' ? [stop(app.id, app.stopGraceSeconds)] : [])),
    ...apps.map(({ id }) => remove(id)),
    ...(sandbox === null ? [] : [remove(sandbox.id)]),
    ...(hasWire ? [{ do: 'unwire', instanceId } as const] : []),
  ];
}

function creation(pod: Pod, instance: DesiredInstance, now: number): Step[] {
  const { sandbox, endpoint, secured, wired } = pod;
  const views = viewsOf(pod, instance.spec);
  const able = views.filter(({ memory }) => !isPending(memory.failure, now));
  // Needs no address: the pull begins while that is being found.
  const steps: Step[] = able.flatMap(({ app, memory, process, key }) =>
    app === null && !memory.pulled ? [{ do: 'pull-image', image: process.image, process: key }] : [],
  );
  if (endpoint === null) return steps;
  if (sandbox === null) return [...steps, { do: 'create-sandbox', instance }];
  if (!wired) return [...steps, { do: 'wire', endpoint, netns: sandbox.netns }];
  // No packet before its policy: nothing of the tenant's runs until its rules are in force.
  if (!secured) return steps;
  return [...steps, ...able.flatMap((view) => ofProcess(view, views, { instance, sandboxId: sandbox.id, now }))];
}

/** Every process by itself: only its first start waits for others. */
function ofProcess(
  view: ProcessView,
  all: readonly ProcessView[],
  {
    instance,
    sandboxId,
    now,
  }: { readonly instance: DesiredInstance; readonly sandboxId: string; readonly now: number },
): Step[] {
  const { app, memory, key: process } = view;
  if (app === null) return [{ do: 'create-app', instance, process, sandboxId }];
  const { id } = app;
  const start: Step = { do: 'start-app', id, process };
  switch (app.state) {
    case 'RUNNING':
      return ailmentOf(memory, app.startedAt) !== null
        ? [{ do: 'end-app', id, graceSeconds: app.stopGraceSeconds, process }]
        : [];
    case 'CREATED':
      return unmet(view, all) === null ? [start] : [];
    case 'EXITED':
      return !isDone(view) && restartAt(memory) <= now ? [start] : [];
    default:
      return app.state satisfies never;
  }
}

const remove = (id: string): Step => ({ do: 'remove', id });
const stop = (id: string, graceSeconds: number): Step => ({ do: 'stop', id, graceSeconds });

/** When planning again can give something new without anything having changed but the time; null for never. */
export function nextPlanAt(pod: Pod, now = 0): number | null {
  const times = timesOf(pod).filter((at) => at > now);
  return times.length === 0 ? null : Math.min(...times);
}

function timesOf(pod: Pod): readonly number[] {
  const { desired, memory } = pod;
  const failure = memory.pod === null ? [] : [memory.pod.nextAttemptAt];
  if (desired === null) return pod.heldUntil === null ? failure : [...failure, pod.heldUntil];
  if (desired === 'unknown') return failure;
  const restarts = viewsOf(pod, desired.spec).flatMap((view) => {
    if (view.memory.failure !== null) return [view.memory.failure.nextAttemptAt];
    return view.app?.state === 'EXITED' && !isDone(view) ? [restartAt(view.memory)] : [];
  });
  return [...failure, ...restarts];
}
