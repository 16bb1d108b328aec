/** `decide(state, command) → events and claims, or a rejection` of a deployment. */
import { accept, type Claim, type Decider, type Decision, refuse } from '@atoll/events/decider';
import { noWishes } from '@atoll/schema/deploy/placement';
import { imagesOf, resourcesOf } from '@atoll/schema/deploy/processes';
import { defaultRolloutPolicy } from '@atoll/schema/deploy/rollouts';
import type { ReleaseSpec } from '@atoll/schema/deploy/spec';
import { rolling } from '@atoll/schema/deploy/strategies';
import { equal as sameValue } from '@atoll/schema/equal';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { Placer } from '../placement/placer.ts';
import { ownText, roomIn, shortageOf } from '../placement/room.ts';
import type { Peers } from '../placement/search.ts';
import { type Action, legal } from './actions.ts';
import { type Admission, refusedImage, refusedRepository } from './admission.ts';
import { advance, MOST_AT_ONCE, peersOf } from './advance.ts';
import { type Amounts, covered, equal, nothing } from './amounts.ts';
import type { Admitted, Command, DeploymentCommand, Granted, GrowingCommand } from './commands.ts';
import type { Active, Deployment, DeploymentEvent } from './deployment.ts';
import { rulesUnchanged } from './environment.ts';
import { evolve } from './evolve.ts';
import { claimsOf, NAMESPACE_OPEN, RESERVATION, reserved } from './holdings.ts';
import { cancelledMoves, requestedMoves, wishesRefusal } from './moves.ts';
import { observe } from './observe.ts';
import { deadlineFrom } from './progress.ts';
import {
  policySet,
  promotedOn,
  resumed,
  rollbackRefused,
  rolledBack,
  strategySet,
  suspended,
  upgraded,
} from './redirect.ts';
import { deploymentSnapshot } from './snapshot.ts';
import { refusedTemplate } from './template.ts';
import { noWorld, placerOf, termsIn, type World } from './world.ts';

export const deploymentDecider: Decider<Deployment, DeploymentCommand, DeploymentEvent> = {
  initial: { status: 'NONE' },
  decide,
  evolve,
  snapshot: deploymentSnapshot,
};

function decide(state: Deployment, command: DeploymentCommand): Decision<DeploymentEvent> {
  const answer = legal[command.action][state.status];
  if (answer !== 'yes') return refuse(answer);
  switch (command.action) {
    case 'create':
      return create(state, command);
    case 'advance':
      return accepted(state, advance(state, command.world, command.tenant), command);
    case 'observe':
      return accepted(state, observe(state, command.nodeId, command.observations), command);
    case 'lose':
      return accepted(state, lost(state, command), command);
    case 'refuse':
      return accept(state.status === 'ACTIVE' ? rollbackRefused(state, command) : []);
    case 'evacuate':
      return accepted(state, requestedMoves(state, command.nodeId), command);
    case 'stay':
      return accepted(state, cancelledMoves(state, command.nodeId), command);
    case 'upgrade':
    case 'rollback':
    case 'scale':
    case 'suspend':
    case 'resume':
    case 'promote':
    case 'policy':
    case 'strategy':
    case 'label':
    case 'place':
    case 'delete':
      // The table has refused every other status.
      return state.status === 'ACTIVE' ? usingWhatItHas(change(state, command), command) : accept<DeploymentEvent>([]);
    default:
      return command satisfies never;
  }
}

/** What people do to one that is there. */
type Changing = Exclude<Action, 'create' | 'advance' | 'observe' | 'lose' | 'refuse' | 'evacuate' | 'stay'>;

function change(state: Active, command: Command<Changing>): Decision<DeploymentEvent> {
  switch (command.action) {
    case 'upgrade':
      return upgrade(state, command);
    case 'rollback':
      return rollback(state, command);
    case 'scale':
      return scale(state, command);
    case 'suspend':
      return redirected(state, suspended(state, command), command);
    case 'resume':
      return redirected(state, resumed(state, command), command);
    case 'promote':
      return redirected(state, promotedOn(state, command), command);
    case 'policy':
      return redirected(state, policySet(state, command.policy), command);
    case 'strategy':
      if (state.fenced && command.strategy.kind === 'BLUE_GREEN') return refuse(fencedBlueGreen('strategy.kind'));
      return redirected(state, strategySet(state, command.strategy), command);
    case 'label':
      return label(state, command);
    case 'place':
      return setPlacement(state, command);
    case 'delete': {
      const { deploymentId, namespaceId } = state;
      const requested = [{ type: 'DeploymentDeletionRequested' as const, data: { deploymentId, namespaceId } }];
      return accepted(state, withNextStep(state, requested, noWorld, command.tenant), command);
    }
    default:
      return command satisfies never;
  }
}

