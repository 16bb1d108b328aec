/** Any one process killed in the middle of the main job; then all of them at once. */

import { HTTP_PORT } from '@atoll/examples/images/http-image';
import type { Atoll } from '@atoll/sdk/client';
import type { Event, Namespace } from '@atoll/sdk/generated/resources';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newTenant, type OwnTenant, withCredentials } from '../platform/clients.ts';
import { containersOf, variableOf } from '../platform/host.ts';
import { launch, newHome, Platform, removeHome } from '../platform/platform.ts';
import { faultsOfLogs, untold } from '../platform/store.ts';
import { until, waitFor } from '../platform/waiting.ts';
import { deleteNamespace, instancesOf, newNamespace, push, small, steady } from '../platform/workloads.ts';

const home = newHome();
let platform: Platform;
let tenant: OwnTenant;
let admin: Atoll;
let namespace: Namespace;
let images: { v1: string; v2: string };
let client: string;
const patient = { timeout: 60_000, interval: 100 };
const told: Event[] = [];
const ended = new AbortController();
let following: Promise<void>;

beforeAll(async () => {
  platform = await Platform.start({ home });
  images = { v1: await push(platform.ready, 'v1'), v2: await push(platform.ready, 'v2') };
  tenant = await newTenant(platform.ready);
  admin = tenant.admin;
  following = (async () => {
    for await (const event of admin.events({ after: '0', signal: ended.signal })) told.push(event);
  })();
  namespace = await newNamespace(admin, 'kills');
  await admin.mutate.createIsolationPolicy({
    namespaceId: namespace.id,
    name: 'open',
    from: { labels: [{ key: 'role', value: 'client' }] },
    toLabels: [{ key: 'role', value: 'server' }],
    ports: [{ from: HTTP_PORT }],
  });
  const labels = [{ key: 'role', value: 'client' }];
  const { deployment } = await admin.mutate.createDeployment({
    ...small,
    namespaceId: namespace.id,
    name: 'client',
    labels,
    image: images.v1,
  });
  client = (await steady(admin, deployment.id))[0]?.id ?? '';
});
afterAll(async () => {
  ended.abort();
  await following?.catch(() => {});
  await platform?.stop().catch(() => {});
  removeHome(home);
});

/** Containers of running pods on the node, by instance: each a sandbox and an app, once. */
async function runningPods(): Promise<Record<string, string[]>> {
  const socket = variableOf(platform.pidOf('agent-1'), 'ATOLL_DOCKER_SOCKET');
  if (socket === undefined) throw new Error('the agent has no Docker socket');
  const pods: Record<string, string[]> = {};
  for (const { instanceId, kind, state } of await containersOf(socket)) {
    pods[instanceId] = [...(pods[instanceId] ?? []), `${kind} ${state}`].sort();
  }
  return pods;
}

async function answersOf(deploymentId: string): Promise<readonly string[]> {
  const instances = await instancesOf(admin, deploymentId);
  return await Promise.all(
    instances.map(async ({ ipv4 }) => {
      const result = await admin.query.probe({ from: client, address: ipv4 ?? '', port: HTTP_PORT, protocol: 'HTTP' });
      return `${result.outcome} ${result.httpBody?.trim()}`;
    }),
  );
}

const all = ['gateway', 'tenancy', 'deploy', 'network', 'agent-1', 'nats', 'postgres', 'docker', 'registry'];

test.each(all)('%s killed in the middle of a deployment: it comes back, and the job finishes', async (name) => {
  const created = await admin.mutate.createDeployment({
    ...small,
    namespaceId: namespace.id,
    name: `server-${name}`,
    labels: [{ key: 'role', value: 'server' }],
    image: images.v1,
    replicas: 2,
  });
  const { id } = created.deployment;
  await platform.killAndAwait(name);
  await admin.mutate.upgradeDeployment({ deploymentId: id, image: images.v2 });
  const instances = await steady(admin, id);
  expect(instances).toHaveLength(2);
  await expect.poll(() => answersOf(id), patient).toEqual(['CONNECTED v2', 'CONNECTED v2']);

  const wanted = Object.fromEntries(
    [client, ...instances.map((i) => i.id)].map((i) => [i, ['app running', 'sandbox running']]),
  );
  await until(`the node runs what is wanted and nothing else: ${JSON.stringify(wanted)}`, 60_000, async () => {
    const pods = await runningPods();
    return JSON.stringify(Object.entries(pods).sort()) === JSON.stringify(Object.entries(wanted).sort());
  });
  await admin.mutate.deleteDeployment({ deploymentId: id });
  await waitFor(`server-${name} is gone`, 90_000, async () =>
    (await admin.query.deployment({ id })) === null ? true : undefined,
  );
});

test('after all these kills nothing is lost or doubled: in the stores, in the logs, in the subscription', async () => {
  await until('all events are told in the logs', 60_000, async () => (await untold(platform.ready)) === 0);
  expect(await faultsOfLogs(platform.ready)).toEqual([]);
  const newest = Number(await admin.query.eventCursor());
  await until('the subscription is at the end of the log', 60_000, () => told.length >= newest);
  expect(told.map((event) => Number(event.cursor))).toEqual(Array.from({ length: told.length }, (_, n) => n + 1));
  expect(new Set(told.map((event) => event.id)).size).toBe(told.length);
});

test('a second start on the same home is refused, and says why', async () => {
  const { ended } = launch(home);
  const { code, output } = await ended;
  expect(code).not.toBe(0);
  expect(output).toContain('runs on this home already');
  expect((await admin.query.viewer()).role).toBe('admin');
});

test('all killed at once: the next start has the tenants and their deployments, and they run', async () => {
  const { deployment } = await admin.mutate.createDeployment({
    ...small,
    namespaceId: namespace.id,
    name: 'survivor',
    labels: [{ key: 'role', value: 'server' }],
    image: images.v1,
    replicas: 2,
  });
  await steady(admin, deployment.id);
  const tenants = platform.ready.tokens.tenants.map((t) => t.id);
  ended.abort();
  await platform.killAll();

  platform = await Platform.start({ home });
  expect(platform.ready.tokens.tenants.map((t) => t.id)).toEqual(tenants);
  admin = withCredentials(platform.ready, tenant.credentials);
  expect(await steady(admin, deployment.id)).toHaveLength(2);
  // What the read models say at first is from before: the node starts its containers again.
  await expect.poll(() => answersOf(deployment.id), patient).toEqual(['CONNECTED v1', 'CONNECTED v1']);
  await deleteNamespace(admin, namespace.id);
  expect(await runningPods()).toEqual({});
  await until('all events are told in the logs', 60_000, async () => (await untold(platform.ready)) === 0);
  expect(await faultsOfLogs(platform.ready)).toEqual([]);
});
