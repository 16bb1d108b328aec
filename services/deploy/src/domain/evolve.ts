/** `evolve(state, event) → state` of a deployment. Every event is a fact: none is questioned here. */

import { noWishes } from '@atoll/schema/deploy/placement';
import { defaultRolloutPolicy } from '@atoll/schema/deploy/rollouts';
import { rolling } from '@atoll/schema/deploy/strategies';
import { nothing } from './amounts.ts';
import type { Body, Deployment, DeploymentEvent, Release, Rollout } from './deployment.ts';
import type { Condition } from './instance.ts';
import { Instances } from './instances.ts';
import { markOf } from './progress.ts';

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
  plan: rolling,
  policy: defaultRolloutPolicy,
  fenced: false,
  placement: noWishes,
  releases: [],
  target: null,
  rollout: null,
  stableId: null,
  instances: Instances.none,
  active: null,
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
    case 'RolloutStarted':
      return started(state, event.data);
    case 'RolloutCompleted': {
      const { releaseId } = event.data;
      const done = withRelease(state, releaseId, { completed: true, abandoned: false });
      return { ...ended(done, 'COMPLETED'), stableId: releaseId };
    }
    case 'RolloutProgressed':
      return moving(state, event.data.deadlineAt);
    case 'RolloutResumed':
      return withRollout(state, { status: 'RUNNING', deadlineAt: event.data.deadlineAt, mark: markOf(state) });
    case 'RolloutSuspended': {
      const { targets, extra, remainingMs } = event.data;
      return withRollout(state, { status: 'SUSPENDED', held: { targets, extra }, remainingMs });
    }
    case 'RolloutStepReached':
      return withRollout(state, { status: 'PAUSED', until: event.data.until });
    case 'RolloutStepUndone': {
      const undone = (state.rollout?.undone ?? 0) + 1;
      return running(atStep(state, { undone }), event.data.deadlineAt);
    }
    case 'RolloutPromoted':
      return running(atStep(state, { step: event.data.step - 1, undone: 0 }), event.data.deadlineAt);
    case 'TrafficSwitched':
      return { ...state, active: event.data.releaseIds };
    case 'RolloutStrategySet':
      return { ...state, plan: event.data.strategy };
    case 'RolloutFailed': {
      const { releaseId, targets, extra, answer } = event.data;
      const known = withRelease(state, releaseId, { abandoned: true });
      return withRollout(known, { status: 'FAILED', held: { targets, extra }, answer });
    }
    case 'RollbackRefused':
      return state.rollout?.status === 'FAILED' ? withRollout(state, { ...state.rollout, answer: 'FREEZE' }) : state;
    case 'RolloutPolicySet': {
      const { progressDeadlineSeconds, onFailure } = event.data;
      const policy = { progressDeadlineSeconds, onFailure };
      const same = progressDeadlineSeconds === state.policy.progressDeadlineSeconds;
      // Another deadline counts from when it is next looked at.
      return same ? { ...state, policy } : moving({ ...state, policy }, null);
    }
    case 'ImageProven':
      return state;
    case 'RolloutSuperseded':
      return ended(state, 'SUPERSEDED');
    case 'RolloutBlocked': {
      const { reason, message } = event.data;
      return state.status === 'ACTIVE' ? { ...state, blocked: { reason, message } } : state;
    }
    case 'RolloutUnblocked':
      // It wasn't its release's fault that nothing progressed: the clock starts anew.
      return state.status === 'ACTIVE' ? moving({ ...state, blocked: null }, null) : state;
    case 'DeploymentScaled':
      return moving({ ...state, replicas: event.data.replicas }, null);
    case 'DeploymentPlacementSet':
      return { ...state, placement: event.data.placement };
    case 'DeploymentFenced':
      return { ...state, fenced: true };
    case 'InstanceMoveRequested':
    case 'InstanceMoveCancelled': {
      const instance = state.instances.get(event.data.instanceId);
      if (instance === undefined) return state;
      const leaving = event.type === 'InstanceMoveRequested';
      return { ...state, instances: state.instances.with({ ...instance, leaving }) };
    }
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
  const instance = { id: instanceId, nodeId, releaseId, resources, order, condition, leaving: false, stopping: null };
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

type Started = Extract<DeploymentEvent, { type: 'RolloutStarted' }>['data'];

function started(state: Live, data: Started): Live {
  const { rolloutId: id, kind, pace, releaseId, fromReleaseId, deadlineAt, strategy } = data;
  const leaves = kind === 'ROLLBACK' && fromReleaseId !== releaseId;
  const moved = leaves ? withRelease(state, fromReleaseId, { abandoned: true }) : state;
  const target = moved.releases.find((release) => release.id === releaseId) ?? null;
  const there = { ...moved, target };
  const begun = { id, kind, pace, strategy, step: 0, undone: 0 };
  return { ...there, rollout: { ...begun, status: 'RUNNING', deadlineAt, mark: markOf(there) } };
}

type AnyStatus = 'id' | 'kind' | 'pace' | 'strategy' | 'step' | 'undone';
/** The part of a rollout that its status has. */
type Standing<R = Rollout> = R extends Rollout ? Omit<R, AnyStatus> : never;

function withRollout<L extends Live>(state: L, standing: Standing): L {
  if (state.rollout === null) return state;
  const { id, kind, pace, strategy, step, undone } = state.rollout;
  return { ...state, rollout: { id, kind, pace, strategy, step, undone, ...standing } };
}

const atStep = <L extends Live>(state: L, at: Partial<Pick<Rollout, 'step' | 'undone'>>): L =>
  state.rollout === null ? state : { ...state, rollout: { ...state.rollout, ...at } };

/** From how far it is now. */
const running = <L extends Live>(state: L, deadlineAt: string | null): L =>
  withRollout(state, { status: 'RUNNING', deadlineAt, mark: markOf(state) });

/** One that doesn't run stays as it is. */
const moving = <L extends Live>(state: L, deadlineAt: string | null): L =>
  state.rollout?.status === 'RUNNING' ? running(state, deadlineAt) : state;

const ended = (state: Live, status: 'COMPLETED' | 'SUPERSEDED'): Live => withRollout(state, { status });
