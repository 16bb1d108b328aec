/** Several nodes on one machine: instances of different nodes reach each other, and nothing of it stays behind. */
import { HTTP_PORT } from '@atoll/examples/images/http-image';
import type { Id } from '@atoll/schema/ids';
import type { Atoll } from '@atoll/sdk/client';
import type { Instance } from '@atoll/sdk/generated/resources';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newTenant } from '../platform/clients.ts';
import { compared, type HostState, hostState, namespacesNaming, ownNames, variableOf } from '../platform/host.ts';
import { Platform } from '../platform/platform.ts';
import { until } from '../platform/waiting.ts';
import { newNamespace, push, small, steady } from '../platform/workloads.ts';

let before: HostState;
let platform: Platform;
beforeAll(async () => {
  before = await hostState();
  platform = await Platform.start({ args: ['--nodes', '2'] });
});
afterAll(() => platform?.discard().catch(() => {}));

const families = ['ipv4', 'ipv6'] as const;
const probe = async (admin: Atoll, from: Instance, to: Instance, port: number = HTTP_PORT) =>
  Promise.all(
    families.map(async (family) => {
      const address = to[family];
      if (!address) throw new Error(`${to.id} has no ${family} address`);
      return (await admin.query.probe({ from: from.id, address, port, timeoutMs: 1000 })).outcome;
    }),
  );

test('instances of different nodes reach each other as policies say, and go on doing so when an agent is killed', async () => {
  const { admin } = await newTenant(platform.ready);
  const namespace = await newNamespace(admin, 'far');
  const image = await push(platform.ready, '1');
  await admin.mutate.createIsolationPolicy({
    ...{ namespaceId: namespace.id, name: 'open', toLabels: [], from: { labels: [] } },
    ports: [{ protocol: 'TCP', from: HTTP_PORT }],
  });
  const { deployment } = await admin.mutate.createDeployment({
    ...{ ...small, namespaceId: namespace.id, name: 'web', image, replicas: 4 },
  });
  const instances = await steady(admin, deployment.id);
  const byNode = [...Map.groupBy(instances, ({ nodeId }) => nodeId).values()];
  expect(byNode).toHaveLength(2);
  const [near, far] = byNode.map(([first]) => first);
  if (!near || !far) throw new Error('there is an instance on each node');

  const connected = async () =>
    [await probe(admin, near, far), await probe(admin, far, near)].flat().every((outcome) => outcome === 'CONNECTED');
  await until('each reaches the other', 20_000, connected);
  expect(await probe(admin, near, far, HTTP_PORT + 1)).toEqual(['TIMED_OUT', 'TIMED_OUT']);
  await platform.killAndAwait('agent-2');
  await until('each reaches the other after a kill', 30_000, connected);
});

test('it is left as it was found', async () => {
  const short =
    variableOf(platform.pidOf('agent-2'), 'ATOLL_NODE_NETNS')?.replace(/.*(atoll-[0-9a-f]{8}).*/, '$1') ?? '';
  expect(await namespacesNaming(short)).toHaveLength(2);
  const nodes = ['agent-1', 'agent-2'].map((agent) => variableOf(platform.pidOf(agent), 'ATOLL_NODE_ID') as Id<'node'>);
  const own = ownNames(nodes, short.replace('atoll-', ''));
  await platform.stop();
  expect(await namespacesNaming(short)).toEqual([]);
  const host = compared(before, await hostState(), own);
  expect(host.after).toEqual(host.before);
});
