/** From what a node's agent tells of an instance to facts about it. Each sight gives the facts that are new, or none. */
import type { observedStates } from '@atoll/schema/node/workloads';
import type { Deployment, DeploymentEvent } from './deployment.ts';
import type { Instance, InstanceReason } from './instance.ts';

export type ObservedState = (typeof observedStates)[number];

export type Sight =
  | {
      readonly seen: 'there';
      readonly state: ObservedState;
      readonly reason: InstanceReason | null;
      readonly message: string;
    }
  /** The report doesn't have it. `dismissed`: and the agent already worked towards a document without it. */
  | { readonly seen: 'absent'; readonly dismissed: boolean };

export interface Observation {
  readonly instanceId: Instance['id'];
  readonly sight: Sight;
}

type Fact =
  | { readonly type: 'InstanceStarted' | 'InstanceReady' | 'InstanceStopped' }
  | { readonly type: 'InstanceUnready' | 'InstanceWaiting'; readonly reason: InstanceReason; readonly message: string };

/** What the node says about instances that the deployment has on it; about any others it has no say. */
export function observe(
  state: Deployment,
  nodeId: Instance['nodeId'],
  observations: readonly Observation[],
): readonly DeploymentEvent[] {
  if (state.status === 'NONE' || state.status === 'DELETED') return [];
  const { deploymentId, namespaceId } = state;
  return observations.flatMap(({ instanceId, sight }) => {
    const instance = state.instances.get(instanceId);
    if (instance === undefined || instance.nodeId !== nodeId) return [];
    return factsOf(instance, sight).map((fact): DeploymentEvent => {
      const data = { deploymentId, instanceId, nodeId };
      switch (fact.type) {
        case 'InstanceStarted':
        case 'InstanceReady':
          return { type: fact.type, data };
        case 'InstanceStopped':
          return { type: fact.type, data: { ...data, namespaceId } };
        case 'InstanceUnready':
        case 'InstanceWaiting':
          return { type: fact.type, data: { ...data, reason: fact.reason, message: fact.message } };
        default:
          return fact satisfies never;
      }
    });
  });
}

export function factsOf(instance: Pick<Instance, 'condition' | 'stopping'>, sight: Sight): readonly Fact[] {
  if (instance.stopping !== null) {
    // Until it is gone, how it fares is of no interest any more.
    return sight.seen === 'absent' && sight.dismissed ? [{ type: 'InstanceStopped' }] : [];
  }
  if (sight.seen === 'absent')
    return unserving(instance, 'EXITED', 'It is gone from its node; the agent starts it again.');
  const { reason, message } = sight;
  switch (sight.state) {
    case 'PENDING':
      return unserving(instance, reason ?? 'EXITED', message || 'Its node is making it anew.');
    case 'STOPPING':
      return unserving(instance, reason ?? 'EXITED', message || 'Its node is stopping it without having been told to.');
    case 'STARTING':
      if (instance.condition.phase === 'READY')
        return unserving(instance, reason ?? 'EXITED', message || 'It restarts.');
      return starting(instance);
    case 'READY':
      return instance.condition.phase === 'READY' ? [] : [...starting(instance), { type: 'InstanceReady' }];
    case 'UNREADY': {
      const fact = { type: 'InstanceUnready', reason: reason ?? 'READINESS_FAILED', message } as const;
      return [...starting(instance), ...ifNews(instance, 'UNREADY', fact)];
    }
    case 'WAITING': {
      const fact = { type: 'InstanceWaiting', reason: reason ?? 'CONTAINER_CREATE_FAILED', message } as const;
      return ifNews(instance, 'WAITING', fact);
    }
    default:
      return sight.state satisfies never;
  }
}

type Seen = Pick<Instance, 'condition'>;

const hasStarted = ({ condition }: Seen) => condition.phase !== 'PLACED' && condition.phase !== 'WAITING';

/** Its start may have fallen between two reports: it is recorded all the same. */
const starting = (instance: Seen): readonly Fact[] => (hasStarted(instance) ? [] : [{ type: 'InstanceStarted' }]);

/** One that ran and doesn't now isn't ready, whatever its node is doing with it. */
function unserving({ condition }: Seen, reason: InstanceReason, message: string): readonly Fact[] {
  const ran = condition.phase === 'STARTED' || condition.phase === 'READY';
  return ran ? [{ type: 'InstanceUnready', reason, message }] : [];
}

function ifNews<F extends Fact & { reason: InstanceReason; message: string }>(
  { condition }: Seen,
  phase: 'UNREADY' | 'WAITING',
  fact: F,
): readonly F[] {
  const same = condition.phase === phase && condition.reason === fact.reason && condition.message === fact.message;
  return same ? [] : [fact];
}
