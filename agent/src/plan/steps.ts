/**
 * Desired × observed → what to do next for one instance, in order. Pure; where nothing is to be done the list is empty.
 * It holds only what can be done now: after it, the instance is looked at again.
 */
import type { Id } from '@atoll/schema/ids';
import type { RuleEndpoint } from '@atoll/schema/node/network';
import type { DesiredInstance } from '@atoll/schema/node/workloads';
import type { LeaseState } from './lease.ts';
import { restartAt } from './memory.ts';
import type { Pod } from './pod.ts';

export type Step =
  | { readonly do: 'pull-image'; readonly image: string }
  | { readonly do: 'create-sandbox'; readonly instance: DesiredInstance }
  | { readonly do: 'wire'; readonly endpoint: RuleEndpoint; readonly netns: string | null }
  | { readonly do: 'create-app'; readonly instance: DesiredInstance; readonly sandboxId: string }
  | { readonly do: 'start-app'; readonly id: string }
  | { readonly do: 'stop'; readonly id: string; readonly graceSeconds: number }
  | { readonly do: 'remove'; readonly id: string }
  | { readonly do: 'unwire'; readonly instanceId: Id<'instance'> };

export function planSteps(pod: Pod, now: number): Step[] {
  const { memory, app, sandbox } = pod;
  if (memory.failure !== null && memory.failure.nextAttemptAt > now) return [];
  // What should run isn't known: everything stays as it is.
  if (pod.desired === 'unknown') return [];
  if (pod.desired === null) return pod.heldUntil !== null && pod.heldUntil > now ? [] : removal(pod);
  if (pod.lease !== null && pod.lease.is !== 'HELD') return ending(pod.app, pod.lease);
  // A sandbox that ended has lost its network namespace, and with it everything in it.
  if (sandbox !== null && sandbox.state !== 'RUNNING') {
    return [...(app === null ? [] : [remove(app.id)]), remove(sandbox.id)];
  }
  if (app !== null && app.sandboxId !== sandbox?.id) return [remove(app.id)];
  return creation(pod, pod.desired, now);
}

/** It ends in peace where there is time. That it ends is up to its sandbox: here is only what may fail. */
const ending = (app: Pod['app'], lease: LeaseState): Step[] =>
  app?.state === 'RUNNING' ? [stop(app.id, lease.is === 'ENDING' ? Math.floor(lease.leftMs / 1000) : 0)] : [];

/** What runs in it first, then what holds it, then the way to it. Its rules go when the network document drops it. */
function removal({ app, sandbox, hasWire, instanceId }: Pod): Step[] {
  return [
    ...(app?.state === 'RUNNING' ? [stop(app.id, app.stopGraceSeconds)] : []),
    ...(app === null ? [] : [remove(app.id)]),
    ...(sandbox === null ? [] : [remove(sandbox.id)]),
    ...(hasWire ? [{ do: 'unwire', instanceId } as const] : []),
  ];
}

function creation(pod: Pod, instance: DesiredInstance, now: number): Step[] {
  const { app, sandbox, endpoint, memory, secured, wired } = pod;
  const steps: Step[] = [];
  // Needs no address: the pull begins while that is being found.
  if (app === null && !memory.pulled) steps.push({ do: 'pull-image', image: instance.spec.image });
  if (endpoint === null) return steps;
  if (sandbox === null) return [...steps, { do: 'create-sandbox', instance }];
  if (!wired) return [...steps, { do: 'wire', endpoint, netns: sandbox.netns }];
  // No packet before its policy: nothing of the tenant's runs until its rules are in force.
  if (!secured) return steps;
  if (app === null) return [...steps, { do: 'create-app', instance, sandboxId: sandbox.id }];
  if (app.state === 'CREATED') return [{ do: 'start-app', id: app.id }];
  if (app.state === 'EXITED' && restartAt(memory) <= now) return [{ do: 'start-app', id: app.id }];
  return [];
}

const remove = (id: string): Step => ({ do: 'remove', id });
const stop = (id: string, graceSeconds: number): Step => ({ do: 'stop', id, graceSeconds });

/** When planning again can give something new without anything having changed but the time; null for never. */
export function nextPlanAt(pod: Pod): number | null {
  if (pod.memory.failure !== null) return pod.memory.failure.nextAttemptAt;
  if (pod.desired === null && pod.heldUntil !== null) return pod.heldUntil;
  return pod.desired !== null && pod.app?.state === 'EXITED' ? restartAt(pod.memory) : null;
}
