/** Which nodes can take an instance at all. The first rule that says no is the reason that is recorded. */
import type { Resources } from '@atoll/schema/deploy/spec';
import { freeOf, type NodeView } from './node-view.ts';

type Rule = (node: NodeView, need: Resources) => string | null;

const rules: readonly Rule[] = [
  (node) => (node.unreachable === null ? null : `not ready: ${node.unreachable}`),
  (node) =>
    freeOf(node).instances > 0 ? null : `full: runs ${node.used.instances} of at most ${node.maxInstances} instances`,
  (node, need) => short('thousandths of a core', freeOf(node).cpuMillis, node.capacity.cpuMillis, need.cpuMillis),
  (node, need) => short('MiB', freeOf(node).memoryMiB, node.capacity.memoryMiB, need.memoryMiB),
];

const short = (unit: string, free: number, total: number, need: number) =>
  free >= need ? null : `needs ${need} ${unit}, ${free} of ${total} are free`;

/** Null where the node can take it. */
export function reasonAgainst(node: NodeView, need: Resources): string | null {
  for (const rule of rules) {
    const reason = rule(node, need);
    if (reason !== null) return reason;
  }
  return null;
}
