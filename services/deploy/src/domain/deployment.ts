/**
 * A deployment with its releases, its rollout and its instances: one stream, so that "never above replicas + maxSurge",
 * "never below replicas − maxUnavailable because of us" and "never two of one" are decided in one place.
 */
import type { blockReasons, DeployEvent } from '@atoll/schema/deploy/events';
import type { PlacementWishes } from '@atoll/schema/deploy/placement';
import type { FailureAnswer, RolloutPace, RolloutPolicy, rolloutKinds } from '@atoll/schema/deploy/rollouts';
import type { ReleaseSpec, RollingStrategy } from '@atoll/schema/deploy/spec';
import type { RolloutStrategy } from '@atoll/schema/deploy/strategies';
import type { Id } from '@atoll/schema/ids';
import type { Labels } from '@atoll/schema/text';
import type { Amounts } from './amounts.ts';
import type { Instance } from './instance.ts';
import type { Instances } from './instances.ts';

export type BlockReason = (typeof blockReasons)[number];
export type RolloutKind = (typeof rolloutKinds)[number];

/** Events of the stream `deployment:<id>`. */
export type DeploymentEvent = Exclude<
  DeployEvent,
  | { type: `Node${string}` }
  | { type: `Pool${string}` }
  | { type: `PlacementTerms${string}` }
  | { type: `Namespace${string}` }
  | { type: `EnvironmentRules${string}` }
  | { type: `Batch${string}` }
>;

export interface Release {
  readonly id: Id<'release'>;
  readonly number: number;
  readonly spec: ReleaseSpec;
  /** A rollout to it once completed. */
  readonly completed: boolean;
  /** An instance of it was once ready: a rollout of no replicas completes without having shown anything. */
  readonly served: boolean;
  /** Failed or rolled back from since a rollout to it last completed: a rollback without a number never goes there. */
  readonly abandoned: boolean;
}

/** What a rollout that stands still keeps: so many of its release, and so many above (or below) the replicas. */
export interface Held {
  readonly targets: number;
  readonly extra: number;
}

interface AnyRollout {
  readonly id: Id<'rollout'>;
  readonly kind: RolloutKind;
  readonly pace: RolloutPace;
  readonly strategy: RolloutStrategy;
  /** Which of its steps, from 0; as many as it has: in its last part. */
  readonly step: number;
  /** How often that step was reached and undone. */
  readonly undone: number;
}
export type Rollout = AnyRollout &
  (
    | {
        readonly status: 'RUNNING';
        /** RFC 3339; null where there is none, or none yet. */
        readonly deadlineAt: string | null;
        /** How far it was when the deadline was set. */
        readonly mark: number;
      }
    /** At a step, until then: RFC 3339; null: until it is promoted. */
    | { readonly status: 'PAUSED'; readonly until: string | null }
    | { readonly status: 'SUSPENDED'; readonly held: Held; readonly remainingMs: number | null }
    /** `answer`: what follows by itself. */
    | { readonly status: 'FAILED'; readonly held: Held; readonly answer: FailureAnswer }
    | { readonly status: 'COMPLETED' | 'SUPERSEDED' }
  );

export interface Blocked {
  readonly reason: BlockReason;
  readonly message: string;
}

export interface Body {
  readonly deploymentId: Id<'deployment'>;
  readonly namespaceId: Id<'namespace'>;
  readonly name: string;
  /** What its instances carry: as it was created with. */
  readonly labels: Labels;
  /** What it has itself. */
  readonly shownLabels: Labels;
  readonly replicas: number;
  readonly strategy: RollingStrategy;
  /** How rollouts that begin from now on replace. */
  readonly plan: RolloutStrategy;
  readonly policy: RolloutPolicy;
  /** Never more than `replicas` instances at once, wherever. */
  readonly fenced: boolean;
  /** What it asks of the places of its instances. */
  readonly placement: PlacementWishes;
  /** By rising number. */
  readonly releases: readonly Release[];
  /** The release that it runs or rolls out to; null only between the first two events of its stream. */
  readonly target: Release | null;
  /** The newest one; null only as above. */
  readonly rollout: Rollout | null;
  /** The release that a rollout last completed to. */
  readonly stableId: Id<'release'> | null;
  readonly instances: Instances;
  /** Services send connections to instances of these releases only; null: of all. */
  readonly active: readonly Id<'release'>[] | null;
  /** How many instances were ever placed. */
  readonly placed: number;
  /** What it takes of the quotas, as was last told. */
  readonly holds: Amounts;
}

