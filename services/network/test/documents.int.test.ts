/** Compiled rules as they are stored and served: the same as a fresh compilation, in pages, once per version of the compiler. */
import type { Id } from '@atoll/schema/ids';
import { type NetworkChanges, networkChangesReply } from '@atoll/schema/node/rules-changes';
import { type AskChanges, pullRules } from '@atoll/schema/node/rules-pull';
import { nodeSubjects } from '@atoll/schema/subjects';
import { newId } from '@atoll/service/ids';
import { requestJson } from '@atoll/service/nats';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { forgetGone } from '../src/controllers/forgetting.ts';
import { readRuleSet } from '../src/nodes/document.ts';
import { createAgent } from './agent.ts';
import { expectFresh } from './fresh.ts';
import { deadline, type Harness, resultOf, startHarness } from './harness.ts';
import { opens } from './opens.ts';

let harness: Harness;
const tenant: Id<'tenant'> = newId('tenant');
beforeAll(async () => {
  harness = await startHarness({ services: 2 });
});
afterAll(() => harness.stop());

const caughtUp = async () => {
  const position = await harness.store.lastPosition();
  await expect
    .poll(
      () => harness.rows(`select 1 from network.consumer where name = 'state' and position >= $1`, [position]),
      deadline,
    )
    .toHaveLength(1);
};

const policy = (namespaceId: Id<'namespace'>, name: string, app: string, port: number) =>
  harness.call(
    'CreateIsolationPolicy',
    {
      namespaceId,
      name,
      ...opens(namespaceId, {
        from: { namespaceId, labels: { app } },
        to: { labels: {} },
        ports: [{ protocol: 'TCP', from: port, to: port }],
      }),
    },
    { tenant },
  );

it('are those of a fresh compilation after every change, whichever process made it', { timeout: 60_000 }, async () => {
  const nodes = [newId('node'), newId('node'), newId('node')];
  const namespaceId = await harness.openNamespace(tenant);
  const placed: { instance: Id<'instance'>; node: Id<'node'> }[] = [];
  const third = await harness.startService();
  for (let round = 0; round < 6; round++) {
    // In the middle of it one process goes, and another one takes up what it did.
    if (round === 3) await third.stop();
    const node = nodes[round % 3] ?? newId('node');
    const instance = await harness.place(tenant, namespaceId, node, { app: round % 2 === 0 ? 'web' : 'db' });
    placed.push({ instance, node });
    await harness.event(`endpoint:${instance}`, 'EndpointAllocated');
    const created = resultOf(await policy(namespaceId, `p-${round}`, round % 2 === 0 ? 'web' : 'db', 80 + round));
    const first = placed[0];
    if (round === 4 && first) {
      await harness.stopInstance(tenant, namespaceId, first.node, first.instance);
      await harness.event(`endpoint:${first.instance}`, 'EndpointReleased');
      resultOf(await harness.call('DeleteIsolationPolicy', { policyId: created.policyId }, { tenant }));
    }
    await caughtUp();
    await expectFresh(harness.pool);
  }
});

it('of what is gone are forgotten only once no node that reports needs it; who was silent is given everything', async () => {
  const nodeId = newId('node');
  const namespaceId = await harness.openNamespace(tenant);
  const agent = createAgent(harness.nc, nodeId);
  const [stays, goes] = [
    await harness.place(tenant, namespaceId, nodeId, { app: 'web' }),
    await harness.place(tenant, namespaceId, nodeId),
  ];
  resultOf(await policy(namespaceId, 'web', 'web', 80));
  for (const one of [stays, goes]) await harness.event(`endpoint:${one}`, 'EndpointAllocated');
  await caughtUp();
  await agent.sync();
  await harness.stopInstance(tenant, namespaceId, nodeId, goes);
  await harness.event(`endpoint:${goes}`, 'EndpointReleased');
  await caughtUp();
  const gone = () => harness.rows('select 1 from network.node_part where node_id = $1 and gone', [nodeId]);
  const forget = (silentAfterMs: number) =>
    forgetGone({ db: harness.pool, reachability: { since: new Date(0), silentAfterMs }, keptMs: 0 });
  await forget(60_000);
  expect(await gone()).not.toEqual([]);
  await forget(0);
  expect(await gone()).toEqual([]);
  const document = await agent.sync();
  expect(document?.rules.endpoints.map(({ instanceId }) => instanceId)).toEqual([stays]);
  expect(document?.rules).toEqual(await readRuleSet(harness.pool, nodeId));
});

