/** A tenant with one of everything, as its services' events would tell it. */
import { alone } from '@atoll/schema/deploy/spec';
import type { Id } from '@atoll/schema/ids';
import { definitionOfSpec } from '@atoll/schema/network/policies';
import { newId } from '@atoll/service/ids';
import type { Platform, TestTenant } from './platform.ts';

export const spec = {
  image: `registry.test:5000/web@sha256:${'a'.repeat(64)}`,
  command: null,
  env: { PASSWORD: 'hunter2' },
  ports: [{ port: 8080, protocol: 'TCP' }],
  resources: { cpuMillis: 100, memoryMiB: 64 },
  readiness: null,
  ...alone,
} as const;

export interface Scenario {
  readonly environment: Id<'environment'>;
  readonly namespace: Id<'namespace'>;
  readonly subnet: Id<'subnet'>;
  readonly deployment: Id<'deployment'>;
  readonly release: Id<'release'>;
  readonly rollout: Id<'rollout'>;
  readonly instance: Id<'instance'>;
  readonly policy: Id<'policy'>;
  readonly service: Id<'service'>;
  readonly node: Id<'node'>;
}

export const newScenario = (): Scenario => ({
  environment: newId('environment'),
  namespace: newId('namespace'),
  subnet: newId('subnet'),
  deployment: newId('deployment'),
  release: newId('release'),
  rollout: newId('rollout'),
  instance: newId('instance'),
  policy: newId('policy'),
  service: newId('service'),
  node: newId('node'),
});

/** Each context's part, to be told in any order among the contexts. */
export function parts(platform: Platform, tenant: TestTenant, ids: Scenario, name = 'shop') {
  const { environment, namespace, subnet, deployment, release, rollout, instance, policy, service, node } = ids;
  const at = { deploymentId: deployment, instanceId: instance, nodeId: node };
  const endpoint = { instanceId: instance, namespaceId: namespace, nodeId: node };
  const hash = 'c'.repeat(64);
  const enforcedAt = '2026-11-23T09:00:00.5Z';
  return {
    async tenancy() {
      await platform.appendOnly(tenant.id, 'tenancy', `environment:${environment}`, {
        type: 'EnvironmentCreated',
        data: { environmentId: environment, name, kind: 'TEST' },
      });
      await platform.appendOnly(tenant.id, 'tenancy', `namespace:${namespace}`, {
        type: 'NamespaceCreated',
        data: { namespaceId: namespace, environmentId: environment, name, labels: { z: '1', a: '2' } },
      });
    },
    async network() {
      await platform.appendOnly(tenant.id, 'network', `subnet:${subnet}`, {
        type: 'SubnetAllocated',
        data: { subnetId: subnet, namespaceId: namespace, ipv4: '10.64.3.0/24', ipv6: 'fd61:746f:6c6c:3::/64' },
      });
      await platform.appendOnly(tenant.id, 'network', `addressSupply:${namespace}`, {
        type: 'NamespaceAddressesRanLow',
        data: { namespaceId: namespace, size: 253, used: 230, free: 20, cooling: 3, exhaustedAt: null },
      });
      await platform.appendOnly(
        ...([tenant.id, 'network', `endpoint:${instance}`] as const),
        {
          type: 'EndpointAllocated',
          data: {
            ...endpoint,
            ...{
              deploymentId: deployment,
              subnetId: subnet,
              ipv4: '10.64.3.2',
              ipv6: 'fd61:746f:6c6c:3::2',
              labels: {},
            },
          },
        },
        { type: 'EndpointSecured', data: { ...endpoint, generation: 7, hash, enforcedAt } },
      );
      await platform.appendOnly(...([tenant.id, 'network', `service:${service}`] as const), {
        type: 'ServiceCreated',
        data: {
          ...{ serviceId: service, namespaceId: namespace, name: 'web', ipv4: '10.127.0.7' },
          ...{ ipv6: 'fd61:746f:6c6c:ffff:ffff:ffff:ffff:7' },
          spec: {
            selector: {},
            ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 }],
            affinitySeconds: 60,
          },
        },
      });
      await platform.appendOnly(...([tenant.id, 'network', `endpoint:${instance}`] as const), {
        type: 'EndpointServing',
        data: endpoint,
      });
      const definition = definitionOfSpec(namespace, {
        from: { namespaceId: namespace, labels: { role: 'client' } },
        to: { labels: { role: 'server' } },
        ports: [{ protocol: 'TCP', from: 80, to: 90 }],
      });
      const always = { schedule: null, active: true, nextChangeAt: null };
      await platform.appendOnly(
        ...([tenant.id, 'network', `policy:${policy}`] as const),
        {
          type: 'IsolationPolicyCreated',
          data: { policyId: policy, namespaceId: namespace, name: 'web', revision: 1, definition, ...always },
        },
        {
          type: 'PolicyEnforced',
          data: {
            policyId: policy,
            namespaceId: namespace,
            revision: 1,
            nodeId: node,
            generation: 7,
            hash,
            enforcedAt,
          },
        },
      );
    },
    async deploy() {
      await platform.appendOnly(
        ...([tenant.id, 'deploy', `deployment:${deployment}`] as const),
        {
          type: 'DeploymentCreated',
          data: {
            ...{ deploymentId: deployment, namespaceId: namespace, name: 'web', labels: { role: 'server' } },
            ...{ replicas: 1, strategy: { maxSurge: 1, maxUnavailable: 0 } },
          },
        },
        {
          type: 'ReleaseCreated',
          data: { deploymentId: deployment, namespaceId: namespace, releaseId: release, number: 1, spec },
        },
        {
          type: 'RolloutStarted',
          data: {
            ...{ deploymentId: deployment, rolloutId: rollout, kind: 'INITIAL', releaseId: release },
            ...{ releaseNumber: 1, fromReleaseId: null, pace: 'GRADUAL', automatic: false, deadlineAt: null },
            strategy: { kind: 'ROLLING' },
          },
        },
        {
          type: 'InstancePlaced',
          data: {
            ...{ ...at, namespaceId: namespace, releaseId: release, labels: { role: 'server' } },
            resources: spec.resources,
            decision: {
              ...{ nodes: 2, rejected: [{ code: 'CPU', count: 1 }], filtered: [] },
              ...{ scores: [{ nodeId: node, score: 0.5, parts: null }], weights: null },
            },
          },
        },
      );
    },
    async running() {
      await platform.appendOnly(
        ...([tenant.id, 'deploy', `deployment:${deployment}`] as const),
        { type: 'InstanceStarted', data: at },
        { type: 'InstanceReady', data: at },
        { type: 'RolloutCompleted', data: { deploymentId: deployment, rolloutId: rollout, releaseId: release } },
      );
    },
  };
}

export async function everything(platform: Platform, tenant: TestTenant, name = 'shop'): Promise<Scenario> {
  const ids = newScenario();
  const told = parts(platform, tenant, ids, name);
  await told.tenancy();
  await told.network();
  await told.deploy();
  await told.running();
  await platform.settled();
  return ids;
}
