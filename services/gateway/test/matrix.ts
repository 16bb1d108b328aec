/**
 * Rows of the access matrix: what of a scenario each id argument of each root field means. A field or an id of the SDL
 * that isn't here fails the matrix; what is here and not in the SDL does, too.
 */
import type { IdKind } from '@atoll/schema/ids';

/** The things that a tenant of the matrix has one of. */
export type Thing =
  | Extract<IdKind, 'tenant' | 'member' | 'serviceAccount' | 'role' | 'binding' | 'environment' | 'namespace'>
  | Extract<IdKind, 'deployment' | 'release' | 'rollout' | 'instance' | 'subnet' | 'policy'>
  /** Of kinds that the scenario has none of: own and missing are the same. */
  | { readonly none: IdKind };

export interface MatrixRow {
  /** By path of each id in the arguments: what it is of. */
  readonly ids?: Readonly<Record<string, Thing>>;
  /** Other arguments that have to be given. */
  readonly with?: Readonly<Record<string, unknown>>;
}

const none = (kind: IdKind): Thing => ({ none: kind });
const page: MatrixRow = {};
const lone: MatrixRow = {};

export const queryRows: Readonly<Record<string, MatrixRow>> = {
  ...{ viewer: lone, permissions: lone, logHead: lone, eventCursor: lone, tenant: lone },
  ...{ roles: page, roleBindings: page, deletions: page, deployments: page, computeNodes: page },
  ...{ events: page, issuers: page, serviceAccounts: page, apiKeys: page, invitations: page, subnets: page },
  ...{ plans: page, quotaDifferences: page, tenants: page, members: page, environments: page, namespaces: page },
  auditLog: { ids: { 'filter.resource': 'deployment' } },
  node: { ids: { id: 'deployment' } },
  role: { ids: { id: 'role' } },
  access: { ids: { resourceId: 'deployment' }, with: { permission: 'deployment:write' } },
  canI: { ids: { resourceId: 'deployment' }, with: { permission: 'deployment:write' } },
  timeline: { ids: { resourceId: 'deployment' } },
  asOf: { ids: { resourceId: 'deployment' }, with: { change: 1 } },
  deletionPlan: { ids: { id: 'namespace' } },
  imageRuleViolations: { ids: { environmentId: 'environment' } },
  deletion: { ids: { id: 'namespace' } },
  deployment: { ids: { id: 'deployment' } },
  instance: { ids: { id: 'instance' } },
  isolationPolicy: { ids: { id: 'policy' } },
  reachabilityMatrix: { ids: { namespaceId: 'namespace', otherNamespaceIds: 'namespace' }, with: { port: 80 } },
  connectionLog: { ids: { namespaceId: 'namespace', policyId: 'policy' } },
  reachability: { ids: { from: 'instance', 'to.id': 'instance' }, with: { port: 80 } },
  ...{ addressRanges: page, publicAddresses: page, portMappings: page },
  publicAddress: { ids: { id: none('publicAddress') } },
  service: { ids: { id: none('service') } },
  instanceLogs: { ids: { instanceId: 'instance' } },
  deploymentLogs: { ids: { deploymentId: 'deployment' } },
  probe: { ids: { from: 'instance' }, with: { address: '10.64.0.1', port: 80 } },
  pools: page,
  pool: { ids: { id: none('pool') } },
  batches: page,
  batch: { ids: { id: none('batch') } },
  batchPreview: {
    ids: { scopeId: 'namespace' },
    with: { labels: [{ key: 'app', value: 'web' }], operation: { kind: 'RESTART' } },
  },
  placementPreview: { ids: { namespaceId: 'namespace' } },
  platformPolicies: page,
  platformPolicy: { ids: { id: none('platformPolicy') } },
  platformConnectionLog: { ids: { platformPolicyId: none('platformPolicy') } },
  plan: { ids: { id: none('plan') } },
  environment: { ids: { id: 'environment' } },
  namespace: { ids: { id: 'namespace' } },
};

const ofTenant = { tenantId: 'tenant' } as const;
const ofSide = (side: string) =>
  ({
    [`${side}.instances.namespaceId`]: 'namespace',
    [`${side}.environment.environmentId`]: 'environment',
    [`${side}.service.serviceId`]: none('service'),
  }) as const;
const peers = { 'from.namespaceId': 'namespace', ...ofSide('sources'), ...ofSide('destinations') } as const;
const deployment: MatrixRow = { ids: { deploymentId: 'deployment' } };

