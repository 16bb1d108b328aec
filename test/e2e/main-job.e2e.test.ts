/** The main job, as the README tells it, on a platform started as `npm start` does; and what is left when it is stopped. */
import { realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { HTTP_PORT } from '@atoll/examples/images/http-image';
import type { Id } from '@atoll/schema/ids';
import type { ComputeNode } from '@atoll/sdk/generated/resources';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newTenant, operatorOf, tokenOf } from '../platform/clients.ts';
import { checkoutFor, runShell, runTypeScript, snippets } from '../platform/documents.ts';
import {
  compared,
  type HostState,
  hostState,
  mountsNaming,
  namespacesNaming,
  ownNames,
  processesNaming,
  variableOf,
} from '../platform/host.ts';
import { Platform } from '../platform/platform.ts';
import { faultsOfLogs, untold } from '../platform/store.ts';
import { until, waitFor } from '../platform/waiting.ts';
import { deleteNamespace, hideLayer, instancesOf, newNamespace, push, small, steady } from '../platform/workloads.ts';

let before: HostState;
let platform: Platform;
let checkout: ReturnType<typeof checkoutFor>;

beforeAll(async () => {
  before = await hostState();
  platform = await Platform.start();
  checkout = checkoutFor(platform.home);
});
afterAll(async () => {
  checkout?.remove();
  await platform?.discard().catch(() => {});
});

test('containers run for real: this machine has what it takes', () => {
  expect(platform.ready.node?.runtime).toBe('docker');
});

test('the commands of the README work as they stand, the example of the main job among them', async () => {
  const blocks = snippets('README.md', 'sh').filter((block) => !/^npm (start|test)\b/m.test(block));
  expect(blocks).toHaveLength(2);
  const ran = await runShell(checkout.path, blocks);
  expect(ran.output).toContain('steps held');
  expect(ran.output).not.toContain('✗');
  expect(ran.output).toContain('"role":"admin"');
  expect(ran.output).toContain('"name":"staging"');
  expect(ran.ok, ran.output).toBe(true);
});

test('the snippets of the README and of the SDK run, and end', async () => {
  const { graphqlUrl, tokens } = platform.ready;
  const prelude = `const graphqlUrl = ${JSON.stringify(graphqlUrl)}; const token = ${JSON.stringify(tokens.tenants[0]?.admin)};
    const operatorToken = ${JSON.stringify(tokens.operator)}; void [graphqlUrl, token, operatorToken];`;
  const blocks = [...snippets('README.md', 'ts'), ...snippets('sdk/README.md', 'ts')];
  expect(blocks.length).toBeGreaterThan(5);
  for (const block of blocks) {
    const ran = await runTypeScript(checkout.path, prelude, block);
    expect(ran.ok, `${block}\n${ran.output}`).toBe(true);
    expect(ran.output.trim(), block).not.toBe('');
  }
});

test('an image that can not be pulled shows with its reason, and starts by itself once it can', async () => {
  const { admin } = await newTenant(platform.ready);
  const namespace = await newNamespace(admin, 'pulling');
  const image = await push(platform.ready, `never-pulled-${Date.now()}`);
  const hidden = await hideLayer(platform, image);
  const { deployment } = await admin.mutate.createDeployment({
    ...small,
    namespaceId: namespace.id,
    name: 'web',
    image,
  });
  const waiting = await waitFor('the instance says why it waits', 90_000, async () =>
    (await instancesOf(admin, deployment.id)).find((instance) => instance.statusReason === 'IMAGE_PULL_FAILED'),
  );
  expect(waiting.status).toBe('WAITING');
  expect(waiting.statusMessage).toMatch(/.{20}/);
  hidden.show();
  await steady(admin, deployment.id);
  await deleteNamespace(admin, namespace.id);
});

test('a node whose agent is silent shows as UNREACHABLE with the reason, and takes nothing new until it is back', async () => {
  const operator = operatorOf(platform.ready);
  const nodeIs = (status: ComputeNode['status']) =>
    waitFor(`the node is ${status}`, 90_000, async () => {
      const [node] = (await operator.query.computeNodes()).nodes;
      return node?.status === status ? node : undefined;
    });
  const { admin } = await newTenant(platform.ready);
  const namespace = await newNamespace(admin, 'silent');
  const image = await push(platform.ready, 'v1');
  const deploy = (name: string) =>
    admin.mutate.createDeployment({ ...small, namespaceId: namespace.id, name, image, replicas: 1 });
  const agent = platform.pidOf('agent-1');
  process.kill(agent, 'SIGSTOP');
  try {
    expect((await nodeIs('UNREACHABLE')).statusMessage).toMatch(/.{20}/);
    await expect(deploy('web')).rejects.toMatchObject({
      code: 'INSUFFICIENT_CAPACITY',
      message: expect.stringContaining('no node is ready'),
    });
  } finally {
    process.kill(agent, 'SIGCONT');
  }
  expect((await nodeIs('READY')).statusMessage).toBeNull();
  await steady(admin, (await deploy('web')).deployment.id);
  await deleteNamespace(admin, namespace.id);
});

