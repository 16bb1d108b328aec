/**
 * The next step of a deployment towards what is wanted, from its state alone. Level-triggered: asked again at any time, by
 * anybody, it gives what is still to be done, and nothing where nothing is.
 *
 * Guarantees, over any order of steps and reports:
 * 1. Nothing is placed where it would make more than replicas + maxSurge instances, stopping ones counted: they hold
 *    their resources until their node says they are gone.
 * 2. No ready instance is told to stop where that would leave fewer than replicas − maxUnavailable ready; but those of a
 *    release that is known to be bad, where the rollout away from it was asked to be FAST.
 * 3. Old instances go only as new ones become ready: a release that never gets ready holds the rollout, and harms nothing.
 * 4. While a rollout is suspended or has failed, nothing is replaced: what is lost comes back as what it was.
 */
import type { Id } from '@atoll/schema/ids';
import { placeMany } from '../placement/place.ts';
import type { Placer } from '../placement/placer.ts';
import { ownText, shortageOf } from '../placement/room.ts';
import type { Peers } from '../placement/search.ts';
import {
  type Active,
  type Body,
  baseOf,
  ceiling,
  DEPLOYMENT_LABEL,
  type Deleting,
  type Deployment,
  type DeploymentEvent,
  type Held,
  isReady,
  isSettled,
  isTarget,
  type Release,
} from './deployment.ts';
import { evolve } from './evolve.ts';
import type { Instance, StopReason } from './instance.ts';
import { clock } from './progress.ts';
import { placerOf, type World } from './world.ts';

/** One commit moves at most so many instances, so that it stays small; the next step moves the next ones. */
export const MOST_AT_ONCE = 200;

export function advance(state: Deployment, world: World, tenant: Id<'tenant'>): readonly DeploymentEvent[] {
  switch (state.status) {
    case 'NONE':
    case 'DELETED':
      return [];
    case 'DELETING':
      return dismantle(state);
    case 'ACTIVE':
      return roll(state, world, placerOf(tenant, state, world));
    default:
      return state satisfies never;
  }
}

function dismantle(state: Deleting): readonly DeploymentEvent[] {
  const { deploymentId, namespaceId, name } = state;
  if (state.instances.size === 0) {
    return [{ type: 'DeploymentDeleted', data: { deploymentId, namespaceId, name } }];
  }
  return running(state)
    .slice(0, MOST_AT_ONCE)
    .map((instance) => stop(state, instance, 'DELETED'));
}

function roll(before: Active, world: World, placer: Placer): readonly DeploymentEvent[] {
  const wanted = missing(before);
  const placing = placements(before, wanted, world, placer);
  const afterPlacing = fold(before, placing);
  const stops = stopping(afterPlacing);
  const afterStops = fold(afterPlacing, stops);
  const noRoom = placing.length < Math.min(wanted.count, placesIn(world).length) ? wanted.count - placing.length : 0;
  const barrier = barriers(afterStops, { noRoom, stops: stops.length > 0, world, placer });
  const done = completion(afterStops);
  const told = done.length === 0 ? clock(fold(afterStops, barrier), world) : [];
  return [...placing, ...stops, ...barrier, ...done, ...told];
}

interface Missing {
  readonly count: number;
  readonly of: Release | null;
}

/** How many instances are to be placed now, and of which release: up to the wanted number, below the ceiling. */
function missing(state: Active): Missing {
  const room = Math.max(0, ceiling(state) - state.instances.size);
  const held = heldOf(state);
  const present = running(state);
  const targets = present.filter((instance) => isTarget(state, instance)).length;
  if (held === null) return { count: Math.min(room, Math.max(0, state.replicas - targets)), of: state.target };
  const lost = Math.min(room, Math.max(0, state.replicas + held.extra - present.length));
  const base = baseOf(state);
  if (base === null) return { count: lost, of: state.target };
  // One release at a time: the next step places the others.
  const ofTarget = Math.min(lost, Math.max(0, held.targets - targets));
  return ofTarget > 0 ? { count: ofTarget, of: state.target } : { count: lost, of: base };
}

/** What a rollout that stands still keeps; null while it moves. */
const heldOf = ({ rollout }: Active): Held | null =>
  rollout?.status === 'SUSPENDED' || rollout?.status === 'FAILED' ? rollout.held : null;

const placesIn = (world: World) => world.instanceIds.slice(0, MOST_AT_ONCE);

function placements(state: Active, { count, of }: Missing, world: World, placer: Placer): readonly DeploymentEvent[] {
  const { deploymentId, namespaceId, labels, name } = state;
  if (of === null || count === 0) return [];
  const { resources } = of.spec;
  const ids = placesIn(world).slice(0, count);
  return placeMany(ids.length, resources, world.nodes, peersOf(state), placer).flatMap(
    ({ nodeId, decision }, index) => {
      const instanceId = ids[index];
      if (instanceId === undefined) return [];
      return {
        type: 'InstancePlaced' as const,
        data: {
          deploymentId,
          instanceId,
          nodeId,
          namespaceId,
          releaseId: of.id,
          labels: { ...labels, [DEPLOYMENT_LABEL]: name },
          resources,
          decision,
        },
      };
    },
  );
}

