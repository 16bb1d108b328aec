/** Services by the public API, with real containers: found by name, replaced under requests, rolled back by themselves, and nobody else's. */
import { HTTP_PORT } from '@atoll/examples/images/http-image';
import type { Atoll } from '@atoll/sdk/client';
import type { RolloutStrategyInput, UpgradeDeploymentInput } from '@atoll/sdk/generated/operations';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newTenant, tokenOf } from '../platform/clients.ts';
import { checkoutFor, runTypeScript, snippets } from '../platform/documents.ts';
import { Platform } from '../platform/platform.ts';
import { type Requests, startRequests, startRequestsOfMachine } from '../platform/requests.ts';
import { waitFor } from '../platform/waiting.ts';
import { deleteNamespace, hideLayer, instancesOf, newNamespace, push, small, steady } from '../platform/workloads.ts';

let platform: Platform;
let requests: Requests | null = null;
let outside: Requests | null = null;
let checkout: ReturnType<typeof checkoutFor>;
beforeAll(async () => {
  platform = await Platform.start();
  checkout = checkoutFor(platform.home);
});
afterAll(async () => {
  await requests?.stop().catch(() => {});
  await outside?.stop().catch(() => {});
  checkout?.remove();
  await platform?.discard().catch(() => {});
});

test('instances are replaced one after the other under requests to their service, and none of these fails', async () => {
  const { admin, credentials } = await newTenant(platform.ready);
  const namespace = await newNamespace(admin, 'served');
  const [first, second] = [await push(platform.ready, 'v1'), await push(platform.ready, 'v2')];
  const deploy = (name: string, replicas: number) =>
    admin.mutate.createDeployment({
      ...{ ...small, namespaceId: namespace.id, name, image: first, replicas },
      labels: [{ key: 'app', value: name }],
    });
  const { deployment } = await deploy('web', 2);
  const { deployment: clients } = await deploy('client', 1);
  await admin.mutate.createIsolationPolicy({
    ...{ namespaceId: namespace.id, name: 'open', from: { namespaceId: namespace.id }, toLabels: [] },
    ports: [{ protocol: 'TCP', from: HTTP_PORT, to: HTTP_PORT }],
  });
  const token = await tokenOf(platform.ready, credentials);
  /** What the page has, as it stands there. */
  async function follow(page: string, given: Readonly<Record<string, string>>): Promise<string> {
    const [snippet = '', ...others] = snippets(page, 'ts');
    expect(others).toEqual([]);
    const all = { graphqlUrl: platform.ready.graphqlUrl, token, namespaceId: namespace.id, ...given };
    const prelude = Object.entries(all).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};`);
    const { ok, output } = await runTypeScript(checkout.path, prelude.join(' '), snippet);
    expect(ok, `${snippet}\n${output}`).toBe(true);
    return output;
  }
  const said = await follow('docs/services.md', {});
  const [service] = (await admin.query.namespaceServices({ id: namespace.id }))?.nodes ?? [];
  expect(said).toContain(`${service?.dnsName} ${service?.ipv4} ${service?.ipv6}`);
  expect(service?.ports).toEqual([expect.objectContaining({ port: 80, targetPort: HTTP_PORT })]);
  expect(service?.dnsName).toMatch(/^web\.served.*\.atoll\.internal$/);
  await steady(admin, deployment.id);
  const [client] = await steady(admin, clients.id);
  await waitFor('both are behind it', 60_000, async () => {
    const { nodes = [] } = (await admin.query.serviceEndpoints({ id: service?.id ?? '' })) ?? {};
    return nodes.filter(({ ready }) => ready).length === 2 || undefined;
  });
  const ask = async (address: string) =>
    (await admin.query.probe({ from: client?.id ?? '', address, port: 80, protocol: 'HTTP' })).outcome;
  const reached = () => ask(service?.ipv4 ?? '');
  // Each family has rules of its own.
  for (const address of [service?.ipv4, service?.ipv6])
    await expect.poll(() => ask(address ?? ''), { timeout: 60_000 }).toBe('CONNECTED');

  // From the machine, by a public address, as the page says: closed until its policy is in force, and with nothing else open.
  const [, url = ''] =
    /curl (http:\S+)/.exec(await follow('docs/addresses.md', { serviceId: service?.id ?? '' })) ?? [];
  const status = async (at: string) =>
    await fetch(at, { signal: AbortSignal.timeout(2000), headers: { connection: 'close' } }).then(
      async (response) => `${response.status} ${(await response.text()).trim() === '' ? 'nothing' : 'something'}`,
      (error: Error) => `${(error.cause as { code?: string } | undefined)?.code ?? error.name}`,
    );
  await expect.poll(() => status(url), { timeout: 60_000 }).toBe('200 something');
  expect(await status(url.replace(/\/$/, ':81/'))).toBe('ECONNREFUSED');
  const policies = (await admin.query.namespaceIsolationPolicies({ id: namespace.id }))?.nodes ?? [];
  const letsIn = policies.find(({ name }) => name === 'from-outside');
  const letIn = (cidr: string) =>
    admin.mutate.updateIsolationPolicy({
      ...{ policyId: letsIn?.id ?? '', sources: [{ cidr: { cidr } }], traffic: [{ from: HTTP_PORT }] },
      destinations: [{ service: { serviceId: service?.id ?? '' } }],
    });
  await letIn('203.0.113.0/24');
  await expect.poll(() => status(url), { timeout: 60_000 }).toBe('TimeoutError');
  await letIn('198.18.0.0/15');
  await expect.poll(() => status(url), { timeout: 60_000 }).toBe('200 something');
  outside = startRequestsOfMachine({ url, perSecond: 20 });

  let going = true;
  const outcomes: string[] = [];
  const asking = Promise.all(
    [0, 1].map(async () => {
      while (going) outcomes.push(await reached());
    }),
  );
  await admin.mutate.upgradeDeployment({ deploymentId: deployment.id, image: second });
  await waitFor('all are new', 90_000, async () => {
    const rollout = (await admin.query.deployment({ id: deployment.id }))?.status;
    return rollout === 'STEADY' || undefined;
  });
  await steady(admin, deployment.id);
  going = false;
  await asking;
  const { sent, failures } = await outside.stop();
  outside = null;
  expect(failures).toEqual([]);
  expect(sent).toBeGreaterThan(40);
  expect(outcomes.length).toBeGreaterThan(10);
  expect(outcomes.filter((one) => one !== 'CONNECTED')).toEqual([]);
  // Its address is what it was.
  expect(await admin.query.service({ id: service?.id ?? '' })).toMatchObject({
    ipv4: service?.ipv4,
    ipv6: service?.ipv6,
  });

  // Another tenant's instance has no way there, and isn't told that there is anything.
  const stranger = await newTenant(platform.ready);
  const elsewhere = await newNamespace(stranger.admin, 'elsewhere');
  const { deployment: theirs } = await stranger.admin.mutate.createDeployment({
    ...{ ...small, namespaceId: elsewhere.id, name: 'web', image: first, replicas: 1 },
  });
  const [other] = await steady(stranger.admin, theirs.id);
  const asked = { from: other?.id ?? '', address: service?.ipv4 ?? '', port: 80 };
  expect((await stranger.admin.query.probe(asked)).outcome).toBe('REFUSED');
  expect(await stranger.admin.query.service({ id: service?.id ?? '' })).toBeNull();

  // With nothing behind it, it refuses at once.
  await admin.mutate.scaleDeployment({ deploymentId: deployment.id, replicas: 0 });
  await expect.poll(reached, { timeout: 60_000 }).toBe('REFUSED');
  await Promise.all([deleteNamespace(admin, namespace.id), deleteNamespace(stranger.admin, elsewhere.id)]);
});

type Bad = Pick<UpgradeDeploymentInput, 'image' | 'command' | 'readiness' | 'processes'>;
const busybox = (...words: readonly string[]) => ({ command: ['/bin/busybox', ...words] });

const rolloutsOf = async (atoll: Atoll, id: string) =>
  (await atoll.query.deploymentRollouts({ id, first: 10 }))?.nodes ?? [];

test('bad releases are rolled back by themselves and a good one replaces them, under 50 requests a second of which none fails', {
  timeout: 240_000,
}, async () => {
  const { admin } = await newTenant(platform.ready);
  const namespace = await newNamespace(admin, 'rolled');
  const [first, second, missing] = [
    await push(platform.ready, 'r1'),
    await push(platform.ready, 'r2'),
    await push(platform.ready, 'never pulled'),
  ];
  const hidden = await hideLayer(platform, missing);
  const idle = busybox('sh', '-c', "trap 'exit 0' TERM; /bin/busybox sleep 1000 & wait");
  const bads: Readonly<Record<string, Bad>> = {
    crashes: busybox('false'),
    unfit: { readiness: { protocol: 'HTTP', port: HTTP_PORT, path: '/nowhere', periodSeconds: 1 } },
    // A first process without a handler is killed only after its time to stop.
    mute: idle,
    missing: { image: missing },
    // One of two has a port that nobody serves, and the other waits for it.
    pod: {
      processes: [
        { ...small, name: 'web', image: second, dependsOn: [{ process: 'cache' }] },
        { ...idle, name: 'cache', image: first, ports: [{ port: 9090 }], startup: { port: 9090, failureThreshold: 1 } },
      ],
    },
    ...{ stepwise: busybox('false'), beside: busybox('false'), alone: busybox('false') },
  };
  const strategies: Readonly<Record<string, RolloutStrategyInput>> = {
    stepwise: { kind: 'CANARY', steps: [{ weightPercent: 50 }] },
    beside: { kind: 'BLUE_GREEN', scaleDownDelaySeconds: 3600 },
    alone: { kind: 'RECREATE' },
  };
  const deploy = async (name: string, app: string, replicas: number) => {
    const labels = [{ key: 'app', value: app }];
    const rolloutStrategy = strategies[name] ?? null;
    const input = { ...small, namespaceId: namespace.id, name, image: first, replicas, labels, rolloutStrategy };
    return (await admin.mutate.createDeployment(input)).deployment.id;
  };
  const names = Object.keys(bads);
  const ids = await Promise.all(names.map((name) => deploy(name, 'web', 1)));
  const clientId = await deploy('client', 'client', 1);
  await admin.mutate.createIsolationPolicy({
    ...{ namespaceId: namespace.id, name: 'open', from: { namespaceId: namespace.id }, toLabels: [] },
    ports: [{ protocol: 'TCP', from: HTTP_PORT, to: HTTP_PORT }],
  });
  const { service } = await admin.mutate.createService({
    ...{ namespaceId: namespace.id, name: 'web', selector: [{ key: 'app', value: 'web' }] },
    ports: [{ port: 80, targetPort: HTTP_PORT }],
  });
  const [[client]] = await Promise.all([steady(admin, clientId), ...ids.map((id) => steady(admin, id))]);
  const from = client?.id ?? '';
  const reached = () => admin.query.probe({ from, address: service?.ipv4 ?? '', port: 80, protocol: 'HTTP' });
  await expect.poll(async () => (await reached()).outcome, { timeout: 60_000 }).toBe('CONNECTED');
  requests = await startRequests(platform, { from, url: `http://${service?.ipv4}/`, perSecond: 50 });

  // What never gets ready is undone, whatever it is that is wrong with it.
  await Promise.all(
    names.map(async (name, index) => {
      const deploymentId = ids[index] ?? '';
      // Whose way back has to start something gets the time for that, on a busy machine too.
      const progressDeadlineSeconds = name === 'alone' ? 15 : 5;
      if (name !== 'pod') {
        await admin.mutate.setRolloutPolicy({ deploymentId, progressDeadlineSeconds, onFailure: 'GRADUAL' });
      }
      await admin.mutate.upgradeDeployment({ deploymentId, ...bads[name] });
      if (name !== 'pod') return;
      // It is given up only once it has said what is wrong: another deadline counts from now.
      await waitFor('it says what is wrong', 60_000, async () =>
        (await instancesOf(admin, deploymentId)).find((instance) => instance.statusReason === 'STARTUP_FAILED'),
      );
      await admin.mutate.setRolloutPolicy({ deploymentId, progressDeadlineSeconds, onFailure: 'GRADUAL' });
    }),
  );
  const told = await Promise.all(
    ids.map((id, index) =>
      waitFor(`${names[index]} is rolled back`, 90_000, async () => {
        const [back, failed, ...others] = await rolloutsOf(admin, id);
        if (back?.kind !== 'ROLLBACK' || back.status !== 'COMPLETED') return undefined;
        expect([back.automatic, back.release.number, others.length]).toEqual([true, 1, 1]);
        expect(failed?.status).toBe('SUPERSEDED');
        return failed?.statusMessage ?? '';
      }),
    ),
  );
  expect(told.filter((text) => !/^No progress for \d+ s: 0 of 1 replicas of release 2 are ready\./.test(text))).toEqual(
    [],
  );
  expect(told[names.indexOf('pod')]).toMatch(
    /1 × STARTUP_FAILED: cache: Its startup probe fails \(TCP port 9090\): nothing listens there\./,
  );
  hidden.show();

  // Good ones by every strategy, over the death of the service that leads them: each waits where it should, and goes on from there.
  const idOf = (name: string) => ids[names.indexOf(name)] ?? '';
  const good = { image: second, command: null, readiness: small.readiness };
  const byStrategy = Object.keys(strategies);
  for (const name of byStrategy) {
    const deploymentId = idOf(name);
    await admin.mutate.setRolloutPolicy({ deploymentId, progressDeadlineSeconds: 600, onFailure: 'FREEZE' });
    await admin.mutate.upgradeDeployment({ deploymentId, ...good });
  }
  await platform.killAndAwait('deploy');
  for (const name of ['stepwise', 'beside'])
    await waitFor(`${name} waits`, 60_000, async () => {
      const { status } = (await admin.query.deployment({ id: idOf(name) })) ?? {};
      return status === 'PAUSED' || undefined;
    });
  const servingOf = async (name: string) => {
    const { nodes = [] } = (await admin.query.deploymentInstances({ id: idOf(name), first: 10 })) ?? {};
    const endpoints = (await admin.query.serviceEndpoints({ id: service?.id ?? '', first: 50 }))?.nodes ?? [];
    const ready = new Set(endpoints.filter((one) => one.ready).map((one) => one.instance?.id));
    return nodes.map((one) => `${one.release.number} ${one.status} ${ready.has(one.id) ? 'serves' : 'idle'}`).sort();
  };
  await expect.poll(() => servingOf('stepwise'), { timeout: 60_000 }).toEqual(['1 READY serves', '3 READY serves']);
  await expect.poll(() => servingOf('beside'), { timeout: 60_000 }).toEqual(['1 READY serves', '3 READY idle']);
  await admin.mutate.promoteRollout({ deploymentId: idOf('stepwise') });
  await admin.mutate.promoteRollout({ deploymentId: idOf('beside') });
  await expect.poll(() => servingOf('beside'), { timeout: 60_000 }).toEqual(['1 READY idle', '3 READY serves']);
  const undone = await admin.mutate.abortRollout({ deploymentId: idOf('beside') });
  expect(undone.rollout).toMatchObject({ kind: 'ROLLBACK', strategy: { kind: 'BLUE_GREEN' } });
  await Promise.all(byStrategy.map((name) => steady(admin, idOf(name))));
  // What serves is told by the network, which may have it a moment later.
  await expect
    .poll(() => Promise.all(byStrategy.map(servingOf)), { timeout: 60_000 })
    .toEqual([['3 READY serves'], ['1 READY serves'], ['3 READY serves']]);
  await expect(admin.mutate.promoteRollout({ deploymentId: idOf('alone') })).rejects.toMatchObject({
    code: 'NO_ROLLOUT_UNDER_WAY',
  });

  // A good one is suspended half-way, stays there, and goes on.
  const [id = ''] = ids;
  await admin.mutate.setRolloutPolicy({ deploymentId: id, progressDeadlineSeconds: 600, onFailure: 'FREEZE' });
  await admin.mutate.upgradeDeployment({ deploymentId: id, ...good });
  const stood = await admin.mutate.suspendRollout({ deploymentId: id });
  expect(stood).toMatchObject({
    deployment: { status: 'SUSPENDED' },
    rollout: { status: 'SUSPENDED', deadlineAt: null },
  });
  const { rollout } = await admin.mutate.resumeRollout({ deploymentId: id });
  expect(rollout).toMatchObject({ id: stood.rollout?.id, status: 'RUNNING', deadlineAt: expect.any(String) });
  await steady(admin, id);
  expect((await rolloutsOf(admin, id))[0]).toMatchObject({ kind: 'UPGRADE', status: 'COMPLETED' });

  const { sent, failures } = await requests.stop();
  expect(failures).toEqual([]);
  expect(sent).toBeGreaterThan(200);

  // Nothing is under way any more, and there is nothing to go back to that is known to be good: each with its own error.
  await expect(admin.mutate.suspendRollout({ deploymentId: id })).rejects.toMatchObject({
    code: 'NO_ROLLOUT_UNDER_WAY',
  });
  const [, , other = ''] = ids;
  await expect(admin.mutate.rollbackDeployment({ deploymentId: other })).rejects.toMatchObject({
    code: 'NO_EARLIER_RELEASE',
  });
  await deleteNamespace(admin, namespace.id);
});
