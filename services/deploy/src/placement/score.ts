/** How well a node that can take an instance would serve: higher is better. */
import type { Resources } from '@atoll/schema/deploy/spec';
import type { NodeView } from './node-view.ts';

/**
 * Spread first: each instance of the same deployment that is on the node already costs 1, so that one node's death takes
 * as few as possible. Then balance, between 0 and 1: what would be left of the node's scarcer resource.
 */
export function scoreOf(node: NodeView, need: Resources, peers: number): number {
  const left = (used: number, more: number, total: number) => 1 - (used + more) / total;
  const balance = Math.min(
    left(node.used.cpuMillis, need.cpuMillis, node.capacity.cpuMillis),
    left(node.used.memoryMiB, need.memoryMiB, node.capacity.memoryMiB),
  );
  return Math.round((balance * 0.9999 - peers) * 10_000) / 10_000;
}