function create(state: Deployment, command: Command<'create'>): Decision<DeploymentEvent> {
  const { namespaceId, replicas, spec, world, admission, placement = noWishes } = command;
  const refusal = refusedTemplate(spec) ?? refusedImages(imagesOf(spec), admission);
  if (refusal !== null) return refuse(refusal);
  const unusable = wishesRefusal(placement, termsIn(world)) ?? fencedRefusal(command);
  if (unusable !== null) return refuse(unusable);
  const noRoom = roomFor(replicas, spec, {
    world,
    peers: new Map(),
    placer: placerOf(command.tenant, { namespaceId, placement }, world),
  });
  if (noRoom !== null) return refuse(noRoom);
  return accepted(
    state,
    withNextStep(state, created(command), world, command.tenant),
    command,
    conditions(namespaceId, command),
  );
}

/** The surge would be one too many. */
const fencedBlueGreen = (field: string): Rejection =>
  reject(
    'INVALID_ARGUMENT',
    'A fenced deployment never has more instances than replicas, and blue-green needs twice as many: choose RECREATE, CANARY or ROLLING.',
    field,
  );

function fencedRefusal({ fenced = false, strategy, plan }: Command<'create'>): Rejection | null {
  if (!fenced) return null;
  if (strategy.maxSurge !== 0) {
    const message =
      'A fenced deployment never has more instances than replicas: give maxSurge 0, and maxUnavailable 1 or more.';
    return reject('INVALID_ARGUMENT', message, 'strategy.maxSurge');
  }
  return plan?.kind === 'BLUE_GREEN' ? fencedBlueGreen('rollouts.kind') : null;
}

function created(command: Command<'create'>): readonly DeploymentEvent[] {
  const { deploymentId, namespaceId, name, labels, replicas, strategy, spec, releaseId, rolloutId } = command;
  const policy = { ...defaultRolloutPolicy, ...command.policy };
  const own: readonly DeploymentEvent[] = sameValue(policy, defaultRolloutPolicy)
    ? []
    : [{ type: 'RolloutPolicySet', data: { deploymentId, ...policy } }];
  const { placement = noWishes, plan = rolling } = command;
  const planned: readonly DeploymentEvent[] =
    plan.kind === 'ROLLING' ? [] : [{ type: 'RolloutStrategySet', data: { deploymentId, strategy: plan } }];
  const asked: readonly DeploymentEvent[] = sameValue(placement, noWishes)
    ? []
    : [{ type: 'DeploymentPlacementSet', data: { deploymentId, namespaceId, placement } }];
  const fenced: readonly DeploymentEvent[] = command.fenced
    ? [{ type: 'DeploymentFenced', data: { deploymentId, namespaceId } }]
    : [];
  // There is nothing yet that could be compared with.
  const how = plan.kind === 'RECREATE' ? plan : rolling;
  const deadlineAt = deadlineFrom({ policy }, command.world.now);
  const begun = { pace: 'GRADUAL', automatic: false, deadlineAt, strategy: how } as const;
  return [
    { type: 'DeploymentCreated', data: { deploymentId, namespaceId, name, labels, replicas, strategy } },
    ...own,
    ...planned,
    ...asked,
    ...fenced,
    { type: 'ReleaseCreated', data: { deploymentId, namespaceId, releaseId, number: 1, spec } },
    {
      type: 'RolloutStarted',
      data: { deploymentId, rolloutId, kind: 'INITIAL', releaseId, releaseNumber: 1, fromReleaseId: null, ...begun },
    },
  ];
}

function upgrade(state: Active, command: Command<'upgrade'>): Decision<DeploymentEvent> {
  const events = upgraded(state, command);
  if ('code' in events) return refuse(events);
  if (events.length === 0) return accept(events);
  // Of the image that it comes to run, changed or not.
  const refusal = refusedImages(specsOf(events).flatMap(imagesOf), command.admission);
  if (refusal !== null) return refuse(refusal);
  return accepted(state, events, command, conditions(state.namespaceId, command));
}

/** Going back to where it already is, or is already on the way, changes nothing: a repeated rollback stays. */
function rollback(state: Active, command: Command<'rollback'>): Decision<DeploymentEvent> {
  const events = rolledBack(state, { abort: false, ...command });
  if ('code' in events) return refuse(events);
  if (events.length === 0) return accept(events);
  // It was taken here once, so it needs no promotion; where it comes from must still be allowed.
  const { admission } = command;
  const target = events.reduce<Deployment>(evolve, state);
  const images = target.status === 'ACTIVE' && target.target ? imagesOf(target.target.spec) : [];
  const refusal = admission ? firstOf(images, (image) => refusedRepository(image, admission.environment)) : null;
  if (refusal !== null) return refuse({ code: refusal.code, message: refusal.message });
  return accepted(state, events, command, conditions(state.namespaceId, command));
}

