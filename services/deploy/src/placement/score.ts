/** How well a node that can take an instance would serve: each strategy says 0 to 1, and weights make one number of them. */
import { type PlacementWeights, type ScoreParts, scoreParts } from '@atoll/schema/deploy/placement';
import { slaClasses } from '@atoll/schema/tenancy/plans';
import { closeness, rankOf, type Search } from './filter.ts';
import type { PoolView } from './node-view.ts';

/** What a pool adds to the score of each of its nodes, and how much each other part counts there. Together at most 1. */
export interface PoolScore {
  readonly weights: PlacementWeights;
  readonly slaClass: number;
  readonly cost: number;
  readonly fixed: number;
  readonly spread: number;
  readonly pack: number;
  readonly locality: number;
}

export function poolScore(pool: PoolView, { placer, field }: Pick<Search, 'placer' | 'field'>): PoolScore {
  const weights = placer.weights ?? pool.weights;
  const sum = scoreParts.reduce((total, part) => total + weights[part], 0);
  // Without a wish the middle one: neither the best nor the worst is given to who doesn't ask.
  const wanted = rankOf(placer.wishes.slaClass ?? 'STANDARD');
  const slaClass = 1 - Math.abs(rankOf(pool.slaClass) - wanted) / (slaClasses.length - 1);
  const cost = field.dearest === 0 ? 1 : 1 - pool.costPerHour / field.dearest;
  return {
    ...{ weights, slaClass, cost },
    fixed: (weights.slaClass * slaClass + weights.cost * cost) / sum,
    spread: weights.spread / sum,
    pack: weights.pack / sum,
    locality: weights.locality / sum,
  };
}

/** The most instances of the deployment that a node, and a zone, has. */
export interface Crowd {
  readonly node: number;
  readonly zone: number;
}

/** Shares a little below 1, so that a lesser reason never outweighs a greater one. */
const BELOW = 0.9999;

/**
 * Spread: first where the fewest instances of the deployment are, so that one node's death takes as few as possible; among
 * these where its zone has the fewest; among these where most is left of the scarcer resource.
 */
export function spreadOf(search: Search, index: number, crowd: Crowd): number {
  const { field } = search;
  const zone = field.zoneOf[index] ?? -1;
  const balance = 1 - Math.max(cpuAfter(search, index), memoryAfter(search, index));
  const inZone = crowd.zone - (zone < 0 ? 0 : (search.zonePeers[zone] ?? 0));
  const rest = (inZone + balance * BELOW) / (crowd.zone + 1);
  return (crowd.node - (search.peers[index] ?? 0) + rest * BELOW) / (crowd.node + 1);
}

export const packOf = (search: Search, index: number): number =>
  (cpuAfter(search, index) + memoryAfter(search, index)) / 2;

export function localityOf(search: Search, index: number): number {
  const wishes = search.placer.wishes.near;
  if (wishes.length === 0) return 1;
  const zone = search.field.zoneOf[index] ?? -1;
  let sum = 0;
  for (let rule = 0; rule < wishes.length; rule++) {
    sum += closeness(search, rule, index, zone, wishes[rule]?.within ?? 'ZONE');
  }
  return sum / wishes.length;
}

export const scoreOf = (search: Search, index: number, crowd: Crowd, pool: PoolScore): number =>
  pool.fixed +
  pool.spread * spreadOf(search, index, crowd) +
  pool.pack * packOf(search, index) +
  (pool.locality === 0 ? 0 : pool.locality * localityOf(search, index));

export const partsOf = (search: Search, index: number, crowd: Crowd, pool: PoolScore): ScoreParts => ({
  spread: rounded(spreadOf(search, index, crowd)),
  pack: rounded(packOf(search, index)),
  locality: rounded(localityOf(search, index)),
  slaClass: rounded(pool.slaClass),
  cost: rounded(pool.cost),
});

export const rounded = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * 1e6) / 1e6;

const cpuAfter = ({ field, need }: Search, index: number) =>
  ((field.cpuUsed[index] ?? 0) + need.cpuMillis) / (field.cpuTotal[index] ?? 1);
const memoryAfter = ({ field, need }: Search, index: number) =>
  ((field.memoryUsed[index] ?? 0) + need.memoryMiB) / (field.memoryTotal[index] ?? 1);
