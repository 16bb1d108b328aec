/** A node: what its agent says it is, and whether it is heard of. Stream `node:<id>`, of the platform. */
import { accept, type Decider, type Decision } from '@atoll/events/decider';
import { type DeployEvent, runtimes } from '@atoll/schema/deploy/events';
import { type Resources, resources } from '@atoll/schema/deploy/spec';
import type { Id } from '@atoll/schema/ids';
import { z } from 'zod';

export type NodeEvent = Extract<
  DeployEvent,
  { type: 'NodeRegistered' | 'NodeChanged' | 'NodeBecameReady' | 'NodeBecameUnreachable' }
>;

export interface NodeFacts {
  readonly nodeId: Id<'node'>;
  readonly name: string;
  readonly runtime: (typeof runtimes)[number];
  readonly capacity: Resources;
  readonly maxInstances: number;
}

export type NodeState =
  | { readonly status: 'NONE' }
  | { readonly status: 'REGISTERED' | 'READY'; readonly facts: NodeFacts }
  | { readonly status: 'UNREACHABLE'; readonly facts: NodeFacts; readonly reason: string };

const nodeFacts = z.strictObject({
  nodeId: z.templateLiteral(['node_', z.string()]),
  name: z.string(),
  runtime: z.enum(runtimes),
  capacity: resources,
  maxInstances: z.number(),
});
const nodeState = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('NONE') }),
  z.strictObject({ status: z.enum(['REGISTERED', 'READY']), facts: nodeFacts }),
  z.strictObject({ status: z.literal('UNREACHABLE'), facts: nodeFacts, reason: z.string() }),
]);

export type NodeCommand =
  /** Its agent was heard. */
  | { readonly action: 'hear'; readonly facts: NodeFacts }
  /** Its agent wasn't heard for too long. */
  | { readonly action: 'miss'; readonly reason: string };

export const nodeDecider: Decider<NodeState, NodeCommand, NodeEvent> = {
  initial: { status: 'NONE' },
  decide,
  evolve,
  // A node that comes and goes has a long stream and a small state.
  snapshot: { name: 'node', version: 1, schema: nodeState },
};

function decide(state: NodeState, command: NodeCommand): Decision<NodeEvent> {
  switch (command.action) {
    case 'hear':
      return accept([...introduced(state, command.facts), ...revived(state, command.facts)]);
    case 'miss': {
      if (state.status !== 'READY') return accept<NodeEvent>([]);
      const { nodeId } = state.facts;
      return accept([{ type: 'NodeBecameUnreachable' as const, data: { nodeId, reason: command.reason } }]);
    }
    default:
      return command satisfies never;
  }
}

function introduced(state: NodeState, facts: NodeFacts): readonly NodeEvent[] {
  if (state.status === 'NONE') return [{ type: 'NodeRegistered', data: facts }];
  return sameFacts(state.facts, facts) ? [] : [{ type: 'NodeChanged', data: facts }];
}

const revived = (state: NodeState, { nodeId }: NodeFacts): readonly NodeEvent[] =>
  state.status === 'READY' ? [] : [{ type: 'NodeBecameReady', data: { nodeId } }];

function evolve(state: NodeState, event: NodeEvent): NodeState {
  switch (event.type) {
    case 'NodeRegistered':
      return { status: 'REGISTERED', facts: event.data };
    case 'NodeChanged':
      return state.status === 'NONE' ? state : { ...state, facts: event.data };
    case 'NodeBecameReady':
      return state.status === 'NONE' ? state : { status: 'READY', facts: state.facts };
    case 'NodeBecameUnreachable':
      return state.status === 'NONE' ? state : { status: 'UNREACHABLE', facts: state.facts, reason: event.data.reason };
    default:
      return event satisfies never;
  }
}

export const sameFacts = (a: NodeFacts, b: NodeFacts) =>
  a.name === b.name &&
  a.runtime === b.runtime &&
  a.capacity.cpuMillis === b.capacity.cpuMillis &&
  a.capacity.memoryMiB === b.capacity.memoryMiB &&
  a.maxInstances === b.maxInstances;
