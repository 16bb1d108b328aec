/** Placement as slowly and plainly as it can be written: what the real one is compared with. Shares no code with it. */
import type { Resources } from '@atoll/schema/deploy/spec';
import { slaClasses } from '@atoll/schema/tenancy/plans';
import type { NodeView } from '../src/placement/node-view.ts';
import type { Placer } from '../src/placement/placer.ts';

export type Counts = ReadonlyMap<NodeView['nodeId'], number>;
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const rank = (slaClass: NodeView['pool']['slaClass']) => slaClasses.indexOf(slaClass);

function stands(node: NodeView, { tenant, nodes, pools, slaClasses: classes, wishes }: Placer): boolean {
  const { pool, zone } = node;
  const labels = { ...pool.labels, ...node.labels };
  const mine = node.used.instances === 0 || node.keptFor === tenant;
  return (
    node.unreachable === null &&
    node.closed === null &&
    (pools.length === 0 || pools.includes(pool.name)) &&
    classes.includes(pool.slaClass) &&
    (wishes.slaClass === null || rank(pool.slaClass) >= rank(wishes.slaClass)) &&
    (mine || (node.keptFor === null && nodes === 'any')) &&
    Object.entries(wishes.nodeLabels).every(([key, value]) => labels[key] === value) &&
    (wishes.zones.length === 0 || (zone !== null && wishes.zones.includes(zone)))
  );
}

const zonesWith = (nodes: readonly NodeView[], ids: ReadonlySet<string>) =>
  new Set(nodes.flatMap((node) => (ids.has(node.nodeId) && node.zone !== null ? [node.zone] : [])));

function closeness(node: NodeView, nodes: readonly NodeView[], { wishes, near }: Placer): number[] {
  return wishes.near.map(({ within }, index) => {
    const ids = near[index] ?? new Set();
    if (ids.has(node.nodeId)) return 1;
    const sameZone = node.zone !== null && zonesWith(nodes, ids).has(node.zone);
    return sameZone ? (within === 'ZONE' ? 1 : 0.5) : 0;
  });
}

function inZone(zone: string | null, nodes: readonly NodeView[], peers: Counts): number {
  return sum(nodes.map((node) => (zone !== null && node.zone === zone ? (peers.get(node.nodeId) ?? 0) : 0)));
}

export function allowed(node: NodeView, need: Resources, nodes: readonly NodeView[], peers: Counts, placer: Placer) {
  const { wishes } = placer;
  if (!stands(node, placer)) return false;
  const standing = nodes.flatMap((each) => (stands(each, placer) && each.zone !== null ? [each.zone] : []));
  const fewest = Math.min(...standing.map((zone) => inZone(zone, nodes, peers)));
  return (
    !placer.others.has(node.nodeId) &&
    (wishes.maxPerNode === null || (peers.get(node.nodeId) ?? 0) < wishes.maxPerNode) &&
    closeness(node, nodes, placer).every((close, index) => close === 1 || !wishes.near[index]?.required) &&
    (wishes.zoneSkew === null ||
      (node.zone !== null && inZone(node.zone, nodes, peers) + 1 - fewest <= wishes.zoneSkew)) &&
    node.used.instances < node.maxInstances &&
    node.used.cpuMillis + need.cpuMillis <= node.capacity.cpuMillis &&
    node.used.memoryMiB + need.memoryMiB <= node.capacity.memoryMiB
  );
}

export function score(node: NodeView, need: Resources, nodes: readonly NodeView[], peers: Counts, placer: Placer) {
  const weights = placer.weights ?? node.pool.weights;
  const cpu = (node.used.cpuMillis + need.cpuMillis) / node.capacity.cpuMillis;
  const memory = (node.used.memoryMiB + need.memoryMiB) / node.capacity.memoryMiB;
  const most = Math.max(0, ...nodes.map(({ nodeId }) => peers.get(nodeId) ?? 0));
  const mostInZone = Math.max(0, ...nodes.map(({ zone }) => inZone(zone, nodes, peers)));
  const lesser =
    (mostInZone - inZone(node.zone, nodes, peers) + (1 - Math.max(cpu, memory)) * 0.9999) / (mostInZone + 1);
  const spread = (most - (peers.get(node.nodeId) ?? 0) + lesser * 0.9999) / (most + 1);
  const close = closeness(node, nodes, placer);
  const dearest = Math.max(...nodes.map(({ pool }) => pool.costPerHour));
  const parts = {
    spread,
    pack: (cpu + memory) / 2,
    locality: close.length === 0 ? 1 : sum(close) / close.length,
    slaClass: 1 - Math.abs(rank(node.pool.slaClass) - rank(placer.wishes.slaClass ?? 'STANDARD')) / 2,
    cost: dearest === 0 ? 1 : 1 - node.pool.costPerHour / dearest,
  };
  const keys = ['spread', 'pack', 'locality', 'slaClass', 'cost'] as const;
  return sum(keys.map((key) => weights[key] * parts[key])) / sum(keys.map((key) => weights[key]));
}

export const withOneMore = (node: NodeView, need: Resources, { tenant, nodes }: Placer): NodeView => ({
  ...node,
  keptFor: nodes === 'own' || (node.keptFor === tenant && node.used.instances > 0) ? tenant : null,
  used: {
    cpuMillis: node.used.cpuMillis + need.cpuMillis,
    memoryMiB: node.used.memoryMiB + need.memoryMiB,
    instances: node.used.instances + 1,
  },
});

/** The most that can be placed, over every order of places. */
export function mostPlaced(
  count: number,
  need: Resources,
  nodes: readonly NodeView[],
  peers: Counts,
  placer: Placer,
  seen = new Map<string, number>(),
): number {
  if (count === 0) return 0;
  const key = nodes.map(({ used }) => used.instances).join();
  const known = seen.get(key);
  if (known !== undefined) return known;
  let most = 0;
  for (const node of nodes) {
    if (!allowed(node, need, nodes, peers, placer)) continue;
    const after = nodes.map((each) => (each === node ? withOneMore(each, need, placer) : each));
    const more = new Map(peers).set(node.nodeId, (peers.get(node.nodeId) ?? 0) + 1);
    most = Math.max(most, 1 + mostPlaced(count - 1, need, after, more, placer, seen));
  }
  seen.set(key, most);
  return most;
}
