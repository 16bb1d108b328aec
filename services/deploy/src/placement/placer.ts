/** For whom a place is looked for, and what is asked of it. */
import type { PlacementWeights, PlacementWishes } from '@atoll/schema/deploy/placement';
import type { Id } from '@atoll/schema/ids';
import type { slaClasses } from '@atoll/schema/tenancy/plans';

type NodeIds = ReadonlySet<Id<'node'>>;

export interface Placer {
  readonly tenant: Id<'tenant'>;
  /** `own`: only nodes that run no other tenant's instances; `any`: whichever isn't kept by another tenant. */
  readonly nodes: 'any' | 'own';
  /** By name; any where it is empty. */
  readonly pools: readonly string[];
  readonly slaClasses: readonly (typeof slaClasses)[number][];
  /** In place of those of the pools; null where these hold. */
  readonly weights: PlacementWeights | null;
  readonly wishes: PlacementWishes;
  /** Where others are of the groups that it keeps apart from. */
  readonly others: NodeIds;
  /** Of each wish to be near something, in their order: where that is. */
  readonly near: readonly NodeIds[];
}
