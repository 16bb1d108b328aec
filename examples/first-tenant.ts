/**
 * The main job, end to end, through the SDK alone: a new tenant gets in, makes a place, isolates it, deploys, is reached
 * by whom it lets in and by nobody else, upgrades, rolls back, and leaves nothing behind.
 *
 *   ATOLL_READY=path/to/ready.json node examples/first-tenant.ts        (default: .atoll/ready.json)
 *
 * Prints what it sees. Exit 0 only when every step held.
 */
import type { Atoll } from '@atoll/sdk/client';
import {
  createEnvironment,
  createNamespace,
  createTenant,
  neighbourOf,
  operatorOf,
  suffix,
} from './first-tenant/actors.ts';
import { Cleanup, GONE_MS } from './first-tenant/cleanup.ts';
import { deploy, steady } from './first-tenant/deployments.ts';
import { checkWayDown, checkWayUp, stepOf } from './first-tenant/order.ts';
import { type From, isDropped, reaches } from './first-tenant/probes.ts';
import { expect, Report } from './first-tenant/report.ts';
import { watchRollout } from './first-tenant/rollout.ts';
import { Watch } from './first-tenant/watch.ts';
import { HTTP_PORT, httpImage } from './images/http-image.ts';
import { pushImage } from './images/registry.ts';
import { type Ready, readReady } from './platform/ready.ts';

async function run(ready: Ready, report: Report, cleanup: Cleanup): Promise<void> {
  const { node, registry } = ready;
  if (node === null) throw new Error('the platform runs no node: start it without --no-node');
  if (registry === null) throw new Error('the platform has no image registry: see docs/operations.md');
  report.heading('Getting in');
  const operator = operatorOf(ready);
  const { tenant, admin } = await report.step(
    'the operator creates a tenant and a service account for its admin',
    () => createTenant(ready, operator, `first-${suffix}`),
    ({ tenant }) => tenant.name,
  );
  cleanup.addTenant(operator, tenant.id);
  const viewer = await report.step(
    'the admin gets in with client credentials',
    () => admin.query.viewer(),
    ({ role, subject }) => `${role}, ${subject}`,
  );
  expect(viewer.role === 'admin' && viewer.tenantId === tenant.id, 'the token is not for the new tenant’s admin');
  const neighbour = await neighbourOf(ready);

  const names = new Map<string, string>();
  const watch = new Watch(admin, await admin.query.eventCursor(), (event) => {
    const found = stepOf(event);
    if (found === null) return;
    if (!names.has(found.instanceId)) names.set(found.instanceId, `instance ${names.size + 1}`);
    report.say(`· ${names.get(found.instanceId)} ${found.step}`);
  });
  try {
    await mainJob({ node, registry, report, cleanup, watch, admin, neighbour });
  } finally {
    await watch.stop();
  }
  await report.step(
    'the tenant itself is deleted, and every service counts nothing',
    () => cleanup.removeTenant(),
    (deletion) => (deletion?.proof ?? []).map(({ service, counts }) => `${service} ${sum(counts)}`).join(', '),
  );
}

const sum = (counts: readonly { readonly count: number }[]) => counts.reduce((all, { count }) => all + count, 0);

interface Stage {
  readonly node: NonNullable<Ready['node']>;
  readonly registry: string;
  readonly report: Report;
  readonly cleanup: Cleanup;
  readonly watch: Watch;
  readonly admin: Atoll;
  readonly neighbour: Awaited<ReturnType<typeof neighbourOf>>;
}

