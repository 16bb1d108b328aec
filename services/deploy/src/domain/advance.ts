/**
 * The next step of a deployment towards what is wanted, from its state alone. Level-triggered: asked again at any time, by
 * anybody, it gives what is still to be done, and nothing where nothing is.
 *
 * Guarantees, over any order of steps and reports:
 * 1. Nothing is placed where it would make more instances than `ceiling`, stopping ones counted: they hold their resources
 *    until their node says they are gone.
 * 2. No ready instance that serves is told to stop where that would leave fewer than replicas − maxUnavailable such; but
 *    those of a release that is known to be bad, where the rollout away from it was asked to be FAST, and by RECREATE.
 * 3. Old instances go only as new ones become ready: a release that never gets ready holds the rollout, and harms nothing.
 * 4. By RECREATE, nothing is placed while there is an instance of another release, or one that has to leave its node.
 * 5. At a step there are no more new instances than it asks for, and what is lost of the others comes back.
 * 6. While a rollout is suspended or has failed, nothing is replaced: what is lost comes back as what it was.
 */
import { imagesOf, resourcesOf } from '@atoll/schema/deploy/processes';
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
  modeOf,
  type Release,
  serves,
} from './deployment.ts';
import { evolve } from './evolve.ts';
import type { Instance, StopReason } from './instance.ts';
import { clock } from './progress.ts';
import { pacing } from './steps.ts';
import { type Stage, stageOf } from './strategy.ts';
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
  const afterBarrier = fold(afterStops, barrier);
  const paced = done.length === 0 ? pacing(afterBarrier, world) : done;
  const told = paced.length === 0 ? clock(afterBarrier, world) : [];
  return [...placing, ...stops, ...barrier, ...paced, ...told];
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
  if (modeOf(state) === 'RECREATE') return alone(state, held, { room, targets, present: present.length });
  const stage = stageOf(state);
  if (held === null && stage !== null) {
    // What is known to be good comes first.
    const base = baseOf(state);
    const there = present.filter((instance) => staysAt(state, instance)).length;
    const fill = base === null ? 0 : Math.min(room, Math.max(0, stage.fill - there));
    return fill > 0
      ? { count: fill, of: base }
      : { count: Math.min(room, Math.max(0, stage.targets - targets)), of: state.target };
  }
  if (held === null) return { count: Math.min(room, Math.max(0, state.replicas - targets)), of: state.target };
  const lost = Math.min(room, Math.max(0, state.replicas + held.extra - present.length));
  const base = baseOf(state);
  if (base === null) return { count: lost, of: state.target };
  // One release at a time: the next step places the others.
  const ofTarget = Math.min(lost, Math.max(0, held.targets - targets));
  return ofTarget > 0 ? { count: ofTarget, of: state.target } : { count: lost, of: base };
}

/** One release at a time, whatever happens: of the other one, not even what stops may be there still. */
function alone(
  state: Active,
  held: Held | null,
  { room, targets, present }: { readonly room: number; readonly targets: number; readonly present: number },
): Missing {
  const base = baseOf(state);
  const of = held === null || held.targets > 0 || base === null ? state.target : base;
  const all = state.instances.list();
  const other = (instance: Instance) => (held === null ? !isTarget(state, instance) : instance.releaseId !== of?.id);
  if (all.some(other)) return { count: 0, of };
  if (held === null) return { count: Math.min(room, Math.max(0, state.replicas - targets)), of };
  const lost = Math.max(0, state.replicas + held.extra - present);
  const most = of === state.target && base !== null ? Math.max(0, held.targets - targets) : lost;
  return { count: Math.min(room, lost, most), of };
}

/** Of what stays at a step beside the new ones: known to be good; in blue-green what serves, and after the switch all. */
function staysAt(state: Active, instance: Instance): boolean {
  if (instance.leaving || isTarget(state, instance)) return false;
  if (modeOf(state) !== 'BLUE_GREEN') return instance.releaseId === baseOf(state)?.id;
  return serves(state, instance) || isSwitched(state);
}

const isSwitched = ({ rollout, active, target }: Active) =>
  rollout !== null && rollout.step > 0 && active?.length === 1 && active[0] === target?.id;

/** What a rollout that stands still keeps; null while it moves. */
const heldOf = ({ rollout }: Active): Held | null =>
  rollout?.status === 'SUSPENDED' || rollout?.status === 'FAILED' ? rollout.held : null;

const placesIn = (world: World) => world.instanceIds.slice(0, MOST_AT_ONCE);