export const mutationRows: Readonly<Record<string, MatrixRow>> = {
  ...{ createRole: lone, leaveTenant: lone, acceptInvitation: lone, createPlan: lone, createEnvironment: lone },
  changeRole: { ids: { roleId: 'role' } },
  deleteRole: { ids: { roleId: 'role' } },
  bindRole: {
    ids: {
      ...{ ...ofTenant, memberId: 'member', serviceAccountId: 'serviceAccount', roleId: 'role' },
      ...{ environmentId: 'environment', namespaceId: 'namespace' },
    },
  },
  unbindRole: { ids: { ...ofTenant, roleBindingId: 'binding' } },
  changeMemberRole: { ids: { ...ofTenant, memberId: 'member' } },
  removeMember: { ids: { ...ofTenant, memberId: 'member' } },
  deleteEnvironment: { ids: { environmentId: 'environment' } },
  deleteTenant: { ids: ofTenant },
  undeleteTenant: { ids: ofTenant },
  cancelDeletion: { ids: { deletionId: none('deletion') } },
  setDeletionProtection: { ids: { id: 'namespace' } },
  setLegalHold: { ids: ofTenant },
  createDeployment: { ids: { namespaceId: 'namespace' } },
  ...{ upgradeDeployment: deployment, rollbackDeployment: deployment, scaleDeployment: deployment },
  ...{ suspendRollout: deployment, resumeRollout: deployment, setRolloutPolicy: deployment },
  ...{ setRolloutStrategy: deployment, promoteRollout: deployment, abortRollout: deployment },
  deleteDeployment: deployment,
  startBatch: { ids: { scopeId: 'namespace' } },
  pauseBatch: { ids: { batchId: none('batch') } },
  resumeBatch: { ids: { batchId: none('batch') } },
  cancelBatch: { ids: { batchId: none('batch') } },
  changeEnvironment: { ids: { environmentId: 'environment' } },
  setPromotion: { ids: { environmentId: 'environment', promotesTo: 'environment' } },
  setImageRules: { ids: { environmentId: 'environment' } },
  registerIssuer: { ids: ofTenant },
  changeIssuer: { ids: { ...ofTenant, issuerId: none('issuer') } },
  removeIssuer: { ids: { ...ofTenant, issuerId: none('issuer') } },
  createApiKey: { ids: { serviceAccountId: 'serviceAccount' } },
  revokeApiKey: { ids: { apiKeyId: none('apiKey') } },
  rotateServiceAccountSecret: { ids: { ...ofTenant, serviceAccountId: 'serviceAccount' } },
  disableServiceAccount: { ids: { ...ofTenant, serviceAccountId: 'serviceAccount' } },
  setTenantLabels: { ids: ofTenant },
  setServiceAccountLabels: { ids: { ...ofTenant, serviceAccountId: 'serviceAccount' } },
  enableServiceAccount: { ids: { ...ofTenant, serviceAccountId: 'serviceAccount' } },
  deleteServiceAccount: { ids: { ...ofTenant, serviceAccountId: 'serviceAccount' } },
  inviteMember: { ids: ofTenant },
  revokeInvitation: { ids: { ...ofTenant, invitationId: none('invitation') } },
  createSubnet: { ids: { namespaceId: 'namespace' } },
  deleteSubnet: { ids: { subnetId: 'subnet' } },
  setSubnetGrowth: { ids: { namespaceId: 'namespace' } },
  addAddressRange: lone,
  withdrawAddressRange: { ids: { addressRangeId: none('addressRange') } },
  allocatePublicAddress: { ids: { namespaceId: 'namespace' } },
  releasePublicAddress: { ids: { publicAddressId: none('publicAddress') } },
  createPortMapping: {
    ids: { publicAddressId: none('publicAddress'), deploymentId: 'deployment', serviceId: none('service') },
  },
  createService: { ids: { namespaceId: 'namespace' } },
  updateService: { ids: { serviceId: none('service') } },
  setServiceLabels: { ids: { serviceId: none('service') } },
  deleteService: { ids: { serviceId: none('service') } },
  deletePortMapping: { ids: { portMappingId: none('portMapping') } },
  createIsolationPolicy: { ids: { namespaceId: 'namespace', ...peers } },
  updateIsolationPolicy: { ids: { policyId: 'policy', ...peers } },
  setNamespaceIsolation: { ids: { namespaceId: 'namespace' } },
  createPlatformPolicy: { ids: { 'sources.tenantId': 'tenant', 'destinations.tenantId': 'tenant' } },
  updatePlatformPolicy: {
    ids: {
      platformPolicyId: none('platformPolicy'),
      ...{ 'sources.tenantId': 'tenant', 'destinations.tenantId': 'tenant' },
    },
  },
  createPool: lone,
  changePool: { ids: { poolId: none('pool') } },
  deletePool: { ids: { poolId: none('pool') } },
  assignNode: { ids: { nodeId: none('node'), poolId: none('pool') } },
  cordonNode: { ids: { nodeId: none('node') } },
  uncordonNode: { ids: { nodeId: none('node') } },
  drainNode: { ids: { nodeId: none('node') } },
  cancelDrain: { ids: { nodeId: none('node') } },
  setPlacementWeights: { ids: ofTenant },
  setDeploymentPlacement: { ids: { deploymentId: 'deployment' } },
  deletePlatformPolicy: { ids: { platformPolicyId: none('platformPolicy') } },
  deleteIsolationPolicy: { ids: { policyId: 'policy' } },
  changePlan: { ids: { planId: none('plan') } },
  retirePlan: { ids: { planId: none('plan') } },
  setTenantPlan: { ids: { ...ofTenant, planId: none('plan') } },
  overrideEntitlements: { ids: ofTenant },
  setQuota: { ids: { environmentId: 'environment', namespaceId: 'namespace' } },
  createTenant: { ids: { planId: none('plan') } },
  ...{ suspendTenant: { ids: ofTenant }, resumeTenant: { ids: ofTenant } },
  ...{ addMember: { ids: ofTenant }, erasePersonalData: { ids: ofTenant } },
  createServiceAccount: { ids: ofTenant },
  createNamespace: { ids: { environmentId: 'environment' } },
  deleteNamespace: { ids: { namespaceId: 'namespace' } },
  setEnvironmentLabels: { ids: { environmentId: 'environment' } },
  setNamespaceLabels: { ids: { namespaceId: 'namespace' } },
  setDeploymentLabels: deployment,
  setIsolationPolicyLabels: { ids: { policyId: 'policy' } },
};
