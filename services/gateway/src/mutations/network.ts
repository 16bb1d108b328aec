/** Mutations of subnets and isolation policies. */
import { reject } from '@atoll/schema/errors';
import { type Keyed, mutation, type Versioned } from './definition.ts';
import { type LabelInput, labelMap, labelRepetition } from './lists.ts';
import { tenantOf } from './tenancy.ts';

interface CreateSubnetInput extends Keyed {
  readonly namespaceId: string;
  readonly ipv4?: string | null;
}

const createSubnet = mutation<CreateSubnetInput>({
  touches: ['namespaceId'],
  context: 'network',
  command: 'CreateSubnet',
  rows: { subnet: 'subnetId' },
  order: ({ namespaceId, ipv4 }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { namespaceId, ipv4: ipv4 ?? null },
    expectedVersion: null,
  }),
});

interface PolicyInput {
  readonly from: { readonly namespaceId?: string | null; readonly labels?: readonly LabelInput[] | null };
  readonly toLabels: readonly LabelInput[];
  readonly ports: readonly { readonly protocol: string; readonly from: number; readonly to?: number | null }[];
}

const definitionOf = ({ from, toLabels, ports }: PolicyInput, namespaceId: string) => ({
  action: 'ALLOW',
  priority: 500,
  from: [{ kind: 'INSTANCES', namespaceId: from.namespaceId ?? namespaceId, labels: labelMap(from.labels) }],
  to: [{ kind: 'INSTANCES', namespaceId, labels: labelMap(toLabels) }],
  traffic: ports.map(({ protocol, from: first, to }) => ({ protocol, from: first, to: to ?? first })),
  log: false,
});

const specRepetition = ({ from, toLabels }: PolicyInput) =>
  labelRepetition(from.labels, 'from.labels') ?? labelRepetition(toLabels, 'toLabels');

const specFields = {
  renamed: {
    definition: '',
    'definition.from.0': 'from',
    'definition.to.0': 'toLabels',
    'definition.to.0.labels': 'toLabels',
    'definition.traffic': 'ports',
  },
  keyed: { 'from.labels': 'key', toLabels: 'key' },
};

interface CreateIsolationPolicyInput extends Keyed, PolicyInput {
  readonly namespaceId: string;
  readonly name: string;
}

const createIsolationPolicy = mutation<CreateIsolationPolicyInput>({
  touches: ['namespaceId'],
  mentions: [{ field: 'from.namespaceId', permission: 'namespace:read' }],
  context: 'network',
  command: 'CreateIsolationPolicy',
  rows: { isolationPolicy: 'policyId' },
  ...specFields,
  order: (input, { viewer }) =>
    specRepetition(input) ?? {
      tenant: tenantOf(viewer),
      data: {
        namespaceId: input.namespaceId,
        name: input.name,
        definition: definitionOf(input, input.namespaceId),
        schedule: null,
      },
      expectedVersion: null,
    },
});

interface UpdateIsolationPolicyInput extends Versioned, PolicyInput {
  readonly policyId: string;
}

const updateIsolationPolicy = mutation<UpdateIsolationPolicyInput>({
  touches: ['policyId'],
  mentions: [{ field: 'from.namespaceId', permission: 'namespace:read' }],
  context: 'network',
  command: 'UpdateIsolationPolicy',
  rows: { isolationPolicy: 'policyId' },
  ...specFields,
  async order(input, { viewer, namespaceOfPolicy }) {
    const twice = specRepetition(input);
    if (twice) return twice;
    // A policy never changes its namespace, so what the read model says of it is true for good.
    const own = await namespaceOfPolicy(input.policyId);
    if (own === null) return reject('NOT_FOUND', 'There is no such isolation policy.', 'policyId');
    return {
      tenant: tenantOf(viewer),
      data: { policyId: input.policyId, definition: definitionOf(input, own), schedule: null },
      expectedVersion: input.expectedVersion ?? null,
    };
  },
});

interface DeleteIsolationPolicyInput extends Versioned {
  readonly policyId: string;
}

const deleteIsolationPolicy = mutation<DeleteIsolationPolicyInput>({
  touches: ['policyId'],
  context: 'network',
  command: 'DeleteIsolationPolicy',
  rows: {},
  order: ({ policyId, expectedVersion }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { policyId },
    expectedVersion: expectedVersion ?? null,
    shown: (result) => ({ deletedId: result.policyId }),
  }),
});

export const networkMutations = { createSubnet, createIsolationPolicy, updateIsolationPolicy, deleteIsolationPolicy };