const specsOf = (events: readonly DeploymentEvent[]): readonly ReleaseSpec[] =>
  events.flatMap((event) => (event.type === 'ReleaseCreated' ? [event.data.spec] : []));

function firstOf(images: readonly string[], refusal: (image: string) => Rejection | null): Rejection | null {
  for (const image of images) {
    const refused = refusal(image);
    if (refused !== null) return refused;
  }
  return null;
}

const refusedImages = (images: readonly string[], admission: Admission | null | undefined): Rejection | null =>
  admission ? firstOf(images, (image) => refusedImage(image, admission)) : null;

/** Nothing grows by it. */
function redirected(
  state: Active,
  events: readonly DeploymentEvent[] | Rejection,
  command: DeploymentCommand,
): Decision<DeploymentEvent> {
  return 'code' in events ? refuse(events) : accepted(state, events, command);
}

function scale(state: Active, command: Command<'scale'>): Decision<DeploymentEvent> {
  const { replicas: from, target } = state;
  const { replicas, world } = command;
  if (replicas === from || target === null) return accept<DeploymentEvent>([]);
  if (replicas > from) {
    const staying = state.instances.list().filter((instance) => instance.stopping === null).length;
    const placer = placerOf(command.tenant, state, world);
    const noRoom = roomFor(replicas - staying, target.spec, { world, peers: peersOf(state), placer });
    if (noRoom !== null) return refuse(noRoom);
  }
  return accepted(state, withNextStep(state, scaled(state, replicas), world, command.tenant), command, [
    mustBeOpen(state.namespaceId),
  ]);
}

/** What it has is left where it is; others of a new group must not be on its nodes. */
function setPlacement(state: Active, command: Command<'place'>): Decision<DeploymentEvent> {
  const { deploymentId, namespaceId } = state;
  const { placement, world } = command;
  if (sameValue(placement, state.placement)) return accept<DeploymentEvent>([]);
  const unusable = wishesRefusal(placement, termsIn(world));
  if (unusable !== null) return refuse(unusable);
  const set = [{ type: 'DeploymentPlacementSet' as const, data: { deploymentId, namespaceId, placement } }];
  return accepted(state, set, command, [mustBeOpen(namespaceId)]);
}

function label(state: Active, { labels }: Command<'label'>): Decision<DeploymentEvent> {
  const { deploymentId, namespaceId } = state;
  const set = [{ type: 'DeploymentLabelsSet' as const, data: { deploymentId, namespaceId, labels } }];
  return accept<DeploymentEvent>(sameValue(labels, state.shownLabels) ? [] : set, [mustBeOpen(namespaceId)]);
}

const scaled = ({ deploymentId, replicas: from }: Active, replicas: number): readonly DeploymentEvent[] => [
  { type: 'DeploymentScaled', data: { deploymentId, replicas, from } },
];

/**
 * What the deployment comes to hold at most by that command, steps included: they never take more. Null where that needs
 * no more than it holds, or where the command is refused or changes nothing.
 */
export function needOf(state: Deployment, command: GrowingCommand): Amounts | null {
  if (legal[command.action][state.status] !== 'yes') return null;
  const events = intended(state, command);
  if ('code' in events || events.length === 0) return null;
  const needed = reserved(events.reduce<Deployment>(evolve, state));
  return covered(needed, holdsOf(state)) ? null : needed;
}

function intended(state: Deployment, command: GrowingCommand): readonly DeploymentEvent[] | Rejection {
  if (command.action === 'create') return created(command);
  if (state.status !== 'ACTIVE') return [];
  switch (command.action) {
    case 'upgrade':
      return upgraded(state, command);
    case 'rollback':
      return rolledBack(state, { abort: false, ...command });
    case 'scale':
      return command.replicas === state.replicas ? [] : scaled(state, command.replicas);
    default:
      return command satisfies never;
  }
}

const holdsOf = (state: Deployment): Amounts =>
  state.status === 'ACTIVE' || state.status === 'DELETING' ? state.holds : nothing;

/** Nothing is left to do, since others have changed the deployment: what was reserved must be given back, not forgotten. */
const usingWhatItHas = (decision: Decision<DeploymentEvent>, command: DeploymentCommand): Decision<DeploymentEvent> =>
  decision.ok && decision.events.length === 0 && 'granted' in command && command.granted !== null
    ? refuse(reservedTooLittle)
    : decision;

/** Others have changed the deployment meanwhile, so that something else is needed: to be reserved anew. */
export const reservedTooLittle = reject(
  'VERSION_CONFLICT',
  'Others changed the deployment at the same time, and it would take more of the quotas. Repeat the change.',
);

