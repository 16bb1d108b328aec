/**
 * What a batch of this context's own events changes in its tables, folded so that each row is written once. Pure.
 * No row comes back after it was removed, so the last word on a row is its state.
 */
import { batchEvents } from '@atoll/schema/deploy/batches';
import type { DeployEvent } from '@atoll/schema/deploy/events';
import type { PlacementWishes } from '@atoll/schema/deploy/placement';
import type { PoolTerms } from '@atoll/schema/deploy/pools';
import type { ReleaseSpec } from '@atoll/schema/deploy/spec';
import type { EventRecord } from '@atoll/schema/envelope';
import type { Id } from '@atoll/schema/ids';
import { isOf } from '@atoll/schema/registry';
import type { Labels } from '@atoll/schema/text';
import type { Phase } from '../domain/instance.ts';
import type { Duty } from '../domain/node.ts';
import { type BatchRow, noteBatch, noteRollout, type RolloutRow } from './batches.ts';
import { type RequestColumns, requestOf } from './request.ts';

export interface NodeRow {
  readonly node_id: Id<'node'>;
  readonly name: string;
  readonly runtime: string;
  readonly cpu_millis: number;
  readonly memory_mib: number;
  readonly max_instances: number;
}
export interface PoolRow {
  readonly pool_id: Id<'pool'>;
  readonly name: string;
  readonly revision: number;
  readonly terms: PoolTerms;
}
interface PlaceRow {
  readonly pool_id: Id<'pool'>;
  readonly zone: string | null;
  readonly labels: Readonly<Record<string, string>>;
}
export interface NamespaceRow extends RequestColumns {
  readonly namespace_id: Id<'namespace'>;
  readonly tenant: string;
  readonly status: 'OPEN' | 'CLOSED' | 'DRAINED';
  /** Null where it was told before. */
  readonly environment_id: Id<'environment'> | null;
}
export interface EnvironmentRow {
  readonly environment_id: Id<'environment'>;
  readonly tenant: string;
}
export interface DeploymentRow {
  readonly deployment_id: Id<'deployment'>;
  readonly tenant: string;
  readonly namespace_id: Id<'namespace'>;
  readonly name: string;
}
export interface InstanceRow {
  readonly instance_id: Id<'instance'>;
  readonly tenant: string;
  readonly namespace_id: Id<'namespace'>;
  readonly deployment_id: Id<'deployment'>;
  readonly release_id: Id<'release'>;
  readonly node_id: Id<'node'>;
  readonly traceparent: string | null;
}
/** When its newest rollout fails unless it gets on, and what follows a failed one by itself. */
interface RolloutColumns {
  readonly deadline_at: string | null;
  /** When it goes on by itself from the step at which it waits. */
  readonly due_at: string | null;
  readonly failed_rollout_id: Id<'rollout'> | null;
  readonly answer: 'FAST' | 'GRADUAL' | null;
}
interface DeploymentChange {
  version: number;
  labels?: Labels;
  deleting?: boolean;
  blocked?: boolean;
  rollout?: Partial<RolloutColumns>;
  placement?: PlacementWishes;
  fenced?: boolean;
  request?: RequestColumns;
}

export class Changes {
  readonly nodes = new Map<Id<'node'>, NodeRow>();
  /** Null for ready, else why not. */
  readonly readiness = new Map<Id<'node'>, { readonly reason: string | null; readonly lost: boolean }>();
  readonly pools = new Map<Id<'pool'>, PoolRow>();
  readonly poolsGone = new Set<Id<'pool'>>();
  readonly places = new Map<Id<'node'>, PlaceRow>();
  readonly duties = new Map<Id<'node'>, { readonly duty: Duty; readonly note: string }>();
  readonly told = new Map<Id<'node'>, number>();
  readonly leaving = new Map<Id<'instance'>, boolean>();
  readonly namespaces = new Map<Id<'namespace'>, NamespaceRow>();
  readonly deployments = new Map<Id<'deployment'>, DeploymentRow>();
  readonly deploymentChanges = new Map<Id<'deployment'>, DeploymentChange>();
  readonly deploymentsGone = new Set<Id<'deployment'>>();
  readonly releases = new Map<Id<'release'>, { deployment_id: Id<'deployment'>; spec: ReleaseSpec }>();
  readonly instances = new Map<Id<'instance'>, InstanceRow>();
  readonly conditions = new Map<Id<'instance'>, { phase: Phase; reason: string | null; message: string | null }>();
  readonly stops = new Map<Id<'instance'>, { stopping: string; stop_generation: number }>();
  readonly proven: { readonly namespace_id: Id<'namespace'>; readonly digest: string }[] = [];
  readonly environments = new Map<Id<'environment'>, EnvironmentRow>();
  readonly environmentsGone = new Set<Id<'environment'>>();
  readonly batches = new Map<Id<'batch'>, BatchRow>();
  readonly batchesOver = new Set<Id<'batch'>>();
  readonly rollouts = new Map<Id<'rollout'>, RolloutRow>();
  readonly instancesGone = new Set<Id<'instance'>>();
  /** Nodes whose desired workloads changed, with the position of the newest change. */
  readonly documents = new Map<Id<'node'>, number>();
  /** The traces of these changes, each with its newest position. */
  readonly traces = new Map<Id<'node'>, Map<string, number>>();
  /** Position of the newest event by which room may have come free. */
  capacity: number | null = null;

