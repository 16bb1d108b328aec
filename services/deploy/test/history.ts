/** The guarantees of a deployment, checked on the events that were recorded: whatever processes there were, and died. */
import type { Id } from '@atoll/schema/ids';
import { expect } from 'vitest';
import { type Body, type Deployment, type DeploymentEvent, isServing } from '../src/domain/deployment.ts';
import { evolve } from '../src/domain/evolve.ts';
import { onNodes, reserved } from '../src/domain/holdings.ts';
import { modeNow, mostOf } from './bounds.ts';
import type { Recorded } from './platform.ts';

export function checkHistory(events: readonly Recorded[]): Deployment {
  let state: Deployment = { status: 'NONE' };
  const placed = new Set<Id<'instance'>>();
  for (const event of events) {
    const before = state;
    state = evolve(before, event as DeploymentEvent);
    if (state.status !== 'ACTIVE' || before.status !== 'ACTIVE') continue;
    const { replicas, strategy } = state;
    const serving = (body: Body) => body.instances.list().filter((one) => isServing(body, one)).length;
    if (event.type === 'InstancePlaced') {
      expect(state.instances.size, 'above what the strategy allows').toBeLessThanOrEqual(mostOf(before));
      const { releaseId } = event.data;
      const others = before.instances.list().filter((one) => one.releaseId !== releaseId);
      if (modeNow(before) === 'RECREATE') expect(others, 'two actives').toEqual([]);
      expect(placed, 'two of one').not.toContain(event.data.instanceId);
      placed.add(event.data.instanceId);
    }
    const spared = modeNow(before) === 'RECREATE';
    if (event.type === 'InstanceStopRequested' && !spared && serving(state) < serving(before)) {
      const minimum = Math.max(0, replicas - strategy.maxUnavailable);
      expect(serving(state), 'below the minimum').toBeGreaterThanOrEqual(minimum);
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
