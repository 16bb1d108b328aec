/** Mutations of isolation policies, and of what holds where there is none. */
import { reject } from '@atoll/schema/errors';
import { type Keyed, type Mention, mutation, type Order, type Versioned } from './definition.ts';
import { fieldOfInput, intentOf, isFault, type PolicyInput } from './policy-input.ts';
import { tenantOf } from './tenancy.ts';

const sides = ['sources', 'destinations'] as const;
const mentions: readonly Mention[] = [
  { field: 'from.namespaceId', permission: 'namespace:read' },
  ...sides.flatMap((side): Mention[] => [
    { field: `${side}.instances.namespaceId`, permission: 'namespace:read' },
    { field: `${side}.environment.environmentId`, permission: 'environment:read' },
    { field: `${side}.service.serviceId`, permission: 'service:read' },
  ]),
];

const shown: Order['shown'] = (result) => ({
  warnings: result.warnings ?? [],
});
const words = {
  told: fieldOfInput,
  keyed: { 'from.labels': 'key', toLabels: 'key' },
};

interface CreateIsolationPolicyInput extends Keyed, PolicyInput {
  readonly namespaceId: string;
  readonly name: string;
}

const createIsolationPolicy = mutation<CreateIsolationPolicyInput>({
  touches: ['namespaceId'],
  mentions,
  context: 'network',
  command: 'CreateIsolationPolicy',
  rows: { isolationPolicy: 'policyId' },
  ...words,
  order(input, { viewer }) {
    const { namespaceId, name } = input;
    const intent = intentOf(input, namespaceId);
    if (isFault(intent)) return intent;
    return { tenant: tenantOf(viewer), data: { namespaceId, name, ...intent }, expectedVersion: null, shown };
  },
});

interface UpdateIsolationPolicyInput extends Versioned, PolicyInput {
  readonly policyId: string;
}

const updateIsolationPolicy = mutation<UpdateIsolationPolicyInput>({
  touches: ['policyId'],
  mentions,
  context: 'network',
  command: 'UpdateIsolationPolicy',
  rows: { isolationPolicy: 'policyId' },
  ...words,
  async order(input, { viewer, namespaceOfPolicy }) {
    const { policyId, expectedVersion } = input;
    // A policy never changes its namespace, so what the read model says of it is true for good.
    const own = await namespaceOfPolicy(policyId);
    if (own === null) return reject('NOT_FOUND', 'There is no such isolation policy.', 'policyId');
    const intent = intentOf(input, own);
    if (isFault(intent)) return intent;
    const data = { policyId, ...intent };
    return { tenant: tenantOf(viewer), data, expectedVersion: expectedVersion ?? null, shown };
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

const setNamespaceIsolation = mutation<Keyed & { readonly namespaceId: string; readonly level: string }>({
  touches: ['namespaceId'],
  context: 'network',
  command: 'SetNamespaceIsolation',
  rows: { namespace: 'namespaceId' },
  order: ({ namespaceId, level }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { namespaceId, level },
    expectedVersion: null,
  }),
});

export const policyMutations = {
  ...{ createIsolationPolicy, updateIsolationPolicy, deleteIsolationPolicy },
  setNamespaceIsolation,
};
