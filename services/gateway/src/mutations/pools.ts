/** The operator's mutations of pools, nodes and weights. */
import { reject } from '@atoll/schema/errors';
import { idKind, PLATFORM } from '@atoll/schema/ids';
import { type Keyed, mutation, type Versioned } from './definition.ts';
import { type LabelInput, labelMap, labelRepetition } from './lists.ts';
import { aboutTenant } from './tenancy.ts';

const noPool = reject('NOT_FOUND', 'There is no such pool. List the pools and use one of their ids.', 'poolId');
const noNode = reject('NOT_FOUND', 'There is no such node. List the nodes and use one of their ids.', 'nodeId');

interface Terms {
  readonly slaClass?: string | null;
  readonly labels?: readonly LabelInput[] | null;
  readonly cpuPercent?: number | null;
  readonly memoryPercent?: number | null;
  readonly costPerHour?: number | null;
  readonly weights?: Readonly<Record<string, number>> | null;
}

const given = (fields: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));

const termsOf = ({ slaClass, labels, cpuPercent, memoryPercent, costPerHour, weights }: Terms) =>
  given({ slaClass, cpuPercent, memoryPercent, costPerHour, weights, labels: labels ? labelMap(labels) : undefined });

const words = { renamed: { terms: '' }, keyed: { labels: 'key' } };

const createPool = mutation<Keyed & Terms & { readonly name: string }>({
  touches: 'platform',
  context: 'deploy',
  command: 'CreatePool',
  rows: { pool: 'poolId' },
  ...words,
  order: ({ name, ...terms }) =>
    labelRepetition(terms.labels, 'labels') ?? {
      ...{ tenant: PLATFORM, data: { name, terms: termsOf(terms) }, expectedVersion: null },
    },
});

interface OfPool extends Versioned {
  readonly poolId: string;
}

const changePool = mutation<OfPool & Terms & { readonly name?: string | null }>({
  touches: 'platform',
  wide: ['poolId'],
  context: 'deploy',
  command: 'ChangePool',
  rows: { pool: 'poolId' },
  ...words,
  order({ poolId, name, expectedVersion, ...terms }) {
    if (idKind(poolId) !== 'pool') return noPool;
    const data = { poolId, ...given({ name }), terms: termsOf(terms) };
    return (
      labelRepetition(terms.labels, 'labels') ?? { tenant: PLATFORM, data, expectedVersion: expectedVersion ?? null }
    );
  },
});

const deletePool = mutation<OfPool>({
  touches: 'platform',
  wide: ['poolId'],
  context: 'deploy',
  command: 'DeletePool',
  rows: {},
  order: ({ poolId, expectedVersion }) =>
    idKind(poolId) === 'pool'
      ? {
          ...{ tenant: PLATFORM, data: { poolId }, expectedVersion: expectedVersion ?? null },
          shown: (result) => ({ deletedId: result.poolId }),
        }
      : noPool,
});

interface OfNode extends Keyed {
  readonly nodeId: string;
}
interface AssignInput extends OfNode {
  readonly poolId?: string | null;
  readonly zone?: string | null;
  readonly labels?: readonly LabelInput[] | null;
}

const assignNode = mutation<AssignInput>({
  touches: 'platform',
  wide: ['nodeId', 'poolId'],
  context: 'deploy',
  command: 'AssignNode',
  rows: { computeNode: 'nodeId' },
  keyed: words.keyed,
  order({ nodeId, poolId, zone, labels }) {
    if (idKind(nodeId) !== 'node') return noNode;
    if (poolId != null && idKind(poolId) !== 'pool') return noPool;
    const place = {
      ...given({ poolId, labels: labels ? labelMap(labels) : undefined }),
      // Null is something to give: no zone.
      ...(zone === undefined ? {} : { zone }),
    };
    return labelRepetition(labels, 'labels') ?? { tenant: PLATFORM, data: { nodeId, ...place }, expectedVersion: null };
  },
});

const onNode = (command: 'CordonNode' | 'UncordonNode' | 'DrainNode' | 'CancelDrain') =>
  mutation<OfNode & { readonly note?: string | null }>({
    touches: 'platform',
    wide: ['nodeId'],
    context: 'deploy',
    command,
    rows: { computeNode: 'nodeId' },
    order: ({ nodeId, note }) =>
      idKind(nodeId) === 'node'
        ? { tenant: PLATFORM, data: { nodeId, ...given({ note }) }, expectedVersion: null }
        : noNode,
  });

interface WeightsInput extends Keyed {
  readonly tenantId: string;
  readonly weights?: Readonly<Record<string, number>> | null;
}

const setPlacementWeights = mutation<WeightsInput>({
  touches: 'platform',
  wide: ['tenantId'],
  context: 'deploy',
  command: 'SetPlacementWeights',
  rows: {},
  async order({ tenantId, weights }, asking) {
    if (!(await asking.tenantExists(tenantId))) return reject('NOT_FOUND', 'There is no such tenant.', 'tenantId');
    return aboutTenant(tenantId, { weights: weights ?? null });
  },
});

export const poolMutations = {
  ...{ createPool, changePool, deletePool, assignNode },
  cordonNode: onNode('CordonNode'),
  uncordonNode: onNode('UncordonNode'),
  drainNode: onNode('DrainNode'),
  cancelDrain: onNode('CancelDrain'),
  setPlacementWeights,
};
