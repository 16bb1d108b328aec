/** Pools of nodes, what the operator says of nodes, and what tenants may use of them. All of it is the operator's. */
import { z } from 'zod';
import { type Id, id } from '../ids.ts';
import { slaClasses } from '../tenancy/plans.ts';
import { labels, name } from '../text.ts';
import { defaultWeights, placementWeights, weightsInput, zone } from './placement.ts';

/** The pool of every node that was put in no other: always there, never deleted. */
export const DEFAULT_POOL: Id<'pool'> = 'pool_00000000000000000000000000';
export const DEFAULT_POOL_NAME = 'default';

const percent = (what: string) => z.number().int().min(10).max(1000).meta({ description: what, 'x-unit': '%' });
const note = z.string().max(500).describe('Why, for people.');

export const poolTerms = z.strictObject({
  slaClass: z.enum(slaClasses).describe('Class of service that its nodes give.'),
  labels: labels.describe('Labels that each of its nodes has.'),
  cpuPercent: percent('How much of the processor time of a node may be given away; above 100: more than there is.'),
  memoryPercent: percent('The same of memory.'),
  costPerHour: z
    .number()
    .int()
    .min(0)
    .max(1_000_000_000)
    .describe('What a node costs in an hour, in a unit of your choice: it is only compared.'),
  weights: placementWeights,
});
export type PoolTerms = z.infer<typeof poolTerms>;
export const defaultPoolTerms: PoolTerms = {
  slaClass: 'STANDARD',
  labels: {},
  cpuPercent: 100,
  memoryPercent: 100,
  costPerHour: 0,
  weights: defaultWeights,
};

const poolId = id('pool');
const nodeId = id('node');
const tenantId = id('tenant');
const poolState = z.strictObject({
  poolId,
  name,
  revision: z.number().int().min(1).describe('Counts its changes, from 1.'),
  terms: poolTerms.describe('What it is.'),
});
const nodeRevision = z
  .number()
  .int()
  .min(1)
  .describe('Counts what the operator has said of the node, from 1. Nothing is placed on what was true of it before.');
const onNode = z.strictObject({ nodeId, revision: nodeRevision });

export const nodePlace = z.strictObject({
  poolId,
  zone: zone.nullable().describe('Its zone; null where it was told none.'),
  labels: labels.describe('Labels of its own.'),
});
export type NodePlace = z.infer<typeof nodePlace>;
export const defaultPlace: NodePlace = { poolId: DEFAULT_POOL, zone: null, labels: {} };

export const poolEvents = {
  PoolCreated: { doc: 'There is one more pool of nodes.', stream: 'pool', version: 1, data: poolState },
  PoolChanged: {
    doc: 'A pool is something else from now on. What was placed on its nodes stays.',
    stream: 'pool',
    version: 1,
    data: poolState,
  },
  PoolDeleted: {
    doc: 'The pool is gone. No node was in it, and none can come to it.',
    stream: 'pool',
    version: 1,
    data: z.strictObject({ poolId, name }),
  },
  NodeAssigned: {
    doc: 'The operator has said in which pool and zone the node is, and which labels it has. What runs on it stays.',
    stream: 'node',
    version: 1,
    data: onNode.extend(nodePlace.shape),
  },
  NodeCordoned: {
    doc: 'Nothing new is placed on the node until it is uncordoned. What runs on it goes on.',
    stream: 'node',
    version: 1,
    data: onNode.extend({ note }),
  },
  NodeUncordoned: {
    doc: 'Instances may be placed on the node again; a drain that was under way is over.',
    stream: 'node',
    version: 1,
    data: onNode,
  },
  NodeDrainStarted: {
    doc: 'Everything has to leave the node: replacements come first, each as the strategy of its deployment says.',
    stream: 'node',
    version: 1,
    data: onNode.extend({
      note,
      instances: z.number().int().min(0).meta({ description: 'On it at that time.', 'x-unit': 'instance' }),
    }),
  },
  NodeDrainCancelled: {
    doc: 'What is still on the node stays. It is cordoned.',
    stream: 'node',
    version: 1,
    data: onNode,
  },
  NodeDrained: {
    doc: 'No instance is left on the node. It stays cordoned.',
    stream: 'node',
    version: 1,
    data: onNode,
  },
  PlacementTermsAdopted: {
    doc: 'Which pools and classes of service the instances of the tenant may use from now on. What was placed before stays.',
    stream: 'placementTerms',
    version: 1,
    data: z.strictObject({
      tenantId,
      revision: z.number().int().min(1).describe('Counts the changes, from 1.'),
      pools: z.array(name).max(50).describe('Names of pools; any where it is empty.'),
      slaClasses: z.array(z.enum(slaClasses)).describe('Classes of service.'),
      weights: placementWeights.nullable().describe("In place of the pools' own; null where these hold."),
    }),
  },
} as const;

const termsInput = poolTerms.extend({ weights: weightsInput }).partial();
const place = z.strictObject({
  nodeId,
  poolId: poolId.optional(),
  zone: zone.nullable().optional(),
  labels: labels.optional(),
});
const ofNode = z.strictObject({ nodeId });
const noted = ofNode.extend({ note: note.default('') });

/** Sent under the platform, but for the one about a tenant, which is sent under it. */
export const poolCommands = {
  CreatePool: { input: z.strictObject({ name, terms: termsInput.default({}) }), result: z.strictObject({ poolId }) },
  /** What is left out stays. */
  ChangePool: {
    input: z.strictObject({ poolId, name: name.optional(), terms: termsInput.default({}) }),
    result: z.strictObject({ poolId }),
  },
  DeletePool: { input: z.strictObject({ poolId }), result: z.strictObject({ poolId }) },
  /** What is left out stays. */
  AssignNode: { input: place, result: ofNode },
  CordonNode: { input: noted, result: ofNode },
  UncordonNode: { input: ofNode, result: ofNode },
  DrainNode: { input: noted, result: ofNode },
  CancelDrain: { input: ofNode, result: ofNode },
  SetPlacementWeights: {
    input: z.strictObject({ weights: weightsInput.nullable() }),
    result: z.strictObject({ tenantId }),
  },
} as const;