test('what an instance writes is followed line by line, over kills of the agent and of the gateway, to its end', async () => {
  const { admin, credentials } = await newTenant(platform.ready);
  const namespace = await newNamespace(admin, 'writing');
  const image = await push(platform.ready, 'v1');
  const count =
    'trap "echo bye; exit 0" TERM; n=0; while :; do echo "line $n"; n=$((n+1)); /bin/busybox usleep 20000; done';
  const { deployment } = await admin.mutate.createDeployment({
    ...{ ...small, ports: [], readiness: null, namespaceId: namespace.id, name: 'counter', image, replicas: 1 },
    command: ['/bin/busybox', 'sh', '-c', count],
  });
  const deploymentId = deployment.id;
  await steady(admin, deploymentId);
  const told: string[] = [];
  const ending = new AbortController();
  let ended = false;
  const following = (async () => {
    for await (const chunk of admin.logs({ deploymentId, tail: 1000, signal: ending.signal })) {
      expect(chunk.gap).toBe(false);
      told.push(...chunk.lines.map(({ text }) => text));
      ended ||= chunk.ended;
    }
  })();
  const more = async (what: string) => {
    const so = told.length;
    await until(`lines after ${what}`, 60_000, () => told.length > so + 20);
  };
  await more('the first');
  await platform.killAndAwait('agent-1');
  await more('the kill of the agent');
  await platform.killAndAwait('gateway');
  await more('the kill of the gateway');

  const token = await tokenOf(platform.ready, credentials);
  const given = { graphqlUrl: platform.ready.graphqlUrl, token, deploymentId };
  const prelude = Object.entries(given).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};`);
  for (const [page, says] of [
    ['docs/logs.md', 'line '],
    ['docs/usage.md', 'thousandths'],
  ] as const) {
    for (const block of snippets(page, 'ts')) {
      const ran = await runTypeScript(checkout.path, prelude.join(' '), block);
      expect(ran.ok, `${block}\n${ran.output}`).toBe(true);
      expect(ran.output).toContain(says);
    }
  }

  await admin.mutate.scaleDeployment({ deploymentId, replicas: 0 });
  await waitFor('the end of its log', 90_000, async () => (ended ? true : undefined)).finally(() => ending.abort());
  await following;
  expect(told.at(-1)).toBe('bye');
  expect(told.slice(0, -1)).toEqual(told.slice(0, -1).map((_, n) => `line ${n}`));
  const [gone] = await admin.query.deploymentLogs({ deploymentId, tail: 1, ended: true });
  expect(gone).toMatchObject({ ended: true, lines: [{ text: 'bye', stream: 'STDOUT' }] });
  await deleteNamespace(admin, namespace.id);
});

test('a suspended tenant reads and changes nothing, and its packets reach nobody until it is resumed', async () => {
  const operator = operatorOf(platform.ready);
  const { admin, tenant, credentials } = await newTenant(platform.ready);
  const namespace = await newNamespace(admin, 'suspended');
  const image = await push(platform.ready, 'v1');
  const { deployment } = await admin.mutate.createDeployment({
    ...{ ...small, namespaceId: namespace.id, name: 'web', image, replicas: 2 },
  });
  await admin.mutate.createIsolationPolicy({
    ...{ namespaceId: namespace.id, name: 'open', from: { namespaceId: namespace.id }, toLabels: [] },
    ...{ ports: [{ protocol: 'TCP', from: HTTP_PORT, to: HTTP_PORT }], log: true },
  });
  const [one, other] = await steady(admin, deployment.id);
  const reaches = async () =>
    (await admin.query.probe({ from: one?.id ?? '', address: other?.ipv4 ?? '', port: HTTP_PORT })).outcome;
  await expect.poll(reaches, { timeout: 60_000 }).toBe('CONNECTED');
  const ask = (port: number) => admin.query.reachability({ from: one?.id ?? '', to: { id: other?.id ?? '' }, port });
  // Packets pass before the node has said so.
  await expect.poll(() => ask(HTTP_PORT), { timeout: 60_000 }).toMatchObject({ allowed: true, inForce: true });
  expect(await ask(HTTP_PORT + 1)).toMatchObject({ allowed: false, inForce: true });
  const [policy] = (await admin.query.namespaceIsolationPolicies({ id: namespace.id }))?.nodes ?? [];
  const policyId = policy?.id ?? '';
  await expect
    .poll(() => admin.query.isolationPolicyEnforcement({ id: policyId }), { timeout: 60_000 })
    .toMatchObject({ state: 'ENFORCED' });
  // The connection of the probe, at both of its ends.
  const counted = async () =>
    (await admin.query.isolationPolicyFlows({ id: policyId }))?.rules.map(
      ({ direction, packets }) => `${direction} ${packets > 0}`,
    );
  await expect
    .poll(async () => (await counted())?.toSorted(), { timeout: 60_000 })
    .toEqual(['EGRESS true', 'INGRESS true']);
  const logged = async () =>
    (await admin.query.connectionLog({ namespaceId: namespace.id })).connections
      .filter((each) => each.sourceInstanceId === one?.id && each.destinationInstanceId === other?.id)
      .map(({ direction, action, destinationPort }) => `${direction} ${action} ${destinationPort}`);
  await expect
    .poll(async () => [...new Set(await logged())].toSorted(), { timeout: 60_000 })
    .toEqual([`EGRESS ALLOW ${HTTP_PORT}`, `INGRESS ALLOW ${HTTP_PORT}`]);
  const token = await tokenOf(platform.ready, credentials);
  const given = {
    graphqlUrl: platform.ready.graphqlUrl,
    token,
    from: one?.id,
    to: other?.id,
    namespaceId: namespace.id,
  };
  const prelude = Object.entries({ ...given, policyId }).map(
    ([name, value]) => `const ${name} = ${JSON.stringify(value)};`,
  );
  const blocks = snippets('docs/reachability.md', 'ts');
  expect(blocks).toHaveLength(5);
  for (const block of blocks) {
    const ran = await runTypeScript(
      checkout.path,
      `${prelude.join(' ')} void [from, to, namespaceId, policyId];`,
      block,
    );
    expect(ran.ok, `${block}\n${ran.output}`).toBe(true);
    expect(ran.output.trim(), block).not.toBe('');
  }

  await operator.mutate.suspendTenant({ tenantId: tenant.id, reason: 'unpaid' });
  await expect(admin.mutate.scaleDeployment({ deploymentId: deployment.id, replicas: 3 })).rejects.toMatchObject({
    code: 'TENANT_SUSPENDED',
    message: expect.stringContaining('unpaid'),
  });
  expect(await admin.query.tenant()).toMatchObject({ status: 'SUSPENDED', suspension: { reason: 'unpaid' } });
  await expect.poll(reaches, { timeout: 60_000 }).toBe('TIMED_OUT');
  // What runs goes on: the same instances, ready.
  expect((await steady(admin, deployment.id)).map(({ id }) => id)).toEqual([one?.id, other?.id]);

  await operator.mutate.resumeTenant({ tenantId: tenant.id });
  await expect.poll(reaches, { timeout: 60_000 }).toBe('CONNECTED');
  await deleteNamespace(admin, namespace.id);
});

test('nothing was lost or doubled on the way to the logs', async () => {
  await until('all events are told in the logs', 60_000, async () => (await untold(platform.ready)) === 0);
  expect(await faultsOfLogs(platform.ready)).toEqual([]);
});

test('an orderly stop leaves no process, container, namespace, interface, route, rule, set or mount behind', async () => {
  const { admin } = await newTenant(platform.ready);
  const namespace = await newNamespace(admin, 'running');
  const image = await push(platform.ready, 'v1');
  const { deployment } = await admin.mutate.createDeployment({
    ...small,
    namespaceId: namespace.id,
    name: 'web',
    image,
  });
  await steady(admin, deployment.id);
  expect((await hostState()).interfaces.length).toBeGreaterThan(before.interfaces.length);
  const socket = variableOf(platform.pidOf('agent-1'), 'ATOLL_DOCKER_SOCKET') ?? '';
  const nodeId = variableOf(platform.pidOf('agent-1'), 'ATOLL_NODE_ID') as Id<'node'>;
  const own = ownNames([nodeId], basename(dirname(socket)).replace('atoll-', ''));
  const paths = [realpathSync(platform.home), dirname(socket)];
  expect(processesNaming(paths).length).toBeGreaterThanOrEqual(8);
  await platform.stop();
  // Containers' last helpers are children of no one, and end by themselves.
  await until('no process of the home is left', 30_000, () => processesNaming(paths).length === 0).catch(() => {});
  expect(processesNaming(paths)).toEqual([]);
  expect(mountsNaming(paths)).toEqual([]);
  const host = compared(before, await hostState(), own);
  expect(host.after).toEqual(host.before);
  expect(await namespacesNaming(basename(dirname(socket)))).toEqual([]);
});
