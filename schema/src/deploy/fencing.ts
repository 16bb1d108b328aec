/** Nodes that are lost, and what must never run twice: facts, and the arithmetic of the lease that both sides keep. */
import { z } from 'zod';
import { id } from '../ids.ts';

/**
 * A node counts as lost only after so many times its lease: what it must not run any more has stopped by then, also on a node
 * whose clock is slow, or that takes its time to kill a process.
 */
export const LEASE_MARGIN = 1.5;

export const fencingEvents = {
  NodeLost: {
    doc: 'The node has not been heard of for so long that what it ran counts as lost, and is replaced elsewhere. When it comes back, it ends what it was replaced for.',
    stream: 'node',
    version: 1,
    data: z.strictObject({
      nodeId: id('node'),
      reason: z.string().max(1000).describe('Explains it to a person.'),
      instances: z.number().int().min(0).meta({ description: 'On it at that time.', 'x-unit': 'instance' }),
    }),
  },
  DeploymentFenced: {
    doc: 'Never more than its replicas run at once, wherever: a node that is cut off stops its own before they are replaced.',
    stream: 'deployment',
    version: 1,
    data: z.strictObject({ deploymentId: id('deployment'), namespaceId: id('namespace') }),
  },
} as const;

const heardNode = z.strictObject({ nodeId: id('node'), heardAt: z.iso.datetime() });

export const fencingCommands = {
  /** Changes nothing: for the platform alone. When each was heard of last; those that never were are left out. */
  ReadHeard: {
    input: z.strictObject({ nodeIds: z.array(id('node')).min(1).max(100) }),
    result: z.strictObject({ nodes: z.array(heardNode) }),
  },
} as const;
