/**
 * All nodes, laid out for deciding over and over: what doesn't change while instances are placed is found out once, and each
 * decision is one pass over arrays. Nodes are in the order of their ids, so that equal input gives equal output.
 */
import type { Resources } from '@atoll/schema/deploy/spec';
import type { Id } from '@atoll/schema/ids';
import type { NodeView, PoolView } from './node-view.ts';

/** Of a node that is in no zone. */
export const NO_ZONE = -1;

export class Field {
  readonly nodes: readonly NodeView[];
  readonly pools: readonly PoolView[];
  /** Index of each node's pool. */
  readonly poolOf: Int32Array;
  readonly zones: readonly string[];
  /** Index of each node's zone, or NO_ZONE. */
  readonly zoneOf: Int32Array;
  readonly cpuTotal: Float64Array;
  readonly memoryTotal: Float64Array;
  readonly cpuUsed: Float64Array;
  readonly memoryUsed: Float64Array;
  readonly instances: Int32Array;
  readonly mostInstances: Int32Array;
  /** Tenant that each is kept for. */
  readonly keptFor: (Id<'tenant'> | null)[];
  readonly dearest: number;
  readonly #indexOf = new Map<Id<'node'>, number>();

  constructor(given: readonly NodeView[]) {
    const nodes = inOrder(given) ? given : [...given].sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
    const count = nodes.length;
    this.nodes = nodes;
    this.poolOf = new Int32Array(count);
    this.zoneOf = new Int32Array(count);
    this.cpuTotal = new Float64Array(count);
    this.memoryTotal = new Float64Array(count);
    this.cpuUsed = new Float64Array(count);
    this.memoryUsed = new Float64Array(count);
    this.instances = new Int32Array(count);
    this.mostInstances = new Int32Array(count);
    this.keptFor = Array<Id<'tenant'> | null>(count).fill(null);
    const pools = new Map<PoolView, number>();
    const zones = new Map<string, number>();
    for (const [index, node] of nodes.entries()) {
      this.#indexOf.set(node.nodeId, index);
      this.poolOf[index] = numbered(pools, node.pool);
      this.zoneOf[index] = node.zone === null ? NO_ZONE : numbered(zones, node.zone);
      this.cpuTotal[index] = node.capacity.cpuMillis;
      this.memoryTotal[index] = node.capacity.memoryMiB;
      this.cpuUsed[index] = node.used.cpuMillis;
      this.memoryUsed[index] = node.used.memoryMiB;
      this.instances[index] = node.used.instances;
      this.mostInstances[index] = node.maxInstances;
      this.keptFor[index] = node.keptFor;
    }
    this.pools = [...pools.keys()];
    this.zones = [...zones.keys()];
    this.dearest = this.pools.reduce((most, pool) => Math.max(most, pool.costPerHour), 0);
  }

  indexOf(nodeId: Id<'node'>): number | undefined {
    return this.#indexOf.get(nodeId);
  }

  /** As if an instance were there, for the decisions to come. `keptFor`: whom the node is kept for from then on. */
  take(index: number, need: Resources, keptFor: Id<'tenant'> | null): void {
    this.cpuUsed[index] = (this.cpuUsed[index] ?? 0) + need.cpuMillis;
    this.memoryUsed[index] = (this.memoryUsed[index] ?? 0) + need.memoryMiB;
    this.instances[index] = (this.instances[index] ?? 0) + 1;
    this.keptFor[index] = keptFor;
  }
}

const inOrder = (nodes: readonly NodeView[]) =>
  nodes.every((node, index) => index === 0 || (nodes[index - 1]?.nodeId ?? '') < node.nodeId);

function numbered<K>(numbers: Map<K, number>, key: K): number {
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, numbers.size);
  return numbers.size - 1;
}
