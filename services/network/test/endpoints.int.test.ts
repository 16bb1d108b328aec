import type { Id } from '@atoll/schema/ids';
import { emptyRuleSet } from '@atoll/schema/node/network';
import { nodeSubjects } from '@atoll/schema/subjects';
import { newId } from '@atoll/service/ids';
import { requestJson } from '@atoll/service/nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Agent, createAgent } from './agent.ts';
import { deadline, type Harness, resultOf, startHarness } from './harness.ts';
import { opens } from './opens.ts';

let harness: Harness;
const tenant: Id<'tenant'> = newId('tenant');

beforeAll(async () => {
  harness = await startHarness({ services: 2 });
});
afterAll(() => harness.stop());

const allocated = (instance: string) => harness.event(`endpoint:${instance}`, 'EndpointAllocated');
const typesOf = async (stream: string) => (await harness.eventsOf(stream)).map((event) => event.type);

/** Until the agent has applied rules of which that holds. */
async function synced(agent: Agent, holds: (rules: NonNullable<ReturnType<Agent['applied']>>['rules']) => boolean) {
  await expect
    .poll(async () => {
      const document = await agent.sync();
      return document !== null && holds(document.rules);
    }, deadline)
    .toBe(true);
  const document = agent.applied();
  if (!document) throw new Error('Nothing is applied.');
  return document;
}

async function webAndDb() {
  const namespaceId = await harness.openNamespace(tenant);
  const agents = [createAgent(harness.nc, newId('node')), createAgent(harness.nc, newId('node'))] as const;
  const web = await harness.place(tenant, namespaceId, agents[0].nodeId, { app: 'web' });
  const db = await harness.place(tenant, namespaceId, agents[1].nodeId, { app: 'db' });
  const reply = await harness.call(
    'CreateIsolationPolicy',
    {
      namespaceId,
      name: 'db',
      ...opens(namespaceId, {
        from: { namespaceId, labels: { app: 'web' } },
        to: { labels: { app: 'db' } },
        ports: [{ protocol: 'TCP', from: 5432, to: 5432 }],
      }),
    },
    { tenant },
  );
  const { policyId = '' } = resultOf(reply);
  return { namespaceId, agents, web, db, policyId };
}

