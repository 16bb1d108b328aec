/** How the processes of instances fare: asked of a node as it is, stored nowhere. */
import { z } from 'zod';
import { instanceReasons } from '../deploy/events.ts';
import { MOST_PROCESSES, processKinds, processName } from '../deploy/spec.ts';
import { id } from '../ids.ts';

/** States of an instance, and COMPLETED: a task that has ended well. */
const processStates = ['PENDING', 'WAITING', 'STARTING', 'READY', 'UNREADY', 'COMPLETED'] as const;

const processState = z.strictObject({
  name: processName,
  kind: z.enum(processKinds),
  state: z.enum(processStates),
  reason: z.enum(instanceReasons).nullable(),
  message: z.string().max(1000),
  restarts: z.number().int().min(0),
  /** Of its last end; null while it runs, and before it first did. */
  exitCode: z.number().int().nullable(),
  startedAt: z.iso.datetime().nullable(),
});
export type ProcessState = z.infer<typeof processState>;

export const MOST_ASKED = 100;
export const processesRequest = z.strictObject({ instances: z.array(id('instance')).min(1).max(MOST_ASKED) });
export type ProcessesRequest = z.infer<typeof processesRequest>;

/** In the order of the request; null for one that isn't there. */
export const processesReply = z.strictObject({
  instances: z.array(z.array(processState).max(MOST_PROCESSES).nullable()).max(MOST_ASKED),
});
export type ProcessesReply = z.infer<typeof processesReply>;
