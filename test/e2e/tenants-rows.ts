/**
 * What each mutation is asked with, beside ids, so that it is the ids that decide. A mutation or an id of the schema that
 * isn't here fails the matrix; what is here and not in the schema does, too.
 */
import type { IdKind } from '@atoll/schema/ids';

/** Things that each tenant of the matrix has one of; of plans there is one for all. */
export type Thing =
  | Extract<IdKind, 'tenant' | 'member' | 'serviceAccount' | 'role' | 'binding' | 'environment' | 'namespace'>
  | Extract<
      IdKind,
      'deployment' | 'policy' | 'issuer' | 'apiKey' | 'invitation' | 'deletion' | 'plan' | 'service' | 'platformPolicy'
    >
  | Extract<IdKind, 'pool' | 'node' | 'batch'>
  | Extract<IdKind, 'subnet' | 'publicAddress' | 'portMapping' | 'addressRange'>
  /** A member's `sub`: no id, and it names one just as well. */
  | 'subject'
  /** An invitation's, with a secret that is none. */
  | 'token';

/** Ids that go together, by their paths. Each is replaced in turn, the others are of the tenant's own things. */
export type Case = Readonly<Record<string, Thing>>;

export interface Row {
  readonly cases: readonly Case[];
  /** Other fields of the input. */
  readonly with?: Readonly<Record<string, unknown>>;
}

const lone = (more: Row['with'] = {}): Row => ({ cases: [], with: more });
const of = (ids: Case, more: Row['with'] = {}): Row => ({ cases: [ids], with: more });

const tenant = { tenantId: 'tenant' } as const;
const account = { ...tenant, serviceAccountId: 'serviceAccount' } as const;
const issuer = { ...tenant, issuerId: 'issuer' } as const;
const member = { ...tenant, memberId: 'member' } as const;
const deployment = { deploymentId: 'deployment' } as const;
const labels = [{ key: 'foreign', value: 'yes' }];
const ports = [{ from: 80 }];
const image = `registry.example.com/a/b@sha256:${'0'.repeat(64)}`;

const ofBoth = { 'sources.tenantId': 'tenant', 'destinations.tenantId': 'tenant' } as const;
const onPlatform = { name: 'foreign', action: 'DENY', traffic: [] };

/** Both sides of a policy, by each way to name what is on them. */
const policySides: readonly Case[] = [
  { 'from.namespaceId': 'namespace', 'destinations.instances.namespaceId': 'namespace' },
  { 'sources.instances.namespaceId': 'namespace', 'destinations.instances.namespaceId': 'namespace' },
  { 'sources.environment.environmentId': 'environment', 'destinations.environment.environmentId': 'environment' },
  { 'sources.service.serviceId': 'service', 'destinations.service.serviceId': 'service' },
];

