/** Chooses nodes for instances: filter, then score; ties by id, so that equal input gives equal output. */
import type { PlacementDecision } from '@atoll/schema/deploy/events';
import type { Resources } from '@atoll/schema/deploy/spec';
import type { Id } from '@atoll/schema/ids';
import { reasonAgainst } from './filter.ts';
import { type Free, freeOf, type NodeView } from './node-view.ts';
import type { Placer } from './placer.ts';
import { scoreOf } from './score.ts';

/** The record keeps this many of the best and of the filtered nodes, so that an event stays small on any platform. */
export const RECORDED_NODES = 20;

export interface Placement {
  readonly nodeId: Id<'node'>;
  readonly decision: PlacementDecision;
}

/** How many instances of the same deployment each node has. */
export type Peers = ReadonlyMap<Id<'node'>, number>;

export function place(need: Resources, nodes: readonly NodeView[], peers: Peers, placer: Placer): Placement | null {
  const filtered: { nodeId: Id<'node'>; reason: string }[] = [];
  const scores: { nodeId: Id<'node'>; score: number }[] = [];
  for (const node of nodes) {
    const reason = reasonAgainst(node, need, placer);
    if (reason !== null) filtered.push({ nodeId: node.nodeId, reason });
    else scores.push({ nodeId: node.nodeId, score: scoreOf(node, need, peers.get(node.nodeId) ?? 0) });
  }
  scores.sort((a, b) => b.score - a.score || byText(a.nodeId, b.nodeId));
  filtered.sort((a, b) => byText(a.nodeId, b.nodeId));
  const best = scores[0];
  if (best === undefined) return null;
  const decision = { filtered: filtered.slice(0, RECORDED_NODES), scores: scores.slice(0, RECORDED_NODES) };
  return { nodeId: best.nodeId, decision };
}

/** Up to `count` instances, each seeing the ones before it. Fewer come back where no more fit. */
export function placeMany(
  count: number,
  need: Resources,
  nodes: readonly NodeView[],
  peers: Peers,
  placer: Placer,
): Placement[] {
  const free = new Map(nodes.map((node) => [node.nodeId, node]));
  const near = new Map(peers);
  const placements: Placement[] = [];
  while (placements.length < count) {
    const placement = place(need, [...free.values()], near, placer);
    if (placement === null) break;
    const node = free.get(placement.nodeId);
    if (node !== undefined) free.set(node.nodeId, withOneMore(node, need, placer));
    near.set(placement.nodeId, (near.get(placement.nodeId) ?? 0) + 1);
    placements.push(placement);
  }
  return placements;
}

const withOneMore = (node: NodeView, need: Resources, placer: Placer): NodeView => ({
  ...node,
  keptFor: keptAfter(node, placer),
  used: {
    cpuMillis: node.used.cpuMillis + need.cpuMillis,
    memoryMiB: node.used.memoryMiB + need.memoryMiB,
    instances: node.used.instances + 1,
  },
});

/** Whom a node is kept for once something of the placer's is on it. */
export const keptAfter = ({ keptFor, used }: NodeView, { tenant, nodes }: Placer) =>
  nodes === 'own' || (keptFor === tenant && used.instances > 0) ? tenant : null;

/** What is free on the ready nodes together, and how many they are. */
export function freeInAll(nodes: readonly NodeView[]): Free & { readonly nodes: number } {
  const ready = nodes.filter((node) => node.unreachable === null).map(freeOf);
  const sum = (pick: (free: Free) => number) => ready.reduce((total, free) => total + pick(free), 0);
  return {
    nodes: ready.length,
    cpuMillis: sum((free) => free.cpuMillis),
    memoryMiB: sum((free) => free.memoryMiB),
    instances: sum((free) => free.instances),
  };
}

/** For people, where it is why there is no room. */
export const ownText = ({ nodes }: Placer) =>
  nodes === 'any'
    ? ''
    : ' Its namespace has the isolation level HOST: only nodes count that run nothing, or are kept for this tenant.';

/** For people: what is free, e.g. after a refusal. */
export function freeText(nodes: readonly NodeView[]): string {
  const free = freeInAll(nodes);
  if (free.nodes === 0) return nodes.length === 0 ? 'no node is registered' : 'no node is ready';
  const where = free.nodes === 1 ? 'the one ready node has' : `the ${free.nodes} ready nodes have together`;
  return `${where} ${free.cpuMillis} thousandths of a core, ${free.memoryMiB} MiB and room for ${free.instances} instances free`;
}

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