  document(nodeId: Id<'node'>, { position, traceparent }: EventRecord): void {
    this.documents.set(nodeId, position);
    if (traceparent === null) return;
    const traces = this.traces.get(nodeId) ?? new Map<string, number>();
    this.traces.set(nodeId, traces.set(traceparent, position));
  }
}

const dutyAfter = {
  NodeCordoned: 'CORDONED',
  NodeUncordoned: 'OPEN',
  NodeDrainStarted: 'DRAINING',
  NodeDrainCancelled: 'CORDONED',
  NodeDrained: 'DRAINED',
} as const;

type Recorded = EventRecord & DeployEvent;

export function changesOf(events: readonly EventRecord[]): Changes {
  const changes = new Changes();
  // The registry that the engine checked the events against is the one that these types are made of.
  for (const event of events) note(changes, event as Recorded);
  return changes;
}

function note(changes: Changes, event: Recorded): void {
  if (isOf(batchEvents, event)) {
    noteBatch(changes, event);
    return;
  }
  noteDeployment(changes, event);
  noteRollout(changes, event);
  switch (event.type) {
    case 'NodeRegistered':
    case 'NodeChanged': {
      const { nodeId, name, runtime, capacity, maxInstances } = event.data;
      changes.nodes.set(nodeId, {
        node_id: nodeId,
        name,
        runtime,
        cpu_millis: capacity.cpuMillis,
        memory_mib: capacity.memoryMiB,
        max_instances: maxInstances,
      });
      changes.capacity = event.position;
      return;
    }
    case 'NodeBecameReady':
    case 'NodeBecameUnreachable':
    case 'NodeLost': {
      const reason = event.type === 'NodeBecameReady' ? null : event.data.reason;
      changes.readiness.set(event.data.nodeId, { reason, lost: event.type === 'NodeLost' });
      changes.capacity = event.position;
      return;
    }
    case 'PoolCreated':
    case 'PoolChanged': {
      const { poolId: pool_id, name, revision, terms } = event.data;
      changes.pools.set(pool_id, { pool_id, name, revision, terms });
      changes.capacity = event.position;
      return;
    }
    case 'PoolDeleted':
      changes.poolsGone.add(event.data.poolId);
      return;
    case 'NodeAssigned': {
      const { nodeId, revision, poolId: pool_id, zone, labels } = event.data;
      changes.places.set(nodeId, { pool_id, zone, labels });
      changes.told.set(nodeId, revision);
      changes.capacity = event.position;
      return;
    }
    case 'NodeCordoned':
    case 'NodeUncordoned':
    case 'NodeDrainStarted':
    case 'NodeDrainCancelled':
    case 'NodeDrained': {
      const { nodeId, revision } = event.data;
      const note = 'note' in event.data ? event.data.note : '';
      changes.duties.set(nodeId, { duty: dutyAfter[event.type], note });
      changes.told.set(nodeId, revision);
      changes.capacity = event.position;
      return;
    }
    case 'PlacementTermsAdopted':
      // Terms are read from their stream; what waits for room may have other nodes to choose from.
      changes.capacity = event.position;
      return;
    case 'NamespaceOpened':
    case 'NamespaceClosed':
    case 'NamespaceDrained': {
      const namespace_id = event.data.namespaceId;
      const status = ({ NamespaceOpened: 'OPEN', NamespaceClosed: 'CLOSED', NamespaceDrained: 'DRAINED' } as const)[
        event.type
      ];
      const environment_id =
        event.type === 'NamespaceOpened'
          ? event.data.environmentId
          : (changes.namespaces.get(namespace_id)?.environment_id ?? null);
      const row = { namespace_id, tenant: event.tenant, status, environment_id };
      changes.namespaces.set(namespace_id, { ...row, ...requestOf(event) });
      return;
    }
    case 'InstancePlaced': {
      const { instanceId, namespaceId, deploymentId, releaseId, nodeId } = event.data;
      changes.instances.set(instanceId, {
        instance_id: instanceId,
        tenant: event.tenant,
        namespace_id: namespaceId,
        deployment_id: deploymentId,
        release_id: releaseId,
        node_id: nodeId,
        traceparent: event.traceparent,
      });
      changes.document(nodeId, event);
      return;
    }
    case 'InstanceStarted':
    case 'InstanceReady': {
      const phase = event.type === 'InstanceReady' ? 'READY' : 'STARTED';
      changes.conditions.set(event.data.instanceId, { phase, reason: null, message: null });
      return;
    }
    case 'InstanceUnready':
    case 'InstanceWaiting': {
      const { instanceId, reason, message } = event.data;
      const phase = event.type === 'InstanceUnready' ? 'UNREADY' : 'WAITING';
      changes.conditions.set(instanceId, { phase, reason, message });
      return;
    }
    case 'InstanceMoveRequested':
    case 'InstanceMoveCancelled':
      changes.leaving.set(event.data.instanceId, event.type === 'InstanceMoveRequested');
      return;
    case 'InstanceStopRequested': {
      const { instanceId, nodeId, reason } = event.data;
      changes.stops.set(instanceId, { stopping: reason, stop_generation: event.position });
      changes.document(nodeId, event);
      return;
    }
    case 'InstanceStopped':
      changes.instancesGone.add(event.data.instanceId);
      changes.capacity = event.position;
      return;
    case 'InstanceLost':
      changes.instancesGone.add(event.data.instanceId);
      changes.document(event.data.nodeId, event);
      changes.capacity = event.position;
      return;
    case 'ReleaseCreated': {
      const { releaseId, deploymentId, spec } = event.data;
      changes.releases.set(releaseId, { deployment_id: deploymentId, spec });
      return;
    }
    case 'DeploymentCreated': {
      const { deploymentId, namespaceId, name } = event.data;
      const row = { deployment_id: deploymentId, tenant: event.tenant, namespace_id: namespaceId, name };
      changes.deployments.set(deploymentId, row);
      return;
    }
    case 'ImageProven': {
      const { namespaceId: namespace_id, image } = event.data;
      changes.proven.push({ namespace_id, digest: image.slice(image.indexOf('@') + 1) });
      return;
    }
    case 'EnvironmentRulesAdopted': {
      const { environmentId } = event.data;
      changes.environments.set(environmentId, { environment_id: environmentId, tenant: event.tenant });
      return;
    }
    case 'EnvironmentRulesDropped':
      changes.environmentsGone.add(event.data.environmentId);
      return;
    case 'DeploymentDeleted':
      changes.deploymentsGone.add(event.data.deploymentId);
      return;
    case 'RolloutStarted':
    case 'RolloutCompleted':
    case 'RolloutSuperseded':
    case 'RolloutStrategySet':
    case 'RolloutStepReached':
    case 'RolloutStepUndone':
    case 'RolloutPromoted':
    case 'TrafficSwitched':
    case 'RolloutProgressed':
    case 'RolloutSuspended':
    case 'RolloutResumed':
    case 'RolloutFailed':
    case 'RollbackRefused':
    case 'RolloutPolicySet':
    case 'RolloutBlocked':
    case 'RolloutUnblocked':
    case 'DeploymentScaled':
    case 'DeploymentLabelsSet':
    case 'DeploymentPlacementSet':
    case 'DeploymentFenced':
    case 'DeploymentDeletionRequested':
    case 'HoldingChanged':
      return;
    default:
      event satisfies never;
  }
}

