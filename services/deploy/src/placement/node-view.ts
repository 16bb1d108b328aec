/** What placement knows of a node. */
import type { PlacementWeights } from '@atoll/schema/deploy/placement';
import { DEFAULT_POOL, DEFAULT_POOL_NAME, defaultPoolTerms } from '@atoll/schema/deploy/pools';
import type { Resources } from '@atoll/schema/deploy/spec';
import type { Id } from '@atoll/schema/ids';
import type { slaClasses } from '@atoll/schema/tenancy/plans';
import type { Labels } from '@atoll/schema/text';

/** What is the same for all nodes of a pool. */
export interface PoolView {
  readonly poolId: Id<'pool'>;
  readonly name: string;
  readonly revision: number;
  readonly slaClass: (typeof slaClasses)[number];
  readonly labels: Labels;
  readonly costPerHour: number;
  readonly weights: PlacementWeights;
}

export interface NodeView {
  readonly nodeId: Id<'node'>;
  /** Null while it is ready; else why not. */
  readonly unreachable: string | null;
  /** Null while new instances may come; else why the operator lets none. */
  readonly closed: string | null;
  /** Counts what the operator has said of it. */
  readonly revision: number;
  readonly pool: PoolView;
  readonly zone: string | null;
  readonly labels: Labels;
  /** What may be given away of it, as its pool says. */
  readonly capacity: Resources;
  readonly maxInstances: number;
  /** The tenant that it is kept for, as long as anything runs on it; null: it is everybody's. */
  readonly keptFor: Id<'tenant'> | null;
  /** What is taken of it, by whomever. */
  readonly used: Resources & { readonly instances: number };
}

export const defaultPoolView: PoolView = {
  ...{ poolId: DEFAULT_POOL, name: DEFAULT_POOL_NAME, revision: 1 },
  ...{ slaClass: defaultPoolTerms.slaClass, labels: {}, costPerHour: 0, weights: defaultPoolTerms.weights },
};

export interface Free extends Resources {
  readonly instances: number;
}

/** A node can be smaller than what is taken of it, after it changed: then nothing is free. */
export const freeOf = (node: NodeView): Free => ({
  cpuMillis: Math.max(0, node.capacity.cpuMillis - node.used.cpuMillis),
  memoryMiB: Math.max(0, node.capacity.memoryMiB - node.used.memoryMiB),
  instances: Math.max(0, node.maxInstances - node.used.instances),
});
