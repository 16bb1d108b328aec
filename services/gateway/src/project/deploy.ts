/** Events of the deploy context → read models. */
import { batchEvents } from '@atoll/schema/deploy/batches';
import type { DeployEvent } from '@atoll/schema/deploy/events';
import { noWishes, type PlacementDecision } from '@atoll/schema/deploy/placement';
import { DEFAULT_POOL, poolEvents } from '@atoll/schema/deploy/pools';
import type { Probe, ReadinessProbe } from '@atoll/schema/deploy/probes';
import { processesOf, resourcesOf } from '@atoll/schema/deploy/processes';
import { defaultRolloutPolicy, type RolloutPolicy } from '@atoll/schema/deploy/rollouts';
import type { Process } from '@atoll/schema/deploy/spec';
import { rolling, stepsOf } from '@atoll/schema/deploy/strategies';
import type { EventRecord } from '@atoll/schema/envelope';
import { equal as sameValue } from '@atoll/schema/equal';
import { isOf } from '@atoll/schema/registry';
import { projectBatches, withoutBatches } from './batches.ts';
import { derive, type Effect, instant, labelList, type Project, patch, purge, put, remove } from './effects.ts';
import { projectPools } from './pools.ts';
import { noPause, shownStrategy } from './strategies.ts';

/** Columns of a deployment whose newest rollout neither stands still nor has failed, and of a rollout that has ended well. */
const moving = { rollout_standing: null, rollout_message: null };
const unwatched = { deadline_at: null, status_message: null, ...noPause };

const policyColumns = ({ progressDeadlineSeconds, onFailure }: RolloutPolicy) => ({
  progress_deadline_seconds: progressDeadlineSeconds,
  on_failure: onFailure,
});

const shown = (deadlineAt: string | null) => (deadlineAt === null ? null : instant(deadlineAt));

const unheard = 'It has registered, and its agent has not reported it ready yet.';

/** Every event of a deployment's stream is a change of the deployment: its version moves. */
function changed(id: string, record: EventRecord, columns: Readonly<Record<string, unknown>> = {}): Effect[] {
  return [patch('deployment', id, { ...columns, version: record.version }), derive('deployment', id)];
}

type InstanceEvent = { readonly instanceId: string; readonly deploymentId: string };

function instance(data: InstanceEvent, record: EventRecord, columns: Readonly<Record<string, unknown>>): Effect[] {
  return [
    patch('instance', data.instanceId, columns),
    derive('instance', data.instanceId),
    ...changed(data.deploymentId, record),
  ];
}

type RolloutEvent = { readonly rolloutId: string; readonly deploymentId: string };

const failed = ({ rolloutId, deploymentId }: RolloutEvent, record: EventRecord, message: string): Effect[] => [
  patch('rollout', rolloutId, { status: 'FAILED', deadline_at: null, status_message: message, ...noPause }),
  ...changed(deploymentId, record, { rollout_standing: 'FAILED', rollout_message: message }),
];

const unrolled = ({ code, message }: { readonly code: string; readonly message: string }) =>
  `It has failed, and can't be rolled back by itself. ${code}: ${message}`;

/** In the order of the SDL: what is embedded is shown as it is kept. */
export const shownDecision = ({ nodes, rejected, filtered, scores, weights }: PlacementDecision) => ({
  nodes,
  rejected: rejected.map(({ code, count }) => ({ code, count })),
  filtered: filtered.map(({ nodeId, code, reason }) => ({ nodeId, code, reason })),
  scores: scores.map(({ nodeId, score, parts }) => ({ nodeId, score, parts })),
  weights,
});

/** In the order of the SDL. */
const shownProbe = (probe: Probe | ReadinessProbe) => ({
  kind: probe.kind,
  port: probe.kind === 'EXEC' ? null : probe.port,
  path: probe.kind === 'HTTP' ? probe.path : null,
  command: probe.kind === 'EXEC' ? probe.command : null,
  initialDelaySeconds: probe.initialDelaySeconds,
  periodSeconds: probe.periodSeconds,
  timeoutSeconds: probe.timeoutSeconds,
  failureThreshold: probe.failureThreshold,
});

type Probed = Pick<Process, 'readiness' | 'liveness' | 'startup'>;
const shownProbes = ({ readiness, liveness, startup }: Probed) => ({
  readiness: readiness && { ...shownProbe(readiness), successThreshold: readiness.successThreshold },
  liveness: liveness && shownProbe(liveness),
  startup: startup && shownProbe(startup),
});

const shownPorts = (ports: Process['ports']) => ports.map(({ port, protocol }) => ({ port, protocol }));

const shownProcess = (process: Process) => ({
  ...{ name: process.name, kind: process.kind, image: process.image, command: process.command },
  ...{ ports: shownPorts(process.ports), cpuMillis: process.resources.cpuMillis },
  memoryMiB: process.resources.memoryMiB,
  dependsOn: process.dependsOn.map(({ process: name, condition }) => ({ process: name, condition })),
  ...shownProbes(process),
});

