/**
 * The whole platform with three nodes, as `npm start` runs it, two tenants with instances in real containers on it, and a tap in
 * the sandbox of each: what policies do is tried from where a tenant's program would.
 */
import { gatewayMac, podMac } from '@atoll/agent/render/names';
import { HTTP_PORT } from '@atoll/examples/images/http-image';
import type { CompiledEndpoint } from '@atoll/network/compile/model';
import { type Id, id } from '@atoll/schema/ids';
import type { Atoll } from '@atoll/sdk/client';
import type { Instance } from '@atoll/sdk/generated/resources';
import { newId } from '@atoll/service/ids';
import { newTenant } from '../../platform/clients.ts';
import { containersOf, pidOfContainer, variableOf } from '../../platform/host.ts';
import { Platform } from '../../platform/platform.ts';
import { waitFor } from '../../platform/waiting.ts';
import { newNamespace, push, small, steady } from '../../platform/workloads.ts';
import { mac } from '../lab/frames.ts';
import type { Party } from '../lab/segment.ts';
import { Tap } from '../lab/tap.ts';
import { answerDatagrams } from '../lab/volley.ts';
import type { Exposed } from '../worlds/doors.ts';
import type { RealSpace } from './policies.ts';

export interface Space extends RealSpace {
  readonly admin: Atoll;
  readonly name: string;
  readonly exposed: Exposed;
  /** The only one that the namespace has: which one it is matters to nobody. */
  readonly subnetId: Id<'subnet'>;
}

export interface RealParty extends Party {
  readonly endpoint: CompiledEndpoint;
  /** Of the app's container. */
  readonly pid: number;
  readonly space: Space;
}

export interface Cluster {
  readonly platform: Platform;
  readonly spaces: readonly Space[];
  readonly parties: readonly RealParty[];
  close(): Promise<void>;
}

/** By the places of spaces in the worlds: two namespaces of one tenant, in environments of their own, and one of another. */
const deployments = [
  { space: 0, name: 'web', replicas: 3, labels: { app: 'a' } },
  { space: 0, name: 'db', replicas: 1, labels: { app: 'b', tier: 'a' } },
  { space: 1, name: 'job', replicas: 1, labels: { app: 'a', zone: 'b' } },
  { space: 2, name: 'alien', replicas: 1, labels: { app: 'a' } },
] as const;

const listed = (labels: Readonly<Record<string, string>>) =>
  Object.entries(labels).map(([key, value]) => ({ key, value }));

async function openSpace(admin: Atoll, tenant: Id<'tenant'>, name: string): Promise<Space> {
  const namespace = await newNamespace(admin, name);
  const namespaceId = id('namespace').parse(namespace.id);
  const environmentId = id('environment').parse(namespace.environment.id);
  const { service } = await admin.mutate.createService({
    ...{ namespaceId, name: 'web', selector: [{ key: 'app', value: 'a' }] },
    ports: [{ name: 'http', port: 80, targetPort: HTTP_PORT }],
  });
  const serviceId = id('service').parse(service?.id);
  return {
    ...{ admin, name, tenant, namespaceId, environmentId, subnetId: newId('subnet') },
    service: { serviceId, tenant, namespaceId, labels: { app: 'a' } },
    exposed: {
      ...{ serviceId, ipv4: service?.ipv4 ?? '', ipv6: service?.ipv6 ?? '', affinitySeconds: null },
      ports: [{ protocol: 'TCP', port: 80, targetPort: HTTP_PORT }],
    },
  };
}

export async function openCluster(env: Readonly<Record<string, string>> = {}): Promise<Cluster> {
  const platform = await Platform.start({ args: ['--nodes', '3'], env });
  const taps: Tap[] = [];
  const close = async () => {
    for (const tap of taps) tap.stop();
    await platform.discard();
  };
  try {
    const { ready } = platform;
    const [one, other] = [await newTenant(ready), await newTenant(ready)];
    const idOf = ({ tenant }: typeof one) => id('tenant').parse(tenant.id);
    const spaces = await Promise.all([
      openSpace(one.admin, idOf(one), 'shop'),
      openSpace(one.admin, idOf(one), 'back'),
      openSpace(other.admin, idOf(other), 'alien'),
    ]);
    const image = await push(ready, '1');
    const placed = await Promise.all(
      deployments.map(async ({ space: index, name, replicas, labels }) => {
        const space = spaces[index];
        if (space === undefined) throw new Error('every deployment has a space');
        const { deployment } = await space.admin.mutate.createDeployment({
          // Ready as soon as it runs: a busy machine would be too late for a check now and then.
          ...{ ...small, readiness: null, namespaceId: space.namespaceId },
          ...{ name, image, replicas, labels: listed(labels) },
        });
        return (await steady(space.admin, deployment.id)).map((instance) => ({ instance, space }));
      }),
    );
    for (const [index, space] of spaces.entries()) await served(space, index);
    const socket = variableOf(platform.pidOf('agent-1'), 'ATOLL_DOCKER_SOCKET');
    if (socket === undefined) throw new Error('the agent has no Docker socket');
    const containers = await containersOf(socket);
    const parties = await Promise.all(
      placed.flat().map(async ({ instance, space }): Promise<RealParty> => {
        const app = containers.find(({ instanceId, kind }) => instanceId === instance.id && kind === 'app');
        if (app === undefined) throw new Error(`${instance.id} has no container`);
        const pid = await pidOfContainer(socket, app.id);
        const netns = `/proc/${pid}/ns/net`;
        const tap = new Tap(netns);
        taps.push(tap);
        await tap.ready();
        const endpoint = await endpointOf(space, instance);
        const { ipv4, ipv6, instanceId } = endpoint;
        return {
          ...{ name: `${space.name} ${ipv4}`, ipv4, ipv6, netns, tap, pid, endpoint, space },
          ...{ mac: mac(podMac(instanceId)), nextHop: () => mac(gatewayMac) },
        };
      }),
    );
    answerDatagrams(parties);
    return { platform, spaces, parties, close };
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
}

/** Resolves once its service sends connections to all that it selects. */
async function served({ admin, service }: Space, place: number): Promise<void> {
  const selected = deployments.filter(({ space, labels }) => space === place && labels.app === service.labels.app);
  const count = selected.reduce((sum, { replicas }) => sum + replicas, 0);
  await waitFor(`${count} instances are behind ${service.serviceId}`, 60_000, async () => {
    const { nodes = [] } = (await admin.query.serviceEndpoints({ id: service.serviceId })) ?? {};
    return nodes.filter(({ ready }) => ready).length === count || undefined;
  });
}

/** As the model has it; the subnet is the only one that the namespace has. */
async function endpointOf(space: Space, instance: Instance): Promise<CompiledEndpoint> {
  const { ipv4, ipv6 } = await waitFor(`${instance.id} has its addresses`, 60_000, () =>
    instance.ipv4 && instance.ipv6 ? { ipv4: instance.ipv4, ipv6: instance.ipv6 } : undefined,
  );
  return {
    ...{ instanceId: id('instance').parse(instance.id), nodeId: id('node').parse(instance.nodeId), ipv4, ipv6 },
    ...{ tenant: space.tenant, namespaceId: space.namespaceId, environmentId: space.environmentId },
    subnetId: space.subnetId,
    labels: Object.fromEntries(instance.labels.map(({ key, value }) => [key, value])),
    isolated: false,
  };
}