export const rows: Readonly<Record<string, Row>> = {
  createRole: lone(),
  changeRole: of({ roleId: 'role' }, { description: 'x' }),
  deleteRole: of({ roleId: 'role' }),
  bindRole: {
    cases: [
      { ...member, roleId: 'role', namespaceId: 'namespace' },
      { ...account, roleId: 'role', environmentId: 'environment' },
    ],
  },
  unbindRole: of({ ...tenant, roleBindingId: 'binding' }),
  changeMemberRole: of(member, { role: 'VIEWER' }),
  removeMember: of(member),
  leaveTenant: lone(),
  deleteEnvironment: of({ environmentId: 'environment' }, { confirm: 'x' }),
  deleteTenant: of(tenant, { confirm: 'x' }),
  undeleteTenant: of(tenant),
  cancelDeletion: of({ deletionId: 'deletion' }),
  setDeletionProtection: {
    cases: [{ id: 'namespace' }, { id: 'environment' }, { id: 'tenant' }],
    with: { enabled: false },
  },
  setLegalHold: of(tenant),
  createDeployment: of({ namespaceId: 'namespace' }, { name: 'foreign', image }),
  upgradeDeployment: of(deployment, { memoryMiB: 32 }),
  rollbackDeployment: of(deployment),
  scaleDeployment: of(deployment, { replicas: 2 }),
  suspendRollout: of(deployment),
  resumeRollout: of(deployment),
  setRolloutPolicy: of(deployment, { onFailure: 'FAST' }),
  setRolloutStrategy: of(deployment, { strategy: { kind: 'RECREATE' } }),
  promoteRollout: of(deployment),
  abortRollout: of(deployment),
  deleteDeployment: of(deployment),
  startBatch: {
    cases: [{ scopeId: 'namespace' }, { scopeId: 'environment' }],
    with: { labels, operation: { kind: 'SUSPEND' } },
  },
  pauseBatch: of({ batchId: 'batch' }),
  resumeBatch: of({ batchId: 'batch' }),
  cancelBatch: of({ batchId: 'batch' }),
  changeEnvironment: of({ environmentId: 'environment' }, { name: 'foreign' }),
  setPromotion: of({ environmentId: 'environment', promotesTo: 'environment' }),
  setImageRules: of({ environmentId: 'environment' }),
  registerIssuer: of(tenant, { name: 'foreign', url: 'https://127.0.0.1:1', audience: 'x' }),
  changeIssuer: of(issuer, { name: 'foreign' }),
  removeIssuer: of(issuer),
  createApiKey: of({ serviceAccountId: 'serviceAccount' }, { name: 'foreign' }),
  revokeApiKey: of({ apiKeyId: 'apiKey' }),
  rotateServiceAccountSecret: of(account),
  disableServiceAccount: of(account),
  enableServiceAccount: of(account),
  deleteServiceAccount: of(account),
  inviteMember: of(tenant, { role: 'VIEWER' }),
  revokeInvitation: of({ ...tenant, invitationId: 'invitation' }),
  acceptInvitation: of({ token: 'token' }),
  createSubnet: of({ namespaceId: 'namespace' }),
  deleteSubnet: of({ subnetId: 'subnet' }),
  setSubnetGrowth: of({ namespaceId: 'namespace' }, { automatic: false }),
  addAddressRange: lone({ purpose: 'PUBLIC', cidr: '203.0.113.0/24' }),
  withdrawAddressRange: of({ addressRangeId: 'addressRange' }),
  allocatePublicAddress: of({ namespaceId: 'namespace' }, { name: 'foreign' }),
  releasePublicAddress: of({ publicAddressId: 'publicAddress' }),
  createPortMapping: {
    cases: [
      { publicAddressId: 'publicAddress', deploymentId: 'deployment' },
      { publicAddressId: 'publicAddress', serviceId: 'service' },
    ],
    with: { port: 80 },
  },
  deletePortMapping: of({ portMappingId: 'portMapping' }),
  createIsolationPolicy: {
    cases: policySides.map((sides) => ({ namespaceId: 'namespace', ...sides })),
    with: { name: 'foreign', ports },
  },
  updateIsolationPolicy: {
    cases: policySides.map((sides) => ({ policyId: 'policy', ...sides })),
    with: { ports },
  },
  createPlatformPolicy: of(ofBoth, onPlatform),
  updatePlatformPolicy: of({ platformPolicyId: 'platformPolicy', ...ofBoth }, onPlatform),
  createPool: lone({ name: 'foreign' }),
  changePool: of({ poolId: 'pool' }),
  deletePool: of({ poolId: 'pool' }),
  assignNode: of({ nodeId: 'node', poolId: 'pool' }),
  cordonNode: of({ nodeId: 'node' }),
  uncordonNode: of({ nodeId: 'node' }),
  drainNode: of({ nodeId: 'node' }),
  cancelDrain: of({ nodeId: 'node' }),
  setPlacementWeights: of(tenant),
  setDeploymentPlacement: of(deployment, { placement: { zones: ['foreign'] } }),
  deletePlatformPolicy: of({ platformPolicyId: 'platformPolicy' }),
  setNamespaceIsolation: of({ namespaceId: 'namespace' }, { level: 'SUBNET' }),
  deleteIsolationPolicy: of({ policyId: 'policy' }),
  createService: of({ namespaceId: 'namespace' }, { name: 'foreign', selector: labels, ports: [{ port: 80 }] }),
  updateService: of({ serviceId: 'service' }, { selector: labels, ports: [{ port: 80 }] }),
  setServiceLabels: of({ serviceId: 'service' }, { labels }),
  deleteService: of({ serviceId: 'service' }),
  createPlan: lone(),
  changePlan: of({ planId: 'plan' }),
  retirePlan: of({ planId: 'plan' }),
  setTenantPlan: of({ ...tenant, planId: 'plan' }),
  overrideEntitlements: of(tenant),
  setEnvironmentLabels: of({ environmentId: 'environment' }, { labels }),
  setNamespaceLabels: of({ namespaceId: 'namespace' }, { labels }),
  setDeploymentLabels: of(deployment, { labels }),
  setIsolationPolicyLabels: of({ policyId: 'policy' }, { labels }),
  setTenantLabels: of(tenant, { labels }),
  setServiceAccountLabels: of(account, { labels }),
  setQuota: {
    cases: [{ environmentId: 'environment' }, { namespaceId: 'namespace' }],
    with: { limits: [{ measure: 'INSTANCES', limit: 50 }] },
  },
  createTenant: of({ planId: 'plan' }, { name: 'foreign' }),
  suspendTenant: of(tenant, { reason: 'x' }),
  resumeTenant: of(tenant),
  addMember: of(tenant, { subject: 'foreign', role: 'VIEWER' }),
  erasePersonalData: of({ ...tenant, subject: 'subject' }),
  createServiceAccount: of(tenant, { name: 'foreign', role: 'VIEWER' }),
  createEnvironment: lone(),
  createNamespace: of({ environmentId: 'environment' }, { name: 'foreign' }),
  deleteNamespace: of({ namespaceId: 'namespace' }),
};