function placements(state: Active, { count, of }: Missing, world: World, placer: Placer): readonly DeploymentEvent[] {
  const { deploymentId, namespaceId, labels, name } = state;
  if (of === null || count === 0) return [];
  const resources = resourcesOf(of.spec);
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
  const stage = stageOf(state);
  if (stage !== null) return atStage(state, stage, targets).slice(0, MOST_AT_ONCE);
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
 * What is too much at a step. Of releases that are neither new nor known to be good, what doesn't serve goes at once: room for
 * what does. The rest goes as far as the minimum stays.
 */
function atStage(state: Active, stage: Stage, targets: readonly Instance[]): readonly DeploymentEvent[] {
  const old = running(state).filter((instance) => !isTarget(state, instance));
  const staying = old.filter((instance) => staysAt(state, instance)).sort(unreadyThenOldest);
  const strays = old.filter((instance) => !staysAt(state, instance));
  const idle = strays.filter((one) => !serves(state, one) || !isReady(one) || goesAtOnce(state, one));
  const tooMany = surplusFirst(targets, peersOf(state)).slice(0, Math.max(0, targets.length - stage.targets));
  const candidates = [
    ...tooMany,
    ...strays.filter((instance) => !idle.includes(instance)).sort(unreadyThenOldest),
    ...staying.slice(0, Math.max(0, staying.length - stage.keep)),
  ].sort((a, b) => Number(isReady(a)) - Number(isReady(b)));
  const going = [...idle, ...leavingMinimum(state, candidates, idle)];
  return going.map((instance) => stop(state, instance, targets.includes(instance) ? 'SCALED_DOWN' : 'REPLACED'));
}

/** Of these, in their order, those without which the minimum stays. One that isn't ready counts as well: it may come back. */
function leavingMinimum(
  state: Active,
  candidates: readonly Instance[],
  gone: readonly Instance[],
): readonly Instance[] {
  const minimum = Math.max(0, state.replicas - state.strategy.maxUnavailable);
  const serving = running(state).filter((instance) => serves(state, instance) && !gone.includes(instance));
  let [ready, others] = [0, 0];
  for (const instance of serving) {
    if (isReady(instance)) ready += 1;
    else if (!isTarget(state, instance)) others += 1;
  }
  return candidates.filter((instance) => {
    if (!serves(state, instance)) return true;
    if (isReady(instance)) {
      if (ready <= minimum) return false;
      ready -= 1;
      return true;
    }
    if (isTarget(state, instance)) return true;
    if (ready + others <= minimum) return false;
    others -= 1;
    return true;
  });
}

/**
 * Those of the old instances that may go: as many as, with new ones that are ready in their place, leave the minimum.
 * One that isn't ready still counts there, for it may come back; and because such go first, a ready one goes only where
 * the ready ones that are left are the minimum by themselves.
 */
function replaceable(state: Active, old: readonly Instance[], readyTargets: number): readonly Instance[] {
  if (modeOf(state) === 'RECREATE') return old;
  const minimum = Math.max(0, state.replicas - state.strategy.maxUnavailable);
  const bad = old.filter((instance) => goesAtOnce(state, instance) || !serves(state, instance));
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
  const resources = resourcesOf(state.target.spec);
  const { cpuMillis, memoryMiB } = resources;
  const shortage = shortageOf(resources, world.nodes, peersOf(state), placer);
  const text = `${noRoom} of ${state.replicas} replicas have no place: each needs ${cpuMillis} thousandths of a core and ${memoryMiB} MiB on one node, and ${shortage.text}${ownText(placer)}`;
  const message = `${text.slice(0, 900)} It goes on by itself once there is room.`;
  return [{ type: 'RolloutBlocked', data: { deploymentId, reason, message } }];
}

function completion(state: Active): readonly DeploymentEvent[] {
  const { deploymentId, namespaceId, rollout, target } = state;
  const open = rollout?.status === 'RUNNING' || rollout?.status === 'PAUSED' || rollout?.status === 'FAILED';
  if (!open || target === null || !isSettled(state)) return [];
  // At a step others are to be there as well: that they are lost is no reason to do without them.
  if (rollout.status !== 'FAILED' && (stageOf(state)?.fill ?? 0) > 0 && baseOf(state) !== null) return [];
  const completed = {
    type: 'RolloutCompleted' as const,
    data: { deploymentId, rolloutId: rollout.id, releaseId: target.id },
  };
  const all = { type: 'TrafficSwitched' as const, data: { deploymentId, namespaceId, releaseIds: null } };
  const done = state.active === null ? [completed] : [completed, all];
  // Without a replica nothing has shown that it works.
  if (state.replicas === 0) return done;
  const proven = imagesOf(target.spec).map((image) => ({
    type: 'ImageProven' as const,
    data: { deploymentId, namespaceId, releaseId: target.id, image },
  }));
  return [...proven, ...done];
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