/** Asked before anything is promised; who gets the last place is decided by the claims, in the commit. */
function roomFor(
  count: number,
  spec: ReleaseSpec,
  { world, peers, placer }: { readonly world: World; readonly peers: Peers; readonly placer: Placer },
): Rejection | null {
  if (count <= 0) return null;
  const resources = resourcesOf(spec);
  const fit = roomIn(count, resources, world.nodes, peers, placer);
  if (fit === count) return null;
  const { cpuMillis, memoryMiB } = resources;
  const { never, text } = shortageOf(resources, world.nodes, peers, placer);
  const each = `each needs ${cpuMillis} thousandths of a core and ${memoryMiB} MiB on one node, and ${text}${ownText(placer)}`;
  if (never) return reject('FITS_NO_NODE', `No node is large enough, even empty: ${each} Ask for less per instance.`);
  return reject(
    'INSUFFICIENT_CAPACITY',
    `Room for ${fit} of ${count} further instances: ${each} Ask for fewer or smaller replicas, or try again later.`,
    'replicas',
  );
}

function lost(state: Deployment, { nodeId, instanceIds }: Command<'lose'>): readonly DeploymentEvent[] {
  if (state.status === 'NONE' || state.status === 'DELETED') return [];
  const { deploymentId, namespaceId } = state;
  return state.instances
    .list()
    .filter((instance) => instance.nodeId === nodeId && (instanceIds?.has(instance.id) ?? true))
    .slice(0, MOST_AT_ONCE)
    .map(({ id }) => ({
      type: 'InstanceLost',
      data: { deploymentId, instanceId: id, nodeId, namespaceId, reason: 'NODE_LOST' },
    }));
}

/** The command's own events and the first step that follows from them: one commit, no wait for the controller. */
function withNextStep(
  state: Deployment,
  events: readonly DeploymentEvent[],
  world: World,
  tenant: Id<'tenant'>,
): readonly DeploymentEvent[] {
  return [...events, ...advance(events.reduce<Deployment>(evolve, state), world, tenant)];
}

/** The namespace is open, and the rules are still those that it was decided on. */
const conditions = (namespaceId: Id<'namespace'>, { admission }: Admitted): readonly Claim[] => [
  mustBeOpen(namespaceId),
  ...(admission ? [rulesUnchanged(admission.environment)] : []),
];

const mustBeOpen = (namespaceId: Id<'namespace'>): Claim => ({ op: 'require', set: NAMESPACE_OPEN, key: namespaceId });

function accepted(
  before: Deployment,
  decided: readonly DeploymentEvent[],
  command: DeploymentCommand,
  required: readonly Claim[] = [],
): Decision<DeploymentEvent> {
  const granted = 'granted' in command ? command.granted : null;
  const after = decided.reduce<Deployment>(evolve, before);
  const needed = reserved(after);
  const had = holdsOf(before);
  if ('granted' in command && !covered(needed, had, granted?.amounts ?? nothing)) return refuse(reservedTooLittle);
  const placing = 'world' in command ? { world: command.world, tenant: command.tenant } : null;
  // What was reserved is spoken of in any case: so it ends, also where others have made it needless meanwhile.
  const told = tellHolding(after, needed, granted?.reservationId ?? null);
  const last = tellEnd(before, after);
  return accept([...last, ...decided, ...told], [...required, ...leased(granted), ...claimsOf(before, after, placing)]);
}

/** What changed for the quotas is told in the commit that changed it, whatever the reason. */
function tellHolding(
  state: Deployment,
  amounts: Amounts,
  reservationId: Id<'reservation'> | null,
): readonly DeploymentEvent[] {
  if (state.status === 'NONE' || state.status === 'DELETED') return [];
  if (reservationId === null && equal(amounts, state.holds)) return [];
  const { deploymentId, namespaceId, name } = state;
  return [{ type: 'HoldingChanged', data: { deploymentId, namespaceId, name, amounts, reservationId } }];
}

/** It goes with something still held, where no instance was left that had to stop: nobody tells of it later. */
function tellEnd(before: Deployment, after: Deployment): readonly DeploymentEvent[] {
  if (after.status !== 'DELETED' || before.status === 'NONE' || before.status === 'DELETED') return [];
  if (equal(before.holds, nothing)) return [];
  const { deploymentId, namespaceId, name } = before;
  return [{ type: 'HoldingChanged', data: { deploymentId, namespaceId, name, amounts: nothing, reservationId: null } }];
}

const leased = (granted: Granted | null): readonly Claim[] =>
  granted === null ? [] : [{ op: 'before', set: RESERVATION, key: granted.useBefore }];