/** Which instances are told to stop now. */
function stopping(state: Active): readonly DeploymentEvent[] {
  const all = running(state);
  const held = heldOf(state);
  if (held !== null) {
    // Where there are fewer than wanted, that they are so few is no reason to stop any.
    const kept = state.replicas + Math.max(0, held.extra);
    return surplusFirst(all, peersOf(state))
      .slice(0, Math.min(MOST_AT_ONCE, Math.max(0, all.length - kept)))
      .map((instance) => stop(state, instance, 'SCALED_DOWN'));
  }
  const targets = all.filter((instance) => isTarget(state, instance));
  const surplus = surplusFirst(targets, peersOf(state)).slice(0, Math.max(0, targets.length - state.replicas));
  const going = new Set(surplus);
  const kept = targets.filter((instance) => !going.has(instance));
  const old = all.filter((instance) => !isTarget(state, instance));
  const stops = [
    ...surplus.map((instance) => stop(state, instance, 'SCALED_DOWN')),
    ...replaceable(state, old, kept.filter(isReady).length).map((instance) => stop(state, instance, 'REPLACED')),
  ];
  return stops.slice(0, MOST_AT_ONCE);
}

/**
 * Those of the old instances that may go: as many as, with new ones that are ready in their place, leave the minimum.
 * One that isn't ready still counts there, for it may come back; and because such go first, a ready one goes only where
 * the ready ones that are left are the minimum by themselves.
 */
function replaceable(state: Active, old: readonly Instance[], readyTargets: number): readonly Instance[] {
  const minimum = Math.max(0, state.replicas - state.strategy.maxUnavailable);
  const bad = old.filter((instance) => goesAtOnce(state, instance));
  const rest = old.filter((instance) => !bad.includes(instance)).sort(unreadyThenOldest);
  return [...bad, ...rest.slice(0, Math.max(0, rest.length + readyTargets - minimum))];
}

function goesAtOnce({ rollout, releases }: Active, { releaseId }: Instance): boolean {
  return rollout?.pace === 'FAST' && releases.some(({ id, abandoned }) => id === releaseId && abandoned);
}

/** Blocked: something is wanted that has no room, and nothing that is under way can make any. */
function barriers(
  state: Active,
  {
    noRoom,
    stops,
    world,
    placer,
  }: { readonly noRoom: number; readonly stops: boolean; readonly world: World; readonly placer: Placer },
): readonly DeploymentEvent[] {
  const { deploymentId, blocked } = state;
  const all = state.instances.list();
  const stopsUnderWay = stops || all.some((instance) => instance.stopping !== null);
  const mixed = all.some((instance) => !isTarget(state, instance));
  const readinessPending = mixed && all.some((instance) => isTarget(state, instance) && !isReady(instance));
  if (noRoom === 0 || stopsUnderWay || readinessPending || state.target === null) {
    return blocked === null ? [] : [{ type: 'RolloutUnblocked', data: { deploymentId } }];
  }
  const ready = world.nodes.some((node) => node.unreachable === null);
  const reason = ready ? 'INSUFFICIENT_CAPACITY' : 'NO_READY_NODE';
  if (blocked?.reason === reason) return [];
  const { cpuMillis, memoryMiB } = state.target.spec.resources;
  const shortage = shortageOf(state.target.spec.resources, world.nodes, peersOf(state), placer);
  const text = `${noRoom} of ${state.replicas} replicas have no place: each needs ${cpuMillis} thousandths of a core and ${memoryMiB} MiB on one node, and ${shortage.text}${ownText(placer)}`;
  const message = `${text.slice(0, 900)} It goes on by itself once there is room.`;
  return [{ type: 'RolloutBlocked', data: { deploymentId, reason, message } }];
}

function completion(state: Active): readonly DeploymentEvent[] {
  const { deploymentId, namespaceId, rollout, target } = state;
  const open = rollout?.status === 'RUNNING' || rollout?.status === 'FAILED';
  if (!open || target === null || !isSettled(state)) return [];
  const completed = {
    type: 'RolloutCompleted' as const,
    data: { deploymentId, rolloutId: rollout.id, releaseId: target.id },
  };
  // Without a replica nothing has shown that it works.
  if (state.replicas === 0) return [completed];
  const { image } = target.spec;
  return [{ type: 'ImageProven', data: { deploymentId, namespaceId, releaseId: target.id, image } }, completed];
}

const running = (state: Body) => state.instances.list().filter((instance) => instance.stopping === null);

export function peersOf(state: Body): Peers {
  const peers = new Map<Id<'node'>, number>();
  for (const { nodeId } of running(state)) peers.set(nodeId, (peers.get(nodeId) ?? 0) + 1);
  return peers;
}

const stop = (state: Body, instance: Instance, reason: StopReason): DeploymentEvent => ({
  type: 'InstanceStopRequested',
  data: { deploymentId: state.deploymentId, instanceId: instance.id, nodeId: instance.nodeId, reason },
});

const unreadyThenOldest = (a: Instance, b: Instance) => Number(isReady(a)) - Number(isReady(b)) || a.order - b.order;

/** What isn't ready goes first, then from where most of them are, then the newest. */
const surplusFirst = (instances: readonly Instance[], peers: Peers) =>
  [...instances].sort(
    (a, b) =>
      Number(isReady(a)) - Number(isReady(b)) ||
      (peers.get(b.nodeId) ?? 0) - (peers.get(a.nodeId) ?? 0) ||
      b.order - a.order,
  );

/** Stages of one step see each other's effect. None of their events ends the deployment. */
function fold(state: Active, events: readonly DeploymentEvent[]): Active {
  const after = events.reduce<Deployment>(evolve, state);
  return after.status === 'ACTIVE' ? after : state;
}
