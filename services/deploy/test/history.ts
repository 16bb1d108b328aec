/** The guarantees of a deployment, checked on the events that were recorded: whatever processes there were, and died. */
import type { Id } from '@atoll/schema/ids';
import { expect } from 'vitest';
import { type Body, type Deployment, type DeploymentEvent, isReady } from '../src/domain/deployment.ts';
import { evolve } from '../src/domain/evolve.ts';
import { onNodes, reserved } from '../src/domain/holdings.ts';
import type { Recorded } from './platform.ts';

export function checkHistory(events: readonly Recorded[]): Deployment {
  let state: Deployment = { status: 'NONE' };
  const placed = new Set<Id<'instance'>>();
  for (const event of events) {
    const before = state;
    state = evolve(before, event as DeploymentEvent);
    if (state.status !== 'ACTIVE' || before.status !== 'ACTIVE') continue;
    const { replicas, strategy } = state;
    const ready = (body: Body) => body.instances.list().filter(isReady).length;
    if (event.type === 'InstancePlaced') {
      expect(state.instances.size, 'above replicas + maxSurge').toBeLessThanOrEqual(replicas + strategy.maxSurge);
      expect(placed, 'two of one').not.toContain(event.data.instanceId);
      placed.add(event.data.instanceId);
    }
    if (event.type === 'InstanceStopRequested' && ready(state) < ready(before)) {
      expect(ready(state), 'below the minimum').toBeGreaterThanOrEqual(Math.max(0, replicas - strategy.maxUnavailable));
    }
  }
  if (state.status === 'ACTIVE') expect(state.holds, 'held, and not told').toEqual(reserved(state));
  return state;
}

/** The claims of these deployments as their streams say that they are, as `Platform.held` tells them. */
export function heldBy(deploymentId: Id<'deployment'>, state: Deployment): readonly string[] {
  const measures = (key: string, amounts: ReturnType<typeof reserved>) => [
    `node-cpu ${key} ${deploymentId} ${amounts.cpuMillis}`,
    `node-memory ${key} ${deploymentId} ${amounts.memoryMiB}`,
    `node-instances ${key} ${deploymentId} ${amounts.instances}`,
  ];
  if (state.status === 'NONE' || state.status === 'DELETED') return [];
  return [
    `deployment-name ${state.namespaceId}/${state.name} ${deploymentId}`,
    ...[...onNodes(state)].flatMap(([nodeId, amounts]) => measures(nodeId, amounts)),
  ].sort();
}
