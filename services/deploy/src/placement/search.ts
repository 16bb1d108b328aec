/** Looks over all nodes for one instance: filter, then score; ties by id. One pass, or two where zones are to be even. */
import type { FilterCode, PlacementDecision } from '@atoll/schema/deploy/placement';
import { filterCodes } from '@atoll/schema/deploy/placement';
import type { Resources } from '@atoll/schema/deploy/spec';
import type { Id } from '@atoll/schema/ids';
import { type Field, NO_ZONE } from './field.ts';
import { codeNumber, FITS, fittingCode, poolCode, reasonText, type Search, standingCode } from './filter.ts';
import type { Placer } from './placer.ts';
import { type Crowd, partsOf, poolScore, rounded, scoreOf } from './score.ts';

/** The record keeps so many, and counts all, so that an event stays small on any platform. */
export const RECORDED_SCORES = 5;
export const RECORDED_FILTERED = 10;

/** How many instances of the same deployment each node has. */
export type Peers = ReadonlyMap<Id<'node'>, number>;

export interface Found {
  /** Index of the best node; null where none can take it. */
  readonly index: number | null;
  readonly decision: PlacementDecision;
}

export function createSearch(field: Field, need: Resources, peers: Peers, placer: Placer): Search {
  const { nodes, pools, zones } = field;
  const onNodes = new Int32Array(nodes.length);
  const inZones = new Int32Array(zones.length);
  for (const [nodeId, count] of peers) {
    const index = field.indexOf(nodeId);
    if (index === undefined) continue;
    onNodes[index] = count;
    const zone = field.zoneOf[index] ?? NO_ZONE;
    if (zone !== NO_ZONE) inZones[zone] = (inZones[zone] ?? 0) + count;
  }
  const { wishes } = placer;
  return {
    ...{ field, need, placer, peers: onNodes, zonePeers: inZones },
    poolCodes: Int32Array.from(pools, (pool) => poolCode(pool, placer)),
    others: placer.others.size === 0 ? null : marked(field, placer.others).nodes,
    near: placer.near.map((ids) => marked(field, ids)),
    labels: Object.entries(wishes.nodeLabels),
    zones: wishes.zones.length === 0 ? null : Uint8Array.from(zones, (zone) => (wishes.zones.includes(zone) ? 1 : 0)),
    mostInZone: Number.POSITIVE_INFINITY,
  };
}

function marked(field: Field, ids: ReadonlySet<Id<'node'>>) {
  const nodes = new Uint8Array(field.nodes.length);
  const zones = new Uint8Array(field.zones.length);
  for (const nodeId of ids) {
    const index = field.indexOf(nodeId);
    if (index === undefined) continue;
    nodes[index] = 1;
    const zone = field.zoneOf[index] ?? NO_ZONE;
    if (zone !== NO_ZONE) zones[zone] = 1;
  }
  return { nodes, zones };
}

/** A zone counts where a node stands in it: what a whole zone can't take is no reason to place nothing elsewhere. */
function mostInZone(search: Search): number {
  const { zoneSkew } = search.placer.wishes;
  if (zoneSkew === null) return Number.POSITIVE_INFINITY;
  let fewest = Number.MAX_SAFE_INTEGER;
  for (let index = 0; index < search.field.nodes.length; index++) {
    const zone = search.field.zoneOf[index] ?? NO_ZONE;
    if (zone === NO_ZONE || (search.zonePeers[zone] ?? 0) >= fewest) continue;
    if (standingCode(search, index) === FITS) fewest = search.zonePeers[zone] ?? 0;
  }
  return fewest + zoneSkew - 1;
}

export function look(search: Search): Found {
  const { field } = search;
  search.mostInZone = mostInZone(search);
  const crowd: Crowd = { node: most(search.peers), zone: most(search.zonePeers) };
  const poolScores = field.pools.map((pool) => poolScore(pool, search));
  const counts = new Int32Array(filterCodes.length);
  const filtered: { readonly index: number; readonly code: number }[] = [];
  const best: { index: number; score: number }[] = [];
  let least = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < field.nodes.length; index++) {
    const standing = standingCode(search, index);
    const code = standing === FITS ? fittingCode(search, index) : standing;
    if (code !== FITS) {
      counts[code] = (counts[code] ?? 0) + 1;
      if (filtered.length < RECORDED_FILTERED) filtered.push({ index, code });
      continue;
    }
    const pool = poolScores[field.poolOf[index] ?? 0];
    if (pool === undefined) continue;
    const score = scoreOf(search, index, crowd, pool);
    // Nodes come by rising id: of equals the earlier one stays before the later one.
    if (score <= least) continue;
    insert(best, index, score);
    if (best.length === RECORDED_SCORES) least = best.at(-1)?.score ?? least;
  }
  return { index: best[0]?.index ?? null, decision: recorded(search, { counts, filtered, best, crowd, poolScores }) };
}

function most(counts: Int32Array): number {
  let found = 0;
  for (const count of counts) if (count > found) found = count;
  return found;
}

function insert(best: { index: number; score: number }[], index: number, score: number): void {
  let at = best.length;
  while (at > 0 && (best[at - 1]?.score ?? 0) < score) at--;
  best.splice(at, 0, { index, score });
  if (best.length > RECORDED_SCORES) best.pop();
}

interface Seen {
  readonly counts: Int32Array;
  readonly filtered: readonly { readonly index: number; readonly code: number }[];
  readonly best: readonly { readonly index: number; readonly score: number }[];
  readonly crowd: Crowd;
  readonly poolScores: readonly ReturnType<typeof poolScore>[];
}

function recorded(search: Search, { counts, filtered, best, crowd, poolScores }: Seen): PlacementDecision {
  const { field } = search;
  const idOf = (index: number) => field.nodes[index]?.nodeId ?? 'node_';
  const scoreOfPool = (index: number) => poolScores[field.poolOf[index] ?? 0];
  const first = best[0];
  return {
    nodes: field.nodes.length,
    rejected: filterCodes.flatMap((code) => {
      const count = counts[codeNumber[code]] ?? 0;
      return count === 0 ? [] : [{ code, count }];
    }),
    filtered: filtered.map(({ index, code: number }) => {
      const code: FilterCode = filterCodes[number] ?? 'OTHER';
      return { nodeId: idOf(index), code, reason: reasonText(search, index, code) };
    }),
    scores: best.map(({ index, score }) => {
      const pool = scoreOfPool(index);
      return {
        nodeId: idOf(index),
        score: rounded(score),
        parts: pool === undefined ? null : partsOf(search, index, crowd, pool),
      };
    }),
    weights: first === undefined ? null : (scoreOfPool(first.index)?.weights ?? null),
  };
}

/** As if an instance were on the node, for the next look. */
export function take(search: Search, index: number): void {
  const { field, placer } = search;
  const { tenant, nodes } = placer;
  const stays = field.keptFor[index] === tenant && (field.instances[index] ?? 0) > 0;
  field.take(index, search.need, nodes === 'own' || stays ? tenant : null);
  search.peers[index] = (search.peers[index] ?? 0) + 1;
  const zone = field.zoneOf[index] ?? NO_ZONE;
  if (zone !== NO_ZONE) search.zonePeers[zone] = (search.zonePeers[zone] ?? 0) + 1;
}
