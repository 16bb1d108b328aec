/**
 * A node: what its agent says it is, whether it is heard of, and what the operator says of it. Stream `node:<id>`, of the
 * platform.
 *
 * What the operator says is counted, and the newest count is a mark: whatever is placed on the node requires it in its
 * commit, so nothing comes to a node that was cordoned, or put in another pool, before that commit.
 */
import { accept, type Claim, type Decider, type Decision, refuse } from '@atoll/events/decider';
import { type DeployEvent, runtimes } from '@atoll/schema/deploy/events';
import { DEFAULT_POOL, defaultPlace, type NodePlace, nodePlace } from '@atoll/schema/deploy/pools';
import { type Resources, resources } from '@atoll/schema/deploy/spec';
import { equal } from '@atoll/schema/equal';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import { z } from 'zod';
import { POOL_NODES, POOL_NOW } from './pool.ts';

export type NodeEvent = Extract<DeployEvent, { type: `Node${string}` }>;

export interface NodeFacts {
  readonly nodeId: Id<'node'>;
  readonly name: string;
  readonly runtime: (typeof runtimes)[number];
  readonly capacity: Resources;
  readonly maxInstances: number;
}

/** Whether anything new may come: only to an OPEN one. DRAINED is a CORDONED one that nothing is on after a drain. */
export const duties = ['OPEN', 'CORDONED', 'DRAINING', 'DRAINED'] as const;
export type Duty = (typeof duties)[number];

/** What the operator says of it. */
interface Told {
  /** Counts it; 0 where nothing was ever said. */
  readonly revision: number;
  readonly place: NodePlace;
  readonly duty: Duty;
}

export type NodeState =
  | { readonly status: 'NONE' }
  | { readonly status: 'REGISTERED' | 'READY'; readonly facts: NodeFacts; readonly told: Told }
  /** LOST: so long that what it ran counts as gone. */
  | {
      readonly status: 'UNREACHABLE' | 'LOST';
      readonly facts: NodeFacts;
      readonly told: Told;
      readonly reason: string;
    };
type Known = Exclude<NodeState, { readonly status: 'NONE' }>;

const nodeFacts = z.strictObject({
  nodeId: z.templateLiteral(['node_', z.string()]),
  name: z.string(),
  runtime: z.enum(runtimes),
  capacity: resources,
  maxInstances: z.number(),
});
const told = z.strictObject({ revision: z.number(), place: nodePlace, duty: z.enum(duties) });
const nodeState = z.discriminatedUnion('status', [
  z.strictObject({ status: z.literal('NONE') }),
  z.strictObject({ status: z.enum(['REGISTERED', 'READY']), facts: nodeFacts, told }),
  z.strictObject({ status: z.enum(['UNREACHABLE', 'LOST']), facts: nodeFacts, told, reason: z.string() }),
]);

/** What its agent, or its silence, tells. */
type Heard =
  | { readonly action: 'hear'; readonly facts: NodeFacts }
  /** Its agent wasn't heard for too long. */
  | { readonly action: 'miss'; readonly reason: string }
  /** … and for so long that what it ran is given up. */
  | { readonly action: 'lose'; readonly nodeId: Id<'node'>; readonly reason: string; readonly instances: number };
type Said = { readonly nodeId: Id<'node'> } & (
  | { readonly action: 'assign'; readonly place: { readonly [K in keyof NodePlace]?: NodePlace[K] | undefined } }
  | { readonly action: 'cordon'; readonly note: string }
  | { readonly action: 'drain'; readonly note: string; readonly instances: number }
  | { readonly action: 'uncordon' | 'cancelDrain' }
  /** Nothing is left on it. */
  | { readonly action: 'emptied' }
);
export type NodeCommand = Heard | Said;

/** Held by `<node>@<revision>`, of the newest one. */
export const NODE_NOW = 'node-now';
const ownerOf = (nodeId: Id<'node'>, revision: number) => `${nodeId}@${revision}`;

/** For whatever is placed on the node as it was told to be; `by` takes and leaves the mark of one that was told nothing. */
export function nodeUnchanged(nodeId: Id<'node'>, revision: number, by: string): readonly Claim[] {
  const mark = { set: NODE_NOW, key: nodeId } as const;
  if (revision > 0) return [{ op: 'require', ...mark, owner: ownerOf(nodeId, revision) }];
  return [
    { op: 'take', kind: 'unique', ...mark, owner: by },
    { op: 'release', kind: 'unique', ...mark, owner: by },
  ];
}

export const nodeNotFound = reject(
  'NOT_FOUND',
  'There is no such node. List the nodes and use one of their ids.',
  'nodeId',
);
const notDraining = reject(
  'ILLEGAL_STATE',
  'The node is not being drained. To let instances come to it again, uncordon it.',
  'nodeId',
);

export const nodeDecider: Decider<NodeState, NodeCommand, NodeEvent> = {
  initial: { status: 'NONE' },
  decide,
  evolve,
  // A node that comes and goes has a long stream and a small state.
  snapshot: { name: 'node', version: 3, schema: nodeState },
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
    case 'lose': {
      const { nodeId, reason, instances } = command;
      if (state.status === 'NONE' || state.status === 'LOST') return accept<NodeEvent>([]);
      return accept([{ type: 'NodeLost' as const, data: { nodeId, reason, instances } }]);
    }
    default:
      return state.status === 'NONE' ? refuse(nodeNotFound) : obey(state, command);
  }
}

