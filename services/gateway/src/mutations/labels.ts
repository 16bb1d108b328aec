/** Mutations that say which labels things have. */
import { type Keyed, mutation, type Versioned } from './definition.ts';
import { type LabelInput, labelMap, labelRepetition } from './lists.ts';
import { tenantOf, whichTenant } from './tenancy.ts';

interface LabelsInput {
  readonly labels: readonly LabelInput[];
}
const keyed = { labels: 'key' };

const setTenantLabels = mutation<LabelsInput & Keyed & { readonly tenantId?: string | null }>({
  touches: 'tenant',
  wide: ['tenantId'],
  context: 'tenancy',
  command: 'SetTenantLabels',
  rows: { tenant: 'tenantId' },
  keyed,
  order({ tenantId, labels }, { viewer }) {
    const tenant = whichTenant(viewer, tenantId, 'label');
    if (typeof tenant !== 'string') return tenant;
    return labelRepetition(labels, 'labels') ?? { tenant, data: { labels: labelMap(labels) }, expectedVersion: null };
  },
});

const setEnvironmentLabels = mutation<LabelsInput & Keyed & { readonly environmentId: string }>({
  touches: ['environmentId'],
  context: 'tenancy',
  command: 'SetEnvironmentLabels',
  rows: { environment: 'environmentId' },
  keyed,
  order: ({ environmentId, labels }, { viewer }) =>
    labelRepetition(labels, 'labels') ?? {
      tenant: tenantOf(viewer),
      data: { environmentId, labels: labelMap(labels) },
      expectedVersion: null,
    },
});

const setNamespaceLabels = mutation<LabelsInput & Versioned & { readonly namespaceId: string }>({
  touches: ['namespaceId'],
  context: 'tenancy',
  command: 'SetNamespaceLabels',
  rows: { namespace: 'namespaceId' },
  keyed,
  order: ({ namespaceId, labels, expectedVersion }, { viewer }) =>
    labelRepetition(labels, 'labels') ?? {
      tenant: tenantOf(viewer),
      data: { namespaceId, labels: labelMap(labels) },
      expectedVersion: expectedVersion ?? null,
    },
});

const setDeploymentLabels = mutation<LabelsInput & Versioned & { readonly deploymentId: string }>({
  touches: ['deploymentId'],
  context: 'deploy',
  command: 'SetDeploymentLabels',
  rows: { deployment: 'deploymentId' },
  keyed,
  order: ({ deploymentId, labels, expectedVersion }, { viewer }) =>
    labelRepetition(labels, 'labels') ?? {
      tenant: tenantOf(viewer),
      data: { deploymentId, labels: labelMap(labels) },
      expectedVersion: expectedVersion ?? null,
    },
});

const setIsolationPolicyLabels = mutation<LabelsInput & Versioned & { readonly policyId: string }>({
  touches: ['policyId'],
  context: 'network',
  command: 'SetIsolationPolicyLabels',
  rows: { isolationPolicy: 'policyId' },
  keyed,
  order: ({ policyId, labels, expectedVersion }, { viewer }) =>
    labelRepetition(labels, 'labels') ?? {
      tenant: tenantOf(viewer),
      data: { policyId, labels: labelMap(labels) },
      expectedVersion: expectedVersion ?? null,
    },
});

const setServiceLabels = mutation<LabelsInput & Versioned & { readonly serviceId: string }>({
  touches: ['serviceId'],
  context: 'network',
  command: 'SetServiceLabels',
  rows: { service: 'serviceId' },
  keyed,
  order: ({ serviceId, labels, expectedVersion }, { viewer }) =>
    labelRepetition(labels, 'labels') ?? {
      tenant: tenantOf(viewer),
      data: { serviceId, labels: labelMap(labels) },
      expectedVersion: expectedVersion ?? null,
    },
});

export const labelMutations = {
  setTenantLabels,
  setEnvironmentLabels,
  setNamespaceLabels,
  setDeploymentLabels,
  setIsolationPolicyLabels,
  setServiceLabels,
};