describe('an instance that was placed', () => {
  it('gets its own addresses, caused by its placement, and its node is woken', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    const nodeId = newId('node');
    const woken: unknown[] = [];
    const subscription = harness.nc.subscribe(nodeSubjects.wake(nodeId), {
      callback(_error, message) {
        woken.push(message.json());
      },
    });
    await harness.nc.flush();
    const instance = await harness.place(tenant, namespaceId, nodeId, { app: 'web' });
    const event = await allocated(instance);
    expect(event).toMatchObject({ tenant, correlation: 'c-InstancePlaced', data: { namespaceId, nodeId } });
    expect(event.data.ipv4).toMatch(/\.2$/);
    expect(event.data.ipv6).toMatch(/::2$/);
    await expect.poll(() => woken, deadline).toContainEqual({ topic: 'network' });
    // Another process that serves from now on says so: who had asked one that is gone asks again.
    await expect
      .poll(
        async () =>
          (await harness.pool.query('select from network.node_document where node_id = $1', [nodeId])).rowCount,
        deadline,
      )
      .toBe(1);
    woken.length = 0;
    await harness.startService();
    await expect.poll(() => woken, deadline).toContainEqual({ topic: 'network' });
    subscription.unsubscribe();
  });

  it('is secured when its node has applied the rules with it, and the policy has its receipts', async () => {
    const { agents, web, db, policyId } = await webAndDb();
    await Promise.all([allocated(web), allocated(db)]);
    const documents = await Promise.all(agents.map((agent) => synced(agent, (rules) => rules.policies.length === 1)));
    const [onWeb, onDb] = documents;
    expect(onWeb?.rules.endpoints).toMatchObject([{ instanceId: web, ingress: null }]);
    expect(onWeb?.rules.chains).toMatchObject([{ direction: 'egress' }]);
    expect(onDb?.rules.endpoints).toMatchObject([{ instanceId: db, egress: null }]);
    expect(onDb?.rules.sets).toMatchObject([{ ipv4: [onWeb?.rules.endpoints[0]?.ipv4] }]);

    for (const [instance, document, agent] of [
      [web, onWeb, agents[0]],
      [db, onDb, agents[1]],
    ] as const) {
      const secured = await harness.event(`endpoint:${instance}`, 'EndpointSecured');
      expect(secured.actor).toBe(`node:${agent.nodeId}`);
      expect(secured.data.generation).toBeLessThanOrEqual(document?.generation ?? 0);
    }
    await expect
      .poll(
        async () => (await typesOf(`policy:${policyId}`)).filter((type) => type === 'PolicyEnforced').length,
        deadline,
      )
      .toBe(2);
    const receipt = await harness.event(`policy:${policyId}`, 'PolicyEnforced');
    expect(receipt.data).toMatchObject({ revision: 1 });
    expect(documents.map((document) => document.rules.policies[0]?.hash)).toContain(receipt.data.hash);
  });

  it('is secured once, and a receipt is given once, by any number of reports at once', async () => {
    const { agents, db, policyId } = await webAndDb();
    const [, agent] = agents;
    await expect.poll(async () => (await agent.pull(0))?.rules.policies.length, deadline).toBe(1);
    const document = await agent.pull(0);
    if (!document) throw new Error('There are rules.');
    // The first ones at once, before any is known.
    const report = { generation: document.generation, hash: document.hash };
    await Promise.all(Array.from({ length: 20 }, () => agent.report(report)));
    await harness.event(`endpoint:${db}`, 'EndpointSecured');
    await harness.event(`policy:${policyId}`, 'PolicyEnforced');
    await Promise.all(Array.from({ length: 20 }, () => agent.report(report)));
    expect((await typesOf(`endpoint:${db}`)).filter((type) => type === 'EndpointSecured')).toHaveLength(1);
    expect((await typesOf(`policy:${policyId}`)).filter((type) => type === 'PolicyEnforced')).toHaveLength(1);
  });

  it('isn’t secured by a hash that was never served, by an older generation, or by another node', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    const agent = createAgent(harness.nc, newId('node'));
    const stranger = createAgent(harness.nc, newId('node'));
    const first = await harness.place(tenant, namespaceId, agent.nodeId);
    await allocated(first);
    const older = await synced(agent, (rules) => rules.endpoints.length === 1);
    const second = await harness.place(tenant, namespaceId, agent.nodeId);
    await allocated(second);
    await expect.poll(async () => (await agent.pull(0))?.rules.endpoints.length, deadline).toBe(2);
    const document = await agent.pull(0);
    if (!document) throw new Error('There are rules.');
    const { generation, hash } = document;

    await agent.report({ generation, hash: 'f'.repeat(64) });
    await agent.report({ generation: generation + 1000, hash });
    await agent.report({ generation: older.generation, hash: older.hash });
    await stranger.report({ generation, hash });
    expect(await stranger.report({ generation, hash }, agent.nodeId)).toMatchObject({ error: { code: 'BAD_REQUEST' } });
    expect(await typesOf(`endpoint:${second}`)).toEqual(['EndpointAllocated']);
    expect(
      await harness.rows('select generation from network.node_applied where node_id = $1', [agent.nodeId]),
    ).toEqual([{ generation: older.generation }]);

    expect(await agent.report({ generation, hash })).toEqual({ generation, refused: null });
    await harness.event(`endpoint:${second}`, 'EndpointSecured');
  });
});

describe('an address', () => {
  it('that is held isn’t given again, though the local table has forgotten it', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    const nodeId = newId('node');
    const first = await harness.place(tenant, namespaceId, nodeId);
    const { ipv4, subnetId } = (await allocated(first)).data;
    await expect
      .poll(() => harness.rows('delete from network.address where instance_id = $1 returning 1', [first]), deadline)
      .toHaveLength(1);
    const second = await harness.place(tenant, namespaceId, nodeId);
    // By the time that a later instance elsewhere has its address, this one was tried, and refused by the claim.
    const elsewhere = await harness.openNamespace(tenant);
    await allocated(await harness.place(tenant, elsewhere, nodeId));
    await allocated(await harness.place(tenant, elsewhere, nodeId));
    expect(await typesOf(`endpoint:${second}`)).toEqual([]);
    await harness.rows('insert into network.address (subnet_id, host, instance_id) values ($1, 2, $2)', [
      subnetId,
      first,
    ]);
    expect((await allocated(second)).data.ipv4).toBe(ipv4.replace(/\.2$/, '.3'));
  });
});

