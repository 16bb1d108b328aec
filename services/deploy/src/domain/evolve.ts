/** `evolve(state, event) → state` of a deployment. Every event is a fact: none is questioned here. */

import { nothing } from './amounts.ts';
import type { Body, Deployment, DeploymentEvent, Release } from './deployment.ts';
import type { Condition } from './instance.ts';
import { Instances } from './instances.ts';

type Live = Extract<Deployment, Body>;
type Created = Extract<DeploymentEvent, { type: 'DeploymentCreated' }>['data'];
type Placed = Extract<DeploymentEvent, { type: 'InstancePlaced' }>['data'];

export function evolve(state: Deployment, event: DeploymentEvent): Deployment {
  if (event.type === 'DeploymentCreated') return created(event.data);
  // An event that comes before the first or after the last one of its stream is about nothing.
  if (state.status === 'NONE' || state.status === 'DELETED') return state;
  return next(state, event);
}

const created = (data: Created): Deployment => ({
  status: 'ACTIVE',
  deploymentId: data.deploymentId,
  namespaceId: data.namespaceId,
  name: data.name,
  labels: data.labels,
  shownLabels: data.labels,
  replicas: data.replicas,
  strategy: data.strategy,
  releases: [],
  target: null,
  rollout: null,
  instances: Instances.none,
  placed: 0,
  holds: nothing,
  blocked: null,
});

function next(state: Live, event: Exclude<DeploymentEvent, { type: 'DeploymentCreated' }>): Deployment {
  switch (event.type) {
    case 'ReleaseCreated': {
      const { releaseId, number, spec } = event.data;
      const release = { id: releaseId, number, spec, completed: false, served: false, abandoned: false };
      return { ...state, releases: [...state.releases, release] };
    }
    case 'RolloutStarted': {
      const { rolloutId, kind, releaseId, fromReleaseId } = event.data;
      const moved = kind === 'ROLLBACK' ? withRelease(state, fromReleaseId, { abandoned: true }) : state;
      const target = moved.releases.find((release) => release.id === releaseId) ?? null;
      return { ...moved, target, rollout: { id: rolloutId, kind, status: 'RUNNING' } };
    }
    case 'RolloutCompleted':
      return ended(withRelease(state, event.data.releaseId, { completed: true, abandoned: false }), 'COMPLETED');
    case 'ImageProven':
      return state;
    case 'RolloutSuperseded':
      return ended(state, 'SUPERSEDED');
    case 'RolloutBlocked': {
      const { reason, message } = event.data;
      return state.status === 'ACTIVE' ? { ...state, blocked: { reason, message } } : state;
    }
    case 'RolloutUnblocked':
      return state.status === 'ACTIVE' ? { ...state, blocked: null } : state;
    case 'DeploymentScaled':
      return { ...state, replicas: event.data.replicas };
    case 'DeploymentLabelsSet':
      return { ...state, shownLabels: event.data.labels };
    case 'DeploymentDeletionRequested': {
      const { blocked: _, ...body } = { blocked: null, ...state };
      return { ...body, status: 'DELETING' };
    }
    case 'DeploymentDeleted':
      return { status: 'DELETED', deploymentId: state.deploymentId };
    case 'HoldingChanged':
      return { ...state, holds: event.data.amounts };
    case 'InstancePlaced':
      return withPlaced(state, event.data);
    case 'InstanceStarted':
      return withCondition(state, event.data.instanceId, { phase: 'STARTED' });
    case 'InstanceReady': {
      const { instanceId } = event.data;
      const releaseId = state.instances.get(instanceId)?.releaseId ?? null;
      return withCondition(withRelease(state, releaseId, { served: true }), instanceId, { phase: 'READY' });
    }
    case 'InstanceUnready':
    case 'InstanceWaiting': {
      const { instanceId, reason, message } = event.data;
      const phase = event.type === 'InstanceUnready' ? 'UNREADY' : 'WAITING';
      return withCondition(state, instanceId, { phase, reason, message });
    }
    case 'InstanceStopRequested': {
      const { instanceId, reason } = event.data;
      const instance = state.instances.get(instanceId);
      if (instance === undefined) return state;
      return { ...state, instances: state.instances.with({ ...instance, stopping: reason }) };
    }
    case 'InstanceStopped':
    case 'InstanceLost':
      return { ...state, instances: state.instances.without(event.data.instanceId) };
    default:
      event satisfies never;
      return state;
  }
}

function withPlaced(state: Live, data: Placed): Live {
  const { instanceId, nodeId, releaseId, resources } = data;
  const order = state.placed + 1;
  const condition = { phase: 'PLACED' } as const;
  const instance = { id: instanceId, nodeId, releaseId, resources, order, condition, stopping: null };
  return { ...state, placed: order, instances: state.instances.with(instance) };
}

function withCondition(state: Live, id: Placed['instanceId'], condition: Condition): Live {
  const instance = state.instances.get(id);
  if (instance === undefined) return state;
  return { ...state, instances: state.instances.with({ ...instance, condition }) };
}

/** `target` is one of `releases`: both change together. */
function withRelease(state: Live, id: Release['id'] | null, change: Partial<Release>): Live {
  const apply = (release: Release) => (release.id === id ? { ...release, ...change } : release);
  return { ...state, releases: state.releases.map(apply), target: state.target && apply(state.target) };
}

const ended = (state: Live, status: 'COMPLETED' | 'SUPERSEDED'): Live => ({
  ...state,
  rollout: state.rollout && { ...state.rollout, status },
});