it('come back whole to one who was told that they are gone', async () => {
  const nodeId = newId('node');
  const namespaceId = await harness.openNamespace(tenant);
  // It throws where what it is told doesn't come to the hash.
  const agent = createAgent(harness.nc, nodeId);
  const instance = await harness.place(tenant, namespaceId, nodeId, { app: 'web' });
  await harness.event(`endpoint:${instance}`, 'EndpointAllocated');
  const synced = async (policies: number) => {
    await caughtUp();
    const document = await agent.sync();
    expect(document?.rules.policies).toHaveLength(policies);
    expect(document?.rules).toEqual(await readRuleSet(harness.pool, nodeId));
    return document;
  };
  await synced(0);
  const { policyId } = resultOf(await policy(namespaceId, 'back', 'web', 80));
  const first = await synced(1);
  resultOf(await harness.call('DeleteIsolationPolicy', { policyId }, { tenant }));
  await synced(0);
  resultOf(await policy(namespaceId, 'back', 'web', 80));
  expect((await synced(1))?.rules.sets).toEqual(first?.rules.sets);
});

it('are sent to one who has a generation as what is newer than it, without what came with it', async () => {
  const nodeId = newId('node');
  const namespaceId = await harness.openNamespace(tenant);
  const agent = createAgent(harness.nc, nodeId);
  const instance = await harness.place(tenant, namespaceId, nodeId, { app: 'web' });
  await harness.event(`endpoint:${instance}`, 'EndpointAllocated');
  const synced = async (name: string, port: number) => {
    const { policyId } = resultOf(await policy(namespaceId, name, 'web', port));
    await caughtUp();
    return policyId;
  };
  const earlier = await synced('earlier', 80);
  const generation = (await agent.sync())?.generation ?? 0;
  const later = await synced('later', 81);
  const reply = await requestJson(
    harness.nc,
    nodeSubjects.networkPull(nodeId),
    { generation, after: null },
    { timeoutMs: 10_000 },
  );
  const page = networkChangesReply.parse(reply);
  const named = page?.operations.flatMap((one) => ('list' in one && one.list === 'policies' ? [one.key] : []));
  expect(named).toEqual([later]);
  expect(page).toMatchObject({ from: generation, next: null });
  expect((await agent.sync())?.rules.policies.map(({ policyId }) => policyId)).toEqual([earlier, later].sort());
});

/** A node with rules that fit no message: some by SQL, for that many mutations would take long. */
async function largeNode(nodeId: Id<'node'>, namespaceId: Id<'namespace'>, count: number): Promise<void> {
  await harness.pool.query(
    `insert into network.endpoint (instance_id, tenant, namespace_id, node_id, status, subnet_id, ipv4, ipv6, labels, position,
       cause, correlation)
     select 'ins_01h455vb4pex5vsk' || lpad(n::text, 10, '0'), $1, $2, $3, 'secured', $4,
       host('10.100.0.0'::inet + n), host('fd61:746f:6c6c:ffff::'::inet + n),
       jsonb_build_object('app', 'web', 'n', (n % 200)::text), 1, 'c', 'c'
     from generate_series(1, $5::integer) n`,
    [tenant, namespaceId, nodeId, newId('subnet'), count],
  );
  const definition = {
    ...{
      action: 'ALLOW',
      priority: 500,
      log: false,
      from: [{ kind: 'INSTANCES', namespaceId, labels: { app: 'web' } }],
    },
    to: [{ kind: 'INSTANCES', namespaceId, labels: {} }],
    traffic: Array.from({ length: 30 }, (_, n) => ({ protocol: 'TCP', from: 10 + 2 * n, to: 10 + 2 * n })),
  };
  await harness.pool.query(
    `insert into network.policy (policy_id, tenant, tier, namespace_id, revision, priority, definition, active, cause, correlation)
     select 'pol_01h455vb4pex5vsk' || lpad(n::text, 10, '0'), $1, 'TENANT', $2, 1, 500, $3, true, 'c', 'c'
     from generate_series(1, 100) n`,
    [tenant, namespaceId, JSON.stringify(definition)],
  );
}