/** What every event of a deployment's stream changes of its row. */
function noteDeployment(changes: Changes, event: Recorded): void {
  if (!('deploymentId' in event.data)) return;
  const { deploymentId } = event.data;
  const change = changes.deploymentChanges.get(deploymentId) ?? { version: 0 };
  change.version = event.version;
  if (event.type === 'RolloutBlocked') change.blocked = true;
  if (event.type === 'RolloutUnblocked') change.blocked = false;
  if (event.type === 'DeploymentFenced') change.fenced = true;
  if (event.type === 'DeploymentCreated' || event.type === 'DeploymentLabelsSet') change.labels = event.data.labels;
  if (event.type === 'DeploymentPlacementSet') change.placement = event.data.placement;
  if (event.type === 'DeploymentDeletionRequested') {
    change.deleting = true;
    change.blocked = false;
  }
  const rollout = rolloutColumns(event);
  if (rollout !== null) change.rollout = { ...change.rollout, ...rollout };
  if (asksForSomething.has(event.type)) change.request = requestOf(event);
  changes.deploymentChanges.set(deploymentId, change);
}

/** Null: nothing changes. */
function rolloutColumns(event: Recorded): Partial<RolloutColumns> | null {
  switch (event.type) {
    case 'RolloutStarted':
    case 'RolloutProgressed':
    case 'RolloutResumed':
    case 'RolloutStepUndone':
    case 'RolloutPromoted':
      return { deadline_at: event.data.deadlineAt, due_at: null, failed_rollout_id: null, answer: null };
    case 'RolloutStepReached':
      return { deadline_at: null, due_at: event.data.until };
    case 'RolloutFailed': {
      const { rolloutId, answer } = event.data;
      const follows = answer !== 'FREEZE';
      return {
        deadline_at: null,
        due_at: null,
        failed_rollout_id: follows ? rolloutId : null,
        answer: follows ? answer : null,
      };
    }
    case 'RolloutSuspended':
    case 'RollbackRefused':
    case 'RolloutCompleted':
    case 'DeploymentDeletionRequested':
      return { deadline_at: null, due_at: null, failed_rollout_id: null, answer: null };
    case 'RolloutPolicySet':
      return { deadline_at: null };
    default:
      return null;
  }
}

const asksForSomething: ReadonlySet<DeployEvent['type']> = new Set([
  'DeploymentCreated',
  'RolloutStarted',
  'RolloutSuspended',
  'RolloutResumed',
  'RolloutPromoted',
  'DeploymentScaled',
  'DeploymentDeletionRequested',
] as const);
