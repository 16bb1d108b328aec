/** Deployments of the example: made, waited for, and told where they stick. */
import type { Atoll } from '@atoll/sdk/client';
import type { CreateDeploymentInput } from '@atoll/sdk/generated/operations';
import type { Deployment, Instance } from '@atoll/sdk/generated/resources';
import { collect, pages } from '@atoll/sdk/pages';
import { HTTP_PORT } from '../images/http-image.ts';
import { eventually } from './watch.ts';

const ROLLOUT_MS = 90_000;

export async function deploy(
  atoll: Atoll,
  input: Pick<CreateDeploymentInput, 'namespaceId' | 'name' | 'image' | 'replicas'> & { readonly role: string },
): Promise<Deployment> {
  const { role, ...rest } = input;
  const { deployment } = await atoll.mutate.createDeployment({
    ...rest,
    labels: [{ key: 'role', value: role }],
    ports: [{ port: HTTP_PORT }],
    cpuMillis: 50,
    memoryMiB: 16,
    readiness: { protocol: 'HTTP', port: HTTP_PORT, path: '/', periodSeconds: 1 },
  });
  return deployment;
}

export const instancesOf = (atoll: Atoll, deploymentId: string): Promise<readonly Instance[]> =>
  collect(pages((after) => atoll.query.deploymentInstances({ id: deploymentId, first: 100, after })));

export interface Running extends Instance {
  readonly ipv4: string;
  readonly ipv6: string;
}
const isRunning = (instance: Instance): instance is Running =>
  instance.status === 'READY' && instance.ipv4 !== null && instance.ipv6 !== null;

/** Those of the current release that serve. */
export async function readyOf(atoll: Atoll, deploymentId: string): Promise<readonly Running[]> {
  return (await instancesOf(atoll, deploymentId)).filter(isRunning);
}

/** Waits until the deployment is STEADY with all its replicas of its current release ready, and none besides. */
export async function steady(atoll: Atoll, deployment: Pick<Deployment, 'id' | 'name'>): Promise<readonly Running[]> {
  return await eventually(
    `deployment ${deployment.name} is steady`,
    ROLLOUT_MS,
    async () => {
      const now = await atoll.query.deployment({ id: deployment.id });
      if (now === null || now.status !== 'STEADY' || now.readyReplicas !== now.replicas) return undefined;
      const instances = await instancesOf(atoll, deployment.id);
      const ready = instances.filter(isRunning).filter((i) => i.release.id === now.currentRelease?.id);
      return ready.length === now.replicas && instances.length === now.replicas ? ready : undefined;
    },
    () => explain(atoll, deployment.id),
  );
}

async function explain(atoll: Atoll, deploymentId: string): Promise<string> {
  const deployment = await atoll.query.deployment({ id: deploymentId });
  const instances = await instancesOf(atoll, deploymentId);
  const lines = instances.map(
    (i) => `${i.id} ${i.status}${i.statusReason === null ? '' : ` ${i.statusReason}: ${i.statusMessage}`}`,
  );
  return `It is ${deployment?.status ?? 'gone'} (${deployment?.statusMessage ?? 'no message'}); its instances: ${lines.join('; ') || 'none'}`;
}
