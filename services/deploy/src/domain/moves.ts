/** Leaving a node without stopping first, and which wishes a tenant may have. */
import type { PlacementWishes } from '@atoll/schema/deploy/placement';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { Body, Deployment, DeploymentEvent } from './deployment.ts';
import type { Instance } from './instance.ts';
import type { Terms } from './placement-terms.ts';

/** One commit tells so many at most; asked again, the next ones. */
const MOST_MOVED = 200;

const onNode = (state: Deployment, nodeId: Id<'node'>): readonly Instance[] =>
  state.status === 'ACTIVE'
    ? state.instances.list().filter((instance) => instance.nodeId === nodeId && instance.stopping === null)
    : [];

const told = ({ deploymentId }: Pick<Body, 'deploymentId'>, { id, nodeId }: Instance) => ({
  ...{ deploymentId, instanceId: id, nodeId },
});

/** All that it has on the node has to leave it. What stops anyhow leaves anyhow. */
export function requestedMoves(state: Deployment, nodeId: Id<'node'>): readonly DeploymentEvent[] {
  if (state.status !== 'ACTIVE') return [];
  return onNode(state, nodeId)
    .filter(({ leaving }) => !leaving)
    .slice(0, MOST_MOVED)
    .map((instance) => ({ type: 'InstanceMoveRequested', data: { ...told(state, instance), cause: 'DRAIN' } }));
}

/** What hasn't been told to stop yet stays. */
export function cancelledMoves(state: Deployment, nodeId: Id<'node'>): readonly DeploymentEvent[] {
  if (state.status !== 'ACTIVE') return [];
  return onNode(state, nodeId)
    .filter(({ leaving }) => leaving)
    .slice(0, MOST_MOVED)
    .map((instance) => ({ type: 'InstanceMoveCancelled', data: told(state, instance) }));
}

/** Why the tenant may not ask for that. */
export function wishesRefusal(
  { slaClass, near, apart, zones }: PlacementWishes,
  { slaClasses }: Terms,
): Rejection | null {
  if (slaClass !== null && !slaClasses.includes(slaClass)) {
    const message = `The tenant's plan doesn't give the class ${slaClass}: ask for one of ${slaClasses.join(', ')}.`;
    return reject('INVALID_ARGUMENT', message, 'placement.slaClass');
  }
  const lists = { near: near.map(({ deployment }) => deployment), apart, zones };
  for (const [field, names] of Object.entries(lists)) {
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined)
      return reject('INVALID_ARGUMENT', `"${twice}" is there twice: name it once.`, `placement.${field}`);
  }
  return null;
}
