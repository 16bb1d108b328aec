/** Which nodes can take an instance at all. The first rule that says no is the reason that is recorded. */
import type { Resources } from '@atoll/schema/deploy/spec';
import { freeOf, type NodeView } from './node-view.ts';
import type { Placer } from './placer.ts';

type Rule = (node: NodeView, need: Resources, placer: Placer) => string | null;

const rules: readonly Rule[] = [
  (node) => (node.unreachable === null ? null : `not ready: ${node.unreachable}`),
  (node, _need, { tenant, nodes }) => {
    if (node.used.instances === 0 || node.keptFor === tenant) return null;
    if (node.keptFor !== null) return 'kept for a tenant with nodes of its own';
    return nodes === 'own' ? 'not of its own: runs instances that other tenants may run beside' : null;
  },
  (node) =>
    freeOf(node).instances > 0 ? null : `full: runs ${node.used.instances} of at most ${node.maxInstances} instances`,
  (node, need) => short('thousandths of a core', freeOf(node).cpuMillis, node.capacity.cpuMillis, need.cpuMillis),
  (node, need) => short('MiB', freeOf(node).memoryMiB, node.capacity.memoryMiB, need.memoryMiB),
];

const short = (unit: string, free: number, total: number, need: number) =>
  free >= need ? null : `needs ${need} ${unit}, ${free} of ${total} are free`;

/** Null where the node can take it. */
export function reasonAgainst(node: NodeView, need: Resources, placer: Placer): string | null {
  for (const rule of rules) {
    const reason = rule(node, need, placer);
    if (reason !== null) return reason;
  }
  return null;
}
