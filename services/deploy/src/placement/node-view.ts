/** What placement knows of a node. */
import type { Resources } from '@atoll/schema/deploy/spec';
import type { Id } from '@atoll/schema/ids';

export interface NodeView {
  readonly nodeId: Id<'node'>;
  /** Null while it is ready; else why not. */
  readonly unreachable: string | null;
  readonly capacity: Resources;
  readonly maxInstances: number;
  /** The tenant that it is kept for, as long as anything runs on it; null: it is everybody's. */
  readonly keptFor: Id<'tenant'> | null;
  /** What is taken of it, by whomever. */
  readonly used: Resources & { readonly instances: number };
}

export interface Free extends Resources {
  readonly instances: number;
}

/** A node can be smaller than what is taken of it, after it changed: then nothing is free. */
export const freeOf = (node: NodeView): Free => ({
  cpuMillis: Math.max(0, node.capacity.cpuMillis - node.used.cpuMillis),
  memoryMiB: Math.max(0, node.capacity.memoryMiB - node.used.memoryMiB),
  instances: Math.max(0, node.maxInstances - node.used.instances),
});
