/** Services by the public API, with real containers: found by name, replaced under requests, and nobody else's. */
import { HTTP_PORT } from '@atoll/examples/images/http-image';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newTenant, tokenOf } from '../platform/clients.ts';
import { checkoutFor, runTypeScript, snippets } from '../platform/documents.ts';
import { Platform } from '../platform/platform.ts';
import { waitFor } from '../platform/waiting.ts';
import { deleteNamespace, newNamespace, push, small, steady } from '../platform/workloads.ts';

let platform: Platform;
let checkout: ReturnType<typeof checkoutFor>;
beforeAll(async () => {
  platform = await Platform.start();
  checkout = checkoutFor(platform.home);
});
afterAll(async () => {
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
  // The service of the page, as it stands there.
  const [snippet = '', ...others] = snippets('docs/services.md', 'ts');
  expect(others).toEqual([]);
  const given = { graphqlUrl: platform.ready.graphqlUrl, token: await tokenOf(platform.ready, credentials) };
  const prelude = Object.entries({ ...given, namespaceId: namespace.id }).map(
    ([name, value]) => `const ${name} = ${JSON.stringify(value)};`,
  );
  const ran = await runTypeScript(checkout.path, prelude.join(' '), snippet);
  expect(ran.ok, `${snippet}\n${ran.output}`).toBe(true);
  const [service] = (await admin.query.namespaceServices({ id: namespace.id }))?.nodes ?? [];
  expect(ran.output).toContain(`${service?.dnsName} ${service?.ipv4} ${service?.ipv6}`);
  expect(service?.ports).toEqual([expect.objectContaining({ port: 80, targetPort: HTTP_PORT })]);
  expect(service?.dnsName).toMatch(/^web\.served.*\.atoll\.internal$/);
  await steady(admin, deployment.id);
  const [client] = await steady(admin, clients.id);
  await waitFor('both are behind it', 30_000, async () => {
    const { nodes = [] } = (await admin.query.serviceEndpoints({ id: service?.id ?? '' })) ?? {};
    return nodes.filter(({ ready }) => ready).length === 2 || undefined;
  });
  const ask = async (address: string) =>
    (await admin.query.probe({ from: client?.id ?? '', address, port: 80, protocol: 'HTTP' })).outcome;
  const reached = () => ask(service?.ipv4 ?? '');
  await expect.poll(reached, { timeout: 15_000 }).toBe('CONNECTED');
  expect(await ask(service?.ipv6 ?? '')).toBe('CONNECTED');

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
  await expect.poll(reached, { timeout: 30_000 }).toBe('REFUSED');
  await Promise.all([deleteNamespace(admin, namespace.id), deleteNamespace(stranger.admin, elsewhere.id)]);
});
