/** What can be asked of a deployment, by people and by what looks after it. */
import type { PlacementWishes } from '@atoll/schema/deploy/placement';
import type { RolloutPace, RolloutPolicy } from '@atoll/schema/deploy/rollouts';
import type { ReleaseSpec, RollingStrategy } from '@atoll/schema/deploy/spec';
import type { RolloutStrategy } from '@atoll/schema/deploy/strategies';
import type { Rejection } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { Labels } from '@atoll/schema/text';
import type { Action } from './actions.ts';
import type { Admission } from './admission.ts';
import type { Amounts } from './amounts.ts';
import type { Observation } from './observe.ts';
import type { SpecChange } from './redirect.ts';
import type { World } from './world.ts';

interface ForTenant {
  readonly tenant: Id<'tenant'>;
}
/** Room in the quotas that is kept for the command. */
export interface Granted {
  readonly reservationId: Id<'reservation'>;
  /** All that the deployment may come to hold. */
  readonly amounts: Amounts;
  /** The commit comes before, or not at all. */
  readonly useBefore: string;
}
/** A command after which a deployment may hold more. */
export interface Growing extends ForTenant {
  readonly granted: Granted | null;
}

/** A command after which it may run another image. */
export interface Admitted extends Growing {
  /** What the environment takes; null where it has no rules. */
  readonly admission?: Admission | null;
}

interface OnNode<A extends Action> extends ForTenant {
  readonly action: A;
  readonly nodeId: Id<'node'>;
}

export type DeploymentCommand =
  | (Admitted & {
      readonly action: 'create';
      readonly deploymentId: Id<'deployment'>;
      readonly namespaceId: Id<'namespace'>;
      readonly name: string;
      readonly labels: Labels;
      readonly replicas: number;
      readonly strategy: RollingStrategy;
      /** What is left out is as everywhere. */
      readonly policy?: Partial<RolloutPolicy>;
      readonly plan?: RolloutStrategy;
      readonly placement?: PlacementWishes;
      readonly fenced?: boolean;
      readonly spec: ReleaseSpec;
      readonly releaseId: Id<'release'>;
      readonly rolloutId: Id<'rollout'>;
      readonly world: World;
    })
  | (Admitted & {
      readonly action: 'upgrade';
      readonly change: SpecChange;
      readonly releaseId: Id<'release'>;
      readonly rolloutId: Id<'rollout'>;
      /** Unix time in ms. */
      readonly now: number;
    })
  | (Admitted & {
      readonly action: 'rollback';
      readonly toRelease: number | null;
      readonly pace: RolloutPace;
      readonly automatic: boolean;
      readonly abort?: boolean;
      readonly rolloutId: Id<'rollout'>;
      readonly now: number;
    })
  | (Growing & { readonly action: 'scale'; readonly replicas: number; readonly world: World })
  | (ForTenant & { readonly action: 'suspend' | 'resume'; readonly now: number })
  | (ForTenant & { readonly action: 'promote'; readonly full: boolean; readonly now: number })
  | (ForTenant & { readonly action: 'policy'; readonly policy: Partial<RolloutPolicy> })
  | (ForTenant & { readonly action: 'strategy'; readonly strategy: RolloutStrategy })
  | (ForTenant & { readonly action: 'label'; readonly labels: Labels })
  | (ForTenant & { readonly action: 'place'; readonly placement: PlacementWishes; readonly world: World })
  | (ForTenant & { readonly action: 'delete' })
  | (ForTenant & { readonly action: 'advance'; readonly world: World })
  | (ForTenant & {
      readonly action: 'observe';
      readonly nodeId: Id<'node'>;
      readonly observations: readonly Observation[];
    })
  /** The rollback that was to follow the failure of that rollout can't be made. */
  | (ForTenant & { readonly action: 'refuse'; readonly rolloutId: Id<'rollout'>; readonly rejection: Rejection })
  /** These of what it has on the node are lost; left out: all of it. */
  | (OnNode<'lose'> & { readonly instanceIds?: ReadonlySet<Id<'instance'>> })
  /** What it has on the node has to leave it; may stay there after all. */
  | OnNode<'evacuate'>
  | OnNode<'stay'>;
export type GrowingCommand = Extract<DeploymentCommand, Growing>;
export type Command<A extends Action> = Extract<DeploymentCommand, { action: A }>;