async function mainJob({ node, registry, report, cleanup, watch, admin, neighbour }: Stage): Promise<void> {
  report.heading('1. A place of its own');
  const environmentId = await report.step('an environment', () => createEnvironment(admin, 'test', 'TEST'));
  const namespace = async (atoll: Atoll, environment: string, name: string) => {
    const place = await createNamespace(atoll, environment, `${name}-${suffix}`);
    cleanup.add(atoll, place.namespace.id);
    return place;
  };
  const shop = await report.step(
    'a namespace, with its subnet and with rules that deny everything',
    () => namespace(admin, environmentId, 'shop'),
    ({ subnet }) => `${subnet.ipv4} and ${subnet.ipv6}`,
  );
  const office = await report.step(
    'another namespace, with another subnet',
    () => namespace(admin, environmentId, 'office'),
    ({ subnet }) => `${subnet.ipv4} and ${subnet.ipv6}`,
  );
  const abroad = await report.step(
    `a namespace of another tenant, ${neighbour.name}`,
    () => namespace(neighbour.admin, neighbour.environmentId, 'abroad'),
    ({ subnet }) => `${subnet.ipv4} and ${subnet.ipv6}`,
  );
  const subnets = [shop, office, abroad].flatMap(({ subnet }) => [subnet.ipv4, subnet.ipv6]);
  expect(new Set(subnets).size === subnets.length, `two namespaces have one subnet: ${subnets.join(', ')}`);

  report.heading('2. One way in');
  await report.step(
    'an isolation policy opens one port from clients to servers',
    () =>
      admin.mutate.createIsolationPolicy({
        namespaceId: shop.namespace.id,
        name: 'clients-to-servers',
        from: { labels: [{ key: 'role', value: 'client' }] },
        toLabels: [{ key: 'role', value: 'server' }],
        ports: [{ protocol: 'TCP', from: HTTP_PORT }],
      }),
    ({ isolationPolicy }) => `TCP ${isolationPolicy.ports.map((p) => p.from).join(', ')}`,
  );

  report.heading('3. A deployment');
  const runs = node.runtime.toLowerCase() !== 'simulated';
  if (!runs) report.say(`${node.name} is simulated: nothing runs, and probes are answered from the rules.`);
  const push = async (version: string) =>
    await pushImage(registry, 'examples/http', await httpImage({ version, runs }));
  const v1 = await report.step(
    'version 1 is pushed',
    () => push('v1'),
    (image) => image.slice(0, -45),
  );
  const v2 = await report.step(
    'version 2 is pushed',
    () => push('v2'),
    (image) => image.slice(0, -45),
  );
  const server = await deploy(admin, {
    namespaceId: shop.namespace.id,
    name: 'server',
    role: 'server',
    image: v1,
    replicas: 2,
  });
  const [servers, client, stranger, visitor, foreigner] = await report.step(
    'two servers, a client, a stranger, and clients in another namespace and of another tenant, are ready',
    () => {
      const single = async (atoll: Atoll, namespaceId: string, name: string, role: string): Promise<From> => {
        const [instance] = await steady(
          atoll,
          await deploy(atoll, { namespaceId, name, role, image: v1, replicas: 1 }),
        );
        if (instance === undefined) throw new Error(`${name} has no instance`);
        return { atoll, instance };
      };
      return Promise.all([
        steady(admin, server),
        single(admin, shop.namespace.id, 'client', 'client'),
        single(admin, shop.namespace.id, 'stranger', 'stranger'),
        single(admin, office.namespace.id, 'visitor', 'client'),
        single(neighbour.admin, abroad.namespace.id, 'foreigner', 'client'),
      ]);
    },
  );
  await report.step(
    'every instance was placed, addressed, secured, started, ready, in this order',
    async () => checkWayUp(watch.events),
    (count) => `${count} instances`,
  );

  report.heading('4. Who reaches it');
  for (const [index, to] of servers.entries()) {
    const name = `server ${index + 1}`;
    await report.step(
      `the client reaches ${name}`,
      () => reaches(client, to, 'v1'),
      (where) => where,
    );
    await report.step(
      `nobody else reaches ${name}: not the stranger, the other namespace, the other tenant, nor the client on another port`,
      async () => {
        const dropped = await Promise.all([
          isDropped(stranger, to),
          isDropped(visitor, to),
          isDropped(foreigner, to),
          isDropped(client, to, HTTP_PORT + 1),
        ]);
        return dropped[0];
      },
      (outcome) => outcome,
    );
  }

  report.heading('5. Another version, and back');
  const roll = async (kind: 'UPGRADE' | 'ROLLBACK', version: string, begin: () => Promise<unknown>) => {
    const probes = watchRollout(client, server.id);
    await begin();
    const now = await steady(admin, server).finally(() => probes.stop());
    const seen = await probes.stop();
    const rollouts = await admin.query.deploymentRollouts({ id: server.id, first: 1 });
    expect(rollouts?.nodes[0]?.kind === kind, `the newest rollout is ${rollouts?.nodes[0]?.kind}, not ${kind}`);
    const strangeVersions = [...seen.versions].filter((v) => v !== 'v1' && v !== 'v2');
    expect(strangeVersions.length === 0, `while it rolled out, answers said ${strangeVersions.join(', ')}`);
    expect(seen.failures.length === 0, `ready instances did not answer: ${seen.failures.join('; ')}`);
    expect(seen.answers > 0, 'no probe was answered while it rolled out');
    for (const to of now) await reaches(client, to, version);
    return seen;
  };
  await report.step(
    'an upgrade to version 2, two instances at their turn, with probes all the time',
    () => roll('UPGRADE', 'v2', () => admin.mutate.upgradeDeployment({ deploymentId: server.id, image: v2 })),
    ({ answers, versions }) =>
      `${answers} answers${runs ? ` of ${[...versions].sort().join(' and ')}` : ''}, then v2 only`,
  );
  await report.step(
    'a rollback to version 1',
    () => roll('ROLLBACK', 'v1', () => admin.mutate.rollbackDeployment({ deploymentId: server.id })),
    ({ answers, versions }) =>
      `${answers} answers${runs ? ` of ${[...versions].sort().join(' and ')}` : ''}, then v1 only`,
  );
  checkWayUp(watch.events);

  report.heading('6. Nothing is left');
  await report.step('the namespace is deleted', () => cleanup.remove(admin, shop.namespace.id));
  await watch.until('the namespace is deleted', GONE_MS, (events) =>
    events.some((e) => e.type === 'tenancy.NamespaceDeleted') ? true : undefined,
  );
  await report.step('containers, addresses and subnet went in this order, and the namespace after them', async () =>
    checkWayDown(watch.events, shop.namespace.id, 4),
  );
  await report.step('the other namespaces go, too', () => cleanup.run());
}

const report = new Report();
const cleanup = new Cleanup();
const interrupted = new Promise<never>((_, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => reject(new Error(`ended by ${signal}`)));
});
try {
  await Promise.race([readReady().then((ready) => run(ready, report, cleanup)), interrupted]);
  report.end();
  process.exit(0);
} catch (error) {
  console.error(`\nfirst-tenant failed: ${error instanceof Error ? error.message : String(error)}`);
  await cleanup
    .run()
    .then(() => cleanup.removeTenant())
    .catch((again: unknown) => {
      console.error(`and could not clean up: ${again instanceof Error ? again.message : String(again)}`);
    });
  process.exit(1);
}
