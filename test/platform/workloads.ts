/** What the tests deploy: the example's HTTP image. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { HTTP_PORT, httpImage } from '@atoll/examples/images/http-image';
import { manifestType } from '@atoll/examples/images/oci';
import { pushImage } from '@atoll/examples/images/registry';
import type { Atoll } from '@atoll/sdk/client';
import type { CreateDeploymentInput } from '@atoll/sdk/generated/operations';
import type { Deployment, Instance, Namespace } from '@atoll/sdk/generated/resources';
import { collect, pages } from '@atoll/sdk/pages';
import type { Ready } from './ready.ts';
import { waitFor } from './waiting.ts';

export async function push(ready: Ready, version: string): Promise<string> {
  if (ready.registry === null) throw new Error('the platform has no registry');
  return await pushImage(
    ready.registry,
    'test/http',
    await httpImage({ version, runs: ready.node?.runtime === 'docker' }),
  );
}

/** A namespace in an environment of its own, once it is ACTIVE. */
export async function newNamespace(atoll: Atoll, name: string): Promise<Namespace> {
  const { environment } = await atoll.mutate.createEnvironment({ name: `env-${name}`, kind: 'TEST' });
  const { namespace } = await atoll.mutate.createNamespace({ environmentId: environment.id, name });
  return await waitFor(`namespace ${name} is ACTIVE`, 60_000, async () => {
    const now = await atoll.query.namespace({ id: namespace.id });
    return now?.status === 'ACTIVE' ? now : undefined;
  });
}

export const small = {
  cpuMillis: 20,
  memoryMiB: 16,
  ports: [{ port: HTTP_PORT }],
  readiness: { protocol: 'HTTP', port: HTTP_PORT, path: '/', periodSeconds: 1 },
} as const satisfies Partial<CreateDeploymentInput>;

export const instancesOf = (atoll: Atoll, deploymentId: string): Promise<readonly Instance[]> =>
  collect(pages((after) => atoll.query.deploymentInstances({ id: deploymentId, first: 100, after })));

/** Waits until all wanted instances of the current release are ready, and there are no others. */
export async function steady(atoll: Atoll, deploymentId: string, timeoutMs = 90_000): Promise<readonly Instance[]> {
  let last = '';
  return await waitFor(`deployment ${deploymentId} is STEADY`, timeoutMs, async () => {
    const now: Deployment | null = await atoll.query.deployment({ id: deploymentId });
    const instances = await instancesOf(atoll, deploymentId);
    last = `${now?.status} ${now?.statusMessage ?? ''} ${instances.map((i) => `${i.status} ${i.statusReason ?? ''}`)}`;
    const settled =
      now?.status === 'STEADY' &&
      instances.length === now.replicas &&
      // Addresses are the network's facts, states are deploy's: after an outage the gateway may hear of the one before the other.
      instances.every((i) => i.status === 'READY' && i.release.id === now.currentRelease?.id && i.ipv4 && i.ipv6);
    return settled ? instances : undefined;
  }).catch((error: unknown) => {
    throw new Error(`${error instanceof Error ? error.message : String(error)}; it is ${last}`);
  });
}

/** Deletes a namespace, and waits until it is gone. */
export async function deleteNamespace(atoll: Atoll, namespaceId: string, timeoutMs = 90_000): Promise<void> {
  await atoll.mutate.deleteNamespace({ namespaceId });
  await waitFor(`namespace ${namespaceId} is gone`, timeoutMs, async () =>
    (await atoll.query.namespace({ id: namespaceId })) === null ? true : undefined,
  );
}

/** Takes the image's layer out of the registry's storage, behind its back: the manifest is there, and can't be pulled. */
export async function hideLayer(
  { ready, home }: { readonly ready: Ready; readonly home: string },
  image: string,
): Promise<{ show(): void }> {
  const [, repository = '', digest = ''] = /^[^/]+\/(.+)@(.+)$/.exec(image) ?? [];
  const response = await fetch(`http://${ready.registry}/v2/${repository}/manifests/${digest}`, {
    headers: { accept: manifestType },
  });
  const manifest = (await response.json()) as { readonly layers: readonly { readonly digest: string }[] };
  const hex = manifest.layers[0]?.digest.replace('sha256:', '') ?? '';
  const blobs = join(home, 'registry/data/docker/registry/v2/blobs/sha256');
  const data = join(blobs, hex.slice(0, 2), hex, 'data');
  renameSync(data, `${data}.away`);
  return { show: () => renameSync(`${data}.away`, data) };
}
