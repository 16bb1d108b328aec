/** Carries out one step. Which reason a failure gets is a property of the step. */
import type { Reason } from '../plan/memory.ts';
import type { Step } from '../plan/steps.ts';
import type { NodeNames } from '../render/names.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import type { Wiring } from '../sandbox/wiring.ts';

interface Tools {
  readonly runtime: Runtime;
  readonly wiring: Wiring;
  readonly names: NodeNames;
}

export async function applyStep({ runtime, wiring, names }: Tools, step: Step): Promise<void> {
  switch (step.do) {
    case 'pull-image':
      return runtime.ensureImage(step.image);
    case 'create-sandbox':
      return runtime.createSandbox(step.instance);
    case 'wire':
      return wiring.wire(step.endpoint, step.netns);
    case 'create-app':
      return runtime.createApp(step.instance, step.process, step.sandboxId);
    case 'start-app':
      return runtime.start(step.id);
    case 'end-app':
    case 'stop':
      return runtime.stop(step.id, step.graceSeconds);
    case 'remove':
      return runtime.remove(step.id);
    case 'unwire':
      return wiring.unwire(names.interface(step.instanceId));
    default:
      return step satisfies never;
  }
}

interface FailureText {
  readonly reason: Reason;
  readonly prefix: string;
}

export const failureOf: Readonly<Record<Step['do'], FailureText>> = {
  'pull-image': { reason: 'IMAGE_PULL_FAILED', prefix: "The image can't be pulled" },
  'create-sandbox': { reason: 'SANDBOX_FAILED', prefix: "The sandbox can't be made" },
  wire: { reason: 'SANDBOX_FAILED', prefix: "The sandbox can't be connected" },
  'create-app': { reason: 'CONTAINER_CREATE_FAILED', prefix: "The container can't be made" },
  'start-app': { reason: 'CONTAINER_CREATE_FAILED', prefix: "The container can't be started" },
  'end-app': { reason: 'CONTAINER_CREATE_FAILED', prefix: "The container can't be stopped" },
  stop: { reason: 'CONTAINER_CREATE_FAILED', prefix: "The container can't be stopped" },
  remove: { reason: 'CONTAINER_CREATE_FAILED', prefix: "The container can't be removed" },
  unwire: { reason: 'SANDBOX_FAILED', prefix: "The sandbox can't be disconnected" },
};

/** What may go on at once: one slow pull or a long stop holds up nobody else. */
export const laneOf: Readonly<Record<Step['do'], 'wait' | 'work'>> = {
  'pull-image': 'wait',
  'end-app': 'wait',
  stop: 'wait',
  'create-sandbox': 'work',
  wire: 'work',
  'create-app': 'work',
  'start-app': 'work',
  remove: 'work',
  unwire: 'work',
};
