/** Whether there is room, and what is said where there is none: what was looked for, why not, and the nearest that fits. */
import type { FilterCode } from '@atoll/schema/deploy/placement';
import { filterCodes } from '@atoll/schema/deploy/placement';
import type { Resources } from '@atoll/schema/deploy/spec';
import { Field } from './field.ts';
import { codeNumber, FITS, fittingCode, type Search, standingCode } from './filter.ts';
import { type Free, freeOf, type NodeView } from './node-view.ts';
import { placeMany } from './place.ts';
import type { Placer } from './placer.ts';
import { createSearch, type Peers } from './search.ts';

/** How many of `count` instances fit; as many as would be placed one after the other, without choosing the places. */
export function roomIn(
  count: number,
  need: Resources,
  nodes: readonly NodeView[],
  peers: Peers,
  placer: Placer,
): number {
  if (placer.wishes.zoneSkew !== null) return placeMany(count, need, nodes, peers, placer).length;
  const search = createSearch(new Field(nodes), need, peers, placer);
  let room = 0;
  for (let index = 0; index < search.field.nodes.length && room < count; index++) {
    if (standingCode(search, index) === FITS && fittingCode(search, index) === FITS) room += roomOn(search, index);
  }
  return Math.min(room, count);
}

function roomOn({ field, need, placer, peers }: Search, index: number): number {
  const node = field.nodes[index];
  if (node === undefined) return 0;
  const free = freeOf(node);
  return Math.min(
    free.instances,
    Math.floor(free.cpuMillis / need.cpuMillis),
    Math.floor(free.memoryMiB / need.memoryMiB),
    (placer.wishes.maxPerNode ?? Number.POSITIVE_INFINITY) - (peers[index] ?? 0),
  );
}

/** Codes of what is too small or too full: everything else is a rule that says no. */
const ofSize: ReadonlySet<number> = new Set([codeNumber.INSTANCES, codeNumber.CPU, codeNumber.MEMORY]);

/** Of the nodes that only lack room: whether one is large enough when empty, and the largest room that there is now. */
function nearest(search: Search): { readonly everFits: boolean; readonly largest: NodeView | null } {
  const { field, need } = search;
  let everFits = false;
  let largest: { readonly node: NodeView; readonly share: number } | null = null;
  for (const [index, node] of field.nodes.entries()) {
    if (standingCode(search, index) !== FITS) continue;
    const code = fittingCode(search, index);
    if (code !== FITS && !ofSize.has(code)) continue;
    const { capacity } = node;
    everFits ||= capacity.cpuMillis >= need.cpuMillis && capacity.memoryMiB >= need.memoryMiB;
    const of = node.used.instances < node.maxInstances ? freeOf(node) : { cpuMillis: 0, memoryMiB: 0 };
    const share = Math.min(of.cpuMillis / need.cpuMillis, of.memoryMiB / need.memoryMiB);
    if (largest === null || share > largest.share) largest = { node, share };
  }
  return { everFits, largest: largest?.node ?? null };
}

export interface Shortage {
  /** No node that its rules allow is large enough, even empty: waiting helps nothing. */
  readonly never: boolean;
  /** For people: what is free, why nodes are out of the question, and what would fit. */
  readonly text: string;
}

export function shortageOf(need: Resources, nodes: readonly NodeView[], peers: Peers, placer: Placer): Shortage {
  const search = createSearch(new Field(nodes), need, peers, placer);
  const { everFits, largest } = nearest(search);
  return {
    never: largest !== null && !everFits,
    text: [`${freeText(nodes)}.`, rulesText(search), fitText(largest)].filter((part) => part !== '').join(' '),
  };
}

function fitText(node: NodeView | null): string {
  if (node === null) return '';
  const { cpuMillis, memoryMiB } = freeOf(node);
  const { capacity } = node;
  return `The nearest fit is ${node.nodeId}, with ${cpuMillis} of ${capacity.cpuMillis} thousandths of a core and ${memoryMiB} of ${capacity.memoryMiB} MiB free.`;
}

const ruleTexts: Readonly<Partial<Record<FilterCode, string>>> = {
  CLOSED: 'closed by the operator',
  POOL_EXCLUDED: "in pools that the tenant's plan doesn't give",
  CLASS_EXCLUDED: "of classes of service that the tenant's plan doesn't give",
  CLASS_TOO_LOW: 'of a lower class of service than is asked for',
  KEPT: 'kept for other tenants',
  NOT_OWN: 'not of its own',
  LABELS: 'without the labels that are asked for',
  ZONE: 'outside of the zones that are asked for',
  APART: 'with others that it keeps apart from',
  MAX_PER_NODE: 'with as many of its instances as it wants on one',
  NEAR: 'not near what it must be near',
  ZONE_SKEW: 'in zones that would have too many of its instances',
};

/** Which rules leave out how many nodes. */
function rulesText(search: Search): string {
  const counts = new Map<FilterCode, number>();
  for (let index = 0; index < search.field.nodes.length; index++) {
    const standing = standingCode(search, index);
    const code = filterCodes[standing === FITS ? fittingCode(search, index) : standing];
    if (code !== undefined) counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  const told = filterCodes.flatMap((code) => {
    const [text, count] = [ruleTexts[code], counts.get(code) ?? 0];
    return text === undefined || count === 0 ? [] : [`${count} ${text}`];
  });
  return told.length === 0 ? '' : `Out of the question are nodes: ${told.join(', ')}.`;
}

/** What is free on the ready nodes together, and how many they are. */
function freeInAll(nodes: readonly NodeView[]): Free & { readonly nodes: number } {
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

function freeText(nodes: readonly NodeView[]): string {
  const free = freeInAll(nodes);
  if (free.nodes === 0) return nodes.length === 0 ? 'no node is registered' : 'no node is ready';
  const where = free.nodes === 1 ? 'the one ready node has' : `the ${free.nodes} ready nodes have together`;
  return `${where} ${free.cpuMillis} thousandths of a core, ${free.memoryMiB} MiB and room for ${free.instances} instances free`;
}