it('are compiled anew by one process where the compiler is another, and pulled in pages, also while they change', {
  timeout: 90_000,
}, async () => {
  const nodeId = newId('node');
  const namespaceId = await harness.openNamespace(tenant);
  const few = await harness.place(tenant, namespaceId, nodeId, { app: 'web' });
  await harness.event(`endpoint:${few}`, 'EndpointAllocated');
  await caughtUp();
  const agent = createAgent(harness.nc, nodeId);
  await agent.sync();
  await largeNode(nodeId, namespaceId, 2500);
  const generations = async () =>
    (
      await harness.rows<{ count: number }>(
        'select count(*)::integer as count from network.node_generation where node_id = $1',
        [nodeId],
      )
    )[0]?.count;
  const before = (await generations()) ?? 0;
  await harness.pool.query('update network.compile_state set compiler = 0');
  await Promise.all([harness.startService(), harness.startService()]);
  expect(await generations()).toBe(before + 1);
  await expectFresh(harness.pool);

  const sizes: number[] = [];
  let pages = 0;
  const ask =
    (between: () => Promise<void>): AskChanges =>
    async (request) => {
      const reply = await requestJson(harness.nc, nodeSubjects.networkPull(nodeId), request, { timeoutMs: 10_000 });
      sizes.push(JSON.stringify(reply).length);
      pages += 1;
      if (pages === 2) await between();
      return networkChangesReply.parse(reply);
    };
  const mended: string[] = [];
  const whole = await pullRules(
    ask(async () => {
      // While a node reads page after page: who came and who went is in what it has in the end.
      const late = await harness.place(tenant, namespaceId, nodeId, { app: 'web' });
      await harness.event(`endpoint:${late}`, 'EndpointAllocated');
      resultOf(await policy(namespaceId, 'late', 'web', 9999));
      await caughtUp();
    }),
    null,
    (message) => mended.push(message),
  );
  expect(mended).toEqual([]);
  expect(pages).toBeGreaterThan(3);
  expect(Math.max(...sizes)).toBeLessThan(1_000_000);
  expect(whole?.document.rules.endpoints).toHaveLength(2502);
  expect(whole?.document.rules).toEqual(await readRuleSet(harness.pool, nodeId));

  // One who has that is sent only what a change touches.
  const more = await harness.place(tenant, namespaceId, nodeId, { app: 'db' });
  await harness.event(`endpoint:${more}`, 'EndpointAllocated');
  await caughtUp();
  pages = 10;
  sizes.length = 0;
  const delta = await pullRules(
    ask(async () => {}),
    whole ?? null,
    (message) => mended.push(message),
  );
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(10_000);
  expect(sizes).toHaveLength(1);
  expect(delta?.document.rules).toEqual(await readRuleSet(harness.pool, nodeId));
  expect(delta?.document.rules.chains).toEqual(whole?.document.rules.chains);

  // Something is lost on the way: the hash tells, and all of it is asked for.
  const lossy: AskChanges = async (request) => {
    const page = await ask(async () => {})(request);
    if (!page || request.generation === 0) return page;
    return { ...page, operations: page.operations.slice(1) } satisfies NetworkChanges;
  };
  const mendedRules = await pullRules(lossy, whole ?? null, (message) => mended.push(message));
  expect(mended).toHaveLength(1);
  expect(mendedRules?.document.rules).toEqual(delta?.document.rules);
});