/** Said again, it changes nothing. */
function obey(state: Known, command: Said): Decision<NodeEvent> {
  const { duty, place: before, revision } = state.told;
  const { nodeId } = command;
  const next = { nodeId, revision: revision + 1 };
  switch (command.action) {
    case 'assign':
      return assign(state.told, nodeId, { ...before, ...given(command.place) });
    case 'cordon':
      if (duty !== 'OPEN') return accept<NodeEvent>([]);
      return accept([{ type: 'NodeCordoned', data: { ...next, note: command.note } }], moved(nodeId, revision));
    case 'uncordon':
      if (duty === 'OPEN') return accept<NodeEvent>([]);
      return accept([{ type: 'NodeUncordoned', data: next }], moved(nodeId, revision));
    case 'drain':
      if (duty === 'DRAINING') return accept<NodeEvent>([]);
      return accept(
        [{ type: 'NodeDrainStarted', data: { ...next, note: command.note, instances: command.instances } }],
        moved(nodeId, revision),
      );
    case 'cancelDrain':
      if (duty !== 'DRAINING') return refuse(notDraining);
      return accept([{ type: 'NodeDrainCancelled', data: next }], moved(nodeId, revision));
    case 'emptied':
      if (duty !== 'DRAINING') return accept<NodeEvent>([]);
      return accept([{ type: 'NodeDrained', data: next }], moved(nodeId, revision));
    default:
      return command satisfies never;
  }
}

const given = (place: Extract<Said, { action: 'assign' }>['place']): Partial<NodePlace> =>
  Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined));

function assign({ place: before, revision }: Told, nodeId: Id<'node'>, place: NodePlace): Decision<NodeEvent> {
  if (equal(place, before)) return accept<NodeEvent>([]);
  const inPool = { kind: 'amount', set: POOL_NODES, owner: nodeId } as const;
  // Nobody deletes the default pool: whoever comes to it by nobody's word needs no place in it.
  const leaves: readonly Claim[] =
    before.poolId === place.poolId || before.poolId === DEFAULT_POOL
      ? []
      : [{ op: 'release', ...inPool, key: before.poolId }];
  const joins: readonly Claim[] =
    before.poolId === place.poolId
      ? []
      : [
          { op: 'require', set: POOL_NOW, key: place.poolId },
          ...(place.poolId === DEFAULT_POOL
            ? []
            : [{ op: 'take', ...inPool, key: place.poolId, amount: 1, limit: Number.MAX_SAFE_INTEGER } as const]),
        ];
  return accept(
    [{ type: 'NodeAssigned', data: { nodeId, revision: revision + 1, ...place } }],
    [...moved(nodeId, revision), ...leaves, ...joins],
  );
}

const moved = (nodeId: Id<'node'>, revision: number): readonly Claim[] => {
  const mark = { kind: 'unique', set: NODE_NOW, key: nodeId } as const;
  return [
    ...(revision === 0 ? [] : [{ op: 'release', ...mark, owner: ownerOf(nodeId, revision) } as const]),
    { op: 'take', ...mark, owner: ownerOf(nodeId, revision + 1) },
  ];
};

function introduced(state: NodeState, facts: NodeFacts): readonly NodeEvent[] {
  if (state.status === 'NONE') return [{ type: 'NodeRegistered', data: facts }];
  return sameFacts(state.facts, facts) ? [] : [{ type: 'NodeChanged', data: facts }];
}

const revived = (state: NodeState, { nodeId }: NodeFacts): readonly NodeEvent[] =>
  state.status === 'READY' ? [] : [{ type: 'NodeBecameReady', data: { nodeId } }];

const untold: Told = { revision: 0, place: defaultPlace, duty: 'OPEN' };

function evolve(state: NodeState, event: NodeEvent): NodeState {
  if (event.type === 'NodeRegistered') return { status: 'REGISTERED', facts: event.data, told: untold };
  return state.status === 'NONE' ? state : next(state, event);
}

function next(state: Known, event: Exclude<NodeEvent, { type: 'NodeRegistered' }>): NodeState {
  const { facts, told } = state;
  const onDuty = (duty: Duty, { revision }: { revision: number }) => ({ ...state, told: { ...told, duty, revision } });
  switch (event.type) {
    case 'NodeChanged':
      return { ...state, facts: event.data };
    case 'NodeBecameReady':
      return { status: 'READY', facts, told };
    case 'NodeBecameUnreachable':
      return { status: 'UNREACHABLE', facts, told, reason: event.data.reason };
    case 'NodeLost':
      return { status: 'LOST', facts, told, reason: event.data.reason };
    case 'NodeAssigned': {
      const { poolId, zone, labels, revision } = event.data;
      return { ...state, told: { ...told, revision, place: { poolId, zone, labels } } };
    }
    case 'NodeCordoned':
    case 'NodeDrainCancelled':
      return onDuty('CORDONED', event.data);
    case 'NodeUncordoned':
      return onDuty('OPEN', event.data);
    case 'NodeDrainStarted':
      return onDuty('DRAINING', event.data);
    case 'NodeDrained':
      return onDuty('DRAINED', event.data);
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