describe('the rules of a node', () => {
  it('are none at generation 0 where it has no endpoints', async () => {
    const agent = createAgent(harness.nc, newId('node'));
    expect(await agent.pull(0)).toMatchObject({
      generation: 0,
      rules: emptyRuleSet,
      pools: { ipv4: ['10.64.0.0/10'], ipv6: ['fd61:746f:6c6c::/48'] },
    });
  });

  it('keep their generation while their content is the same, and are answered with null to one who has them', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    const agent = createAgent(harness.nc, newId('node'));
    const instance = await harness.place(tenant, namespaceId, agent.nodeId, { app: 'web' });
    await allocated(instance);
    const before = await synced(agent, (rules) => rules.endpoints.length === 1);
    expect(before.generation).toBe((await allocated(instance)).position);
    // Opens something to nobody on this node: compiled again, and the same.
    const spec = {
      from: { namespaceId, labels: { app: 'none' } },
      to: { labels: { app: 'nobody' } },
      ports: [{ protocol: 'TCP', from: 1, to: 1 }],
    };
    const reply = await harness.call(
      'CreateIsolationPolicy',
      { namespaceId, name: 'idle', ...opens(namespaceId, spec) },
      { tenant },
    );
    await harness.place(tenant, namespaceId, newId('node'));
    await expect
      .poll(
        () =>
          harness.rows('select 1 from network.consumer where name = $1 and position >= $2', [
            'state',
            reply.ok ? reply.position : 0,
          ]),
        deadline,
      )
      .toHaveLength(1);
    expect(await agent.pull(before.generation)).toBeNull();
    expect(await agent.pull(before.generation + 1)).toBeNull();
    expect(await agent.pull(before.generation - 1)).toMatchObject({ rules: before.rules, hash: before.hash });
    expect(await agent.pull(0)).toMatchObject({ rules: before.rules, hash: before.hash });
  });

  it('lose an instance that stopped or was lost, and its addresses are free', async () => {
    const { namespaceId, agents, web, db } = await webAndDb();
    const [onWeb, onDb] = agents;
    await synced(onDb, (rules) => rules.sets.length === 1);
    await harness.stopInstance(tenant, namespaceId, onWeb.nodeId, web);
    const released = await harness.event(`endpoint:${web}`, 'EndpointReleased');
    expect(released).toMatchObject({ tenant, correlation: 'c-InstanceStopped' });
    await synced(onDb, (rules) => rules.endpoints.length === 1 && rules.sets.every((set) => set.ipv4.length === 0));
    await synced(onWeb, (rules) => rules.endpoints.length === 0);
    expect(await typesOf(`endpoint:${db}`)).not.toContain('EndpointReleased');
  });

  it('are refused to a malformed request', async () => {
    const ask = (subject: string, body: unknown) => requestJson(harness.nc, subject, body, { timeoutMs: 15_000 });
    const bad = { error: { code: 'BAD_REQUEST' } };
    expect(await ask(nodeSubjects.networkPull(newId('node')), { generation: -1 })).toMatchObject(bad);
    expect(await ask('node.node_x.network.pull', { generation: 0 })).toMatchObject(bad);
    expect(await ask(nodeSubjects.networkReport(newId('node')), { applied: 1 })).toMatchObject(bad);
  });
});

describe('a subnet that is full', () => {
  it('refuses with the reason, and gives an address as soon as a node has confirmed that one is free', async () => {
    const small = await startHarness({ ipv4: '10.71.0.0/16' });
    try {
      const namespaceId = await small.openNamespace(tenant);
      // The first subnet is a /24: 253 instances fill it.
      const agent = createAgent(small.nc, newId('node'));
      const instances = await Promise.all(
        Array.from({ length: 253 }, () => small.place(tenant, namespaceId, agent.nodeId)),
      );
      const addresses = await Promise.all(
        instances.map(async (one) => (await small.event(`endpoint:${one}`, 'EndpointAllocated')).data.ipv4),
      );
      expect(new Set(addresses).size).toBe(253);
      await expect.poll(async () => (await agent.sync())?.rules.endpoints.length, deadline).toBe(253);

      const waiting = await small.place(tenant, namespaceId, agent.nodeId);
      const refused = await small.event(`endpoint:${waiting}`, 'EndpointRefused');
      expect(refused.data.message).toContain('All 253 addresses');

      const [gone = waiting, stays = waiting] = instances;
      await small.stopInstance(tenant, namespaceId, agent.nodeId, gone);
      await small.event(`endpoint:${gone}`, 'EndpointReleased');
      // The node's rules may still contain it: it must not be given yet.
      await expect
        .poll(async () => (await small.eventsOf(`endpoint:${waiting}`)).at(-1)?.data, deadline)
        .toMatchObject({ message: expect.stringContaining("no node's rules contain them") });
      await expect.poll(async () => (await agent.sync())?.rules.endpoints.length, deadline).toBe(252);
      const given = await small.event(`endpoint:${waiting}`, 'EndpointAllocated');
      expect(given.data.ipv4).toBe(addresses[0]);
      expect((await small.eventsOf(`endpoint:${stays}`)).map((event) => event.type)).not.toContain('EndpointReleased');
    } finally {
      await small.stop();
    }
  });
});