export const projectDeploy: Project<DeployEvent> = (event, record): readonly Effect[] => {
  if (isOf(poolEvents, event)) return projectPools(event, record);
  if (isOf(batchEvents, event)) return projectBatches(event, record);
  const tenant_id = record.tenant;
  const at = instant(record.time);
  const fine = { state_reason: null, state_message: null };
  switch (event.type) {
    case 'NodeRegistered': {
      const { nodeId: id, name, runtime, capacity, maxInstances } = event.data;
      return [
        put('compute_node', id, {
          ...{ id, tenant_id, name, status: 'UNREACHABLE', status_message: unheard, runtime: runtime.toUpperCase() },
          ...{ cpu_millis: capacity.cpuMillis, memory_mib: capacity.memoryMiB, status_since: at },
          ...{ max_instances: maxInstances, created_at: at, pool_id: DEFAULT_POOL, zone: null, labels: [] },
          ...{ scheduling: 'OPEN', scheduling_note: '', instances: 0, drained_from: null },
        }),
      ];
    }
    case 'NodeChanged': {
      const { nodeId: id, name, runtime, capacity, maxInstances } = event.data;
      const { cpuMillis: cpu_millis, memoryMiB: memory_mib } = capacity;
      const row = { name, runtime: runtime.toUpperCase(), cpu_millis, memory_mib, max_instances: maxInstances };
      return [patch('compute_node', id, row)];
    }
    case 'NodeBecameReady':
      return [patch('compute_node', event.data.nodeId, { status: 'READY', status_message: null, status_since: at })];
    case 'NodeBecameUnreachable': {
      const { nodeId, reason } = event.data;
      return [patch('compute_node', nodeId, { status: 'UNREACHABLE', status_message: reason, status_since: at })];
    }
    case 'NodeLost':
      return [patch('compute_node', event.data.nodeId, { status: 'LOST', status_message: event.data.reason })];
    case 'EnvironmentRulesAdopted':
    case 'EnvironmentRulesDropped':
    case 'NamespaceOpened':
    case 'NamespaceClosed':
      return [];
    case 'NamespaceDrained':
      return withoutBatches('namespace_id', event.data.namespaceId);
    case 'DeploymentCreated': {
      const { deploymentId: id, namespaceId: namespace_id, name, labels, replicas, strategy } = event.data;
      return [
        put('deployment', id, {
          ...{ id, tenant_id, namespace_id, name, labels: labelList(labels), replicas },
          ...{ max_surge: strategy.maxSurge, max_unavailable: strategy.maxUnavailable, current_release_id: null },
          ...{ version: record.version, created_at: at, deleting: false, rolling_out: false, blocked_message: null },
          ...{ placement: null, fenced: false },
          ...{ ready_replicas: 0, status: 'PROGRESSING', status_message: null, ...moving },
          ...policyColumns(defaultRolloutPolicy),
          rollout_strategy: shownStrategy(rolling),
        }),
        derive('deployment', id),
      ];
    }
    case 'ReleaseCreated': {
      const { deploymentId: deployment_id, releaseId: id, number, spec } = event.data;
      const takes = resourcesOf(spec);
      return [
        put('release', id, {
          ...{ id, tenant_id, deployment_id, number, image: spec.image, command: spec.command },
          ...{ ports: shownPorts(spec.ports), processes: processesOf(spec).map(shownProcess) },
          ...{ cpu_millis: takes.cpuMillis, memory_mib: takes.memoryMiB, created_at: at },
          ...shownProbes(spec),
        }),
        ...changed(deployment_id, record),
      ];
    }
    case 'RolloutStarted': {
      const { deploymentId: deployment_id, rolloutId: id, kind, releaseId: release_id } = event.data;
      const { pace, automatic, deadlineAt, strategy } = event.data;
      const row = {
        ...{ id, tenant_id, deployment_id, release_id, kind, status: 'RUNNING', created_at: at, ended_at: null },
        ...{ pace, automatic, deadline_at: shown(deadlineAt), status_message: null },
        ...{ strategy: shownStrategy(strategy), step: 1, steps: stepsOf(strategy), ...noPause },
      };
      return [
        put('rollout', id, row),
        ...changed(deployment_id, record, {
          current_release_id: release_id,
          rolling_out: true,
          blocked_message: null,
          ...moving,
        }),
      ];
    }
    case 'RolloutCompleted':
      return [
        patch('rollout', event.data.rolloutId, { status: 'COMPLETED', ended_at: at, ...unwatched }),
        ...changed(event.data.deploymentId, record, { rolling_out: false, blocked_message: null, ...moving }),
      ];
    case 'ImageProven':
      return changed(event.data.deploymentId, record);
    case 'RolloutSuperseded':
      // The one that took over has told, or will tell, where the deployment is going.
      return [
        patch('rollout', event.data.rolloutId, { status: 'SUPERSEDED', ended_at: at, deadline_at: null, ...noPause }),
        ...changed(event.data.deploymentId, record),
      ];
    case 'RolloutProgressed':
    case 'RolloutResumed': {
      const row = { status: 'RUNNING', deadline_at: shown(event.data.deadlineAt), status_message: null };
      return [
        patch('rollout', event.data.rolloutId, row),
        ...changed(event.data.deploymentId, record, event.type === 'RolloutResumed' ? moving : {}),
      ];
    }
    case 'RolloutStepReached': {
      const { rolloutId, deploymentId, until } = event.data;
      return [
        patch('rollout', rolloutId, { status: 'PAUSED', deadline_at: null, paused_until: shown(until) }),
        ...changed(deploymentId, record, { rollout_standing: 'PAUSED', rollout_message: null }),
      ];
    }
    case 'RolloutStepUndone':
    case 'RolloutPromoted': {
      const { rolloutId, deploymentId, step, deadlineAt } = event.data;
      return [
        patch('rollout', rolloutId, { status: 'RUNNING', step, deadline_at: shown(deadlineAt), ...noPause }),
        ...changed(deploymentId, record, moving),
      ];
    }
    case 'RolloutStrategySet':
      return changed(event.data.deploymentId, record, { rollout_strategy: shownStrategy(event.data.strategy) });
    case 'TrafficSwitched':
      return changed(event.data.deploymentId, record);
    case 'RolloutSuspended':
      return [
        patch('rollout', event.data.rolloutId, { status: 'SUSPENDED', deadline_at: null, ...noPause }),
        ...changed(event.data.deploymentId, record, { rollout_standing: 'SUSPENDED', rollout_message: null }),
      ];
    case 'RolloutFailed':
      return failed(event.data, record, event.data.message);
    case 'RollbackRefused':
      return failed(event.data, record, unrolled(event.data));
    case 'RolloutPolicySet':
      return changed(event.data.deploymentId, record, policyColumns(event.data));
    case 'RolloutBlocked':
      return changed(event.data.deploymentId, record, {
        blocked_message: `${event.data.reason}: ${event.data.message}`,
      });
    case 'RolloutUnblocked':
      return changed(event.data.deploymentId, record, { blocked_message: null });
    case 'DeploymentScaled':
      return changed(event.data.deploymentId, record, { replicas: event.data.replicas });
    case 'DeploymentLabelsSet':
      return changed(event.data.deploymentId, record, { labels: labelList(event.data.labels) });
    case 'DeploymentPlacementSet': {
      const { deploymentId, placement: wishes } = event.data;
      const placement = sameValue(wishes, noWishes) ? null : { ...wishes, nodeLabels: labelList(wishes.nodeLabels) };
      return changed(deploymentId, record, { placement });
    }
    case 'DeploymentFenced':
      return changed(event.data.deploymentId, record, { fenced: true });
    case 'InstanceMoveRequested':
    case 'InstanceMoveCancelled':
      return changed(event.data.deploymentId, record);
    case 'DeploymentDeletionRequested':
      return changed(event.data.deploymentId, record, { deleting: true });
    // What is held of the quotas is shown as the ledger has it.
    case 'HoldingChanged':
      return changed(event.data.deploymentId, record);
    case 'DeploymentDeleted': {
      const { deploymentId: id } = event.data;
      const parts = ['release', 'rollout', 'instance'] as const;
      return [remove('deployment', id), ...parts.map((table) => purge(table, 'deployment_id', id))];
    }
    case 'InstancePlaced': {
      const { instanceId: id, deploymentId: deployment_id, namespaceId: namespace_id, nodeId: node_id } = event.data;
      const { releaseId: release_id, labels, decision } = event.data;
      const placement = shownDecision(decision);
      return [
        put('instance', id, {
          ...{ id, tenant_id, namespace_id, deployment_id, release_id, node_id, labels: labelList(labels), placement },
          ...{ created_at: at, ready_at: null, state: 'PLACED', ...fine, status: 'PLACED', status_reason: null },
          ...{ status_message: null, ipv4: null, ipv6: null, secured_at: null },
        }),
        derive('instance', id),
        derive('computeNode', node_id),
        ...changed(deployment_id, record),
      ];
    }
    case 'InstanceStarted':
      return instance(event.data, record, { state: 'STARTED', ...fine });
    case 'InstanceReady':
      return instance(event.data, record, { state: 'READY', ...fine, ready_at: at });
    case 'InstanceUnready':
    case 'InstanceWaiting': {
      const state = event.type === 'InstanceUnready' ? 'UNREADY' : 'WAITING';
      const { reason, message } = event.data;
      return instance(event.data, record, { state, state_reason: reason, state_message: message });
    }
    case 'InstanceStopRequested':
      return instance(event.data, record, { state: 'STOPPING', state_reason: event.data.reason, state_message: null });
    case 'InstanceStopped':
    case 'InstanceLost':
      return [
        remove('instance', event.data.instanceId),
        derive('computeNode', event.data.nodeId),
        ...changed(event.data.deploymentId, record),
      ];
    default:
      return event satisfies never;
  }
};