export interface Active extends Body {
  readonly status: 'ACTIVE';
  readonly blocked: Blocked | null;
}
export interface Deleting extends Body {
  readonly status: 'DELETING';
}
export type Deployment =
  | { readonly status: 'NONE' }
  | Active
  | Deleting
  | { readonly status: 'DELETED'; readonly deploymentId: Id<'deployment'> };
export type DeploymentStatus = Deployment['status'];

/** The label that every instance carries beside its deployment's own. */
export const DEPLOYMENT_LABEL = 'atoll.deployment';

export const isOpen = (rollout: Rollout | null): rollout is Exclude<Rollout, { status: 'COMPLETED' | 'SUPERSEDED' }> =>
  rollout !== null && rollout.status !== 'COMPLETED' && rollout.status !== 'SUPERSEDED';

/** How instances are replaced now: as the rollout that is under way began, and else, where they only have to move. */
export function modeOf({ rollout, plan }: Pick<Body, 'rollout' | 'plan'>): RolloutStrategy['kind'] {
  if (isOpen(rollout)) return rollout.strategy.kind;
  return plan.kind === 'RECREATE' ? 'RECREATE' : 'ROLLING';
}

export const isReady = (instance: Instance) => instance.stopping === null && instance.condition.phase === 'READY';
/** As wanted: of the target release, and where it may stay. */
export const isTarget = (body: Body, instance: Instance) => instance.releaseId === body.target?.id && !instance.leaving;

/**
 * What replaces instances that are lost while a rollout stands still, or stays at a step; null where that is its own release.
 * Where only some releases serve, it is one of these.
 */
export function baseOf(body: Body): Release | null {
  const { rollout, target, stableId, releases, active } = body;
  if (!isOpen(rollout)) return null;
  const good = releases.filter(({ id, abandoned }) => id !== target?.id && !abandoned);
  const stable = good.find(({ id }) => id === stableId);
  if (active === null) return stable ?? null;
  if (stable !== undefined && active.includes(stable.id)) return stable;
  return good.findLast(({ id }) => active.includes(id)) ?? null;
}

/** How many instances there may be at most: what is above the replicas is for the time in which two releases are there. */
export function ceiling(body: Body): number {
  const { replicas, strategy } = body;
  const mixed =
    (replicas > 0 && baseOf(body) !== null) || body.instances.list().some((instance) => !isTarget(body, instance));
  if (!mixed || body.fenced) return replicas;
  const mode = modeOf(body);
  switch (mode) {
    case 'RECREATE':
      return replicas;
    case 'ROLLING':
    case 'CANARY':
      return replicas + strategy.maxSurge;
    case 'BLUE_GREEN':
      // The surge is for those that have to leave their nodes meanwhile.
      return 2 * replicas + strategy.maxSurge;
    default:
      return mode satisfies never;
  }
}

/** Whether services send it connections, ready as it may be. */
export const serves = ({ active }: Pick<Body, 'active'>, { releaseId }: Pick<Instance, 'releaseId'>): boolean =>
  active === null || active.includes(releaseId);

/** Ready, and sent connections by services. */
export const isServing = (body: Body, instance: Instance) => isReady(instance) && serves(body, instance);

/** As wanted: every replica is there, of the target release, and ready; nothing else is. */
export function isSettled(body: Body): boolean {
  if (body.instances.size !== body.replicas) return false;
  return body.instances.list().every((instance) => isTarget(body, instance) && isReady(instance));
}
