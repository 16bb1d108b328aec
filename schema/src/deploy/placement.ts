/** Where instances may be, where they had better be, and what is written down of how a place was chosen. */
import { z } from 'zod';
import { id } from '../ids.ts';
import { slaClasses } from '../tenancy/plans.ts';
import { labels, name } from '../text.ts';

/** A part of the platform that fails as a whole: a rack, a hall, a site. */
export const zone = name.describe('Name of a zone: what fails together.');
export const MOST_ZONES = 20;
export const distances = ['NODE', 'ZONE'] as const;

const nearRule = z.strictObject({
  deployment: name.describe('Name of another deployment of the namespace.'),
  within: z.enum(distances).describe('On the same node, or in the same zone.'),
  required: z.boolean().describe('Nothing is placed elsewhere; else elsewhere is only worse.'),
});

/** What a deployment asks of the places of its instances. Holds for those that are placed from then on. */
export const placementWishes = z.strictObject({
  slaClass: z.enum(slaClasses).nullable().describe('Class of service at least; null for any.'),
  nodeLabels: labels.describe('Labels that the node, or its pool, must have, all of them.'),
  zones: z.array(zone).max(MOST_ZONES).describe('Only in these zones; in any where it is empty.'),
  zoneSkew: z.number().int().min(1).max(1000).nullable().meta({
    description: 'A zone has at most so many instances more than the one with the fewest; null for any number.',
    'x-unit': 'instance',
  }),
  maxPerNode: z.number().int().min(1).max(1000).nullable().meta({
    description: 'Instances of the deployment on one node at most; null for any number.',
    'x-unit': 'instance',
  }),
  near: z.array(nearRule).max(8).describe('Deployments that it should be close to.'),
  apart: z
    .array(name)
    .max(8)
    .describe('Groups of the namespace: deployments that name the same one never share a node.'),
});
export type PlacementWishes = z.infer<typeof placementWishes>;

export const noWishes: PlacementWishes = {
  slaClass: null,
  nodeLabels: {},
  zones: [],
  zoneSkew: null,
  maxPerNode: null,
  near: [],
  apart: [],
};

/** The strategies: each scores a node from 0 to 1, and weights say how much each counts. */
export const scoreParts = ['spread', 'pack', 'locality', 'slaClass', 'cost'] as const;
export type ScorePart = (typeof scoreParts)[number];

const weight = (what: string) => z.number().int().min(0).max(100).describe(what);
export const placementWeights = z
  .strictObject({
    spread: weight('Away from instances of the same deployment, then to where most is free.'),
    pack: weight('To where little is free, so that other nodes stay empty.'),
    locality: weight('Close to the deployments that it should be near.'),
    slaClass: weight('To pools of the very class that is asked for.'),
    cost: weight('To cheap pools.'),
  })
  .describe('How much each strategy counts, 0 to 100; never all 0.');
/** As they are given. */
export const weightsInput = placementWeights.refine(
  (weights) => scoreParts.some((part) => weights[part] > 0),
  'at least one weight must be above 0',
);
export type PlacementWeights = z.infer<typeof placementWeights>;
export const defaultWeights: PlacementWeights = { spread: 100, pack: 0, locality: 50, slaClass: 50, cost: 0 };

/** Why a node is out of the question; the first that applies, in this order. `OTHER`: of the time before there were codes. */
export const filterCodes = [
  'NOT_READY',
  'CLOSED',
  'POOL_EXCLUDED',
  'CLASS_EXCLUDED',
  'CLASS_TOO_LOW',
  'KEPT',
  'NOT_OWN',
  'LABELS',
  'ZONE',
  'APART',
  'MAX_PER_NODE',
  'NEAR',
  'ZONE_SKEW',
  'INSTANCES',
  'CPU',
  'MEMORY',
  'OTHER',
] as const;
export type FilterCode = (typeof filterCodes)[number];

const count = (what: string) => z.number().int().min(0).meta({ description: what, 'x-unit': 'node' });
const reason = z.string().max(500).describe('Why it could not be there.');
const score = z.number().describe('Higher is better.');
/** From 0 to 1. */
const part = z.number();
const parts = z.strictObject({
  spread: part.describe('How far it is from instances of the same deployment, then how much is free.'),
  pack: part.describe('How full it is.'),
  locality: part.describe('How close it is to what it should be near.'),
  slaClass: part.describe('How well the class of its pool fits.'),
  cost: part.describe('How cheap its pool is.'),
});
export type ScoreParts = z.infer<typeof parts>;

/** As it was told first: without codes, counts and parts. */
export const placementDecisionV1 = z.strictObject({
  filtered: z.array(z.strictObject({ nodeId: id('node'), reason: z.string() })),
  scores: z.array(z.strictObject({ nodeId: id('node'), score: z.number() })),
});

/** Why a node was chosen: what was left out and why, and how the rest scored. */
export const placementDecision = z.strictObject({
  nodes: count('Nodes that were looked at.'),
  rejected: z
    .array(z.strictObject({ code: z.enum(filterCodes).describe('Why.'), count: count('How many nodes.') }))
    .describe('How many nodes were out of the question for which reason.'),
  filtered: z
    .array(z.strictObject({ nodeId: id('node'), code: z.enum(filterCodes).describe('Why, as a code.'), reason }))
    .describe('Some of these nodes, by id.'),
  scores: z
    .array(z.strictObject({ nodeId: id('node'), score, parts: parts.nullable().describe('What it is made of.') }))
    .describe('The best of the other nodes, best first: the first one was taken, the second one is the runner-up.'),
  weights: placementWeights.nullable().describe('How much each part counted on the node that was taken.'),
});
export type PlacementDecision = z.infer<typeof placementDecision>;

export function decisionFromV1(old: z.infer<typeof placementDecisionV1>): PlacementDecision {
  const { filtered, scores } = old;
  return {
    nodes: filtered.length + scores.length,
    rejected: filtered.length === 0 ? [] : [{ code: 'OTHER', count: filtered.length }],
    filtered: filtered.map(({ nodeId, reason }) => ({ nodeId, code: 'OTHER', reason: reason.slice(0, 500) })),
    scores: scores.map((one) => ({ ...one, parts: null })),
    weights: null,
  };
}
