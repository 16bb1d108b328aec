import type { Id } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Agent, createAgent } from './agent.ts';
import { codeOf, deadline, type Harness, resultOf, startHarness } from './harness.ts';
import { opens } from './opens.ts';

let harness: Harness;
const tenant: Id<'tenant'> = newId('tenant');

beforeAll(async () => {
  harness = await startHarness({ services: 2 });
});
afterAll(() => harness.stop());

/** A namespace with a policy from one instance to another, on two nodes that have applied it. */
async function running(at: Harness) {
  const namespaceId = await at.openNamespace(tenant);
  const agents = [createAgent(at.nc, newId('node')), createAgent(at.nc, newId('node'))] as const;
  const spec = {
    from: { namespaceId, labels: { app: 'web' } },
    to: { labels: { app: 'db' } },
    ports: [{ protocol: 'TCP', from: 5432, to: 5432 }],
  };
  const reply = await at.call(
    'CreateIsolationPolicy',
    { namespaceId, name: 'db', ...opens(namespaceId, spec) },
    { tenant },
  );
  const { policyId = '' } = resultOf(reply);
  const instances = [
    await at.place(tenant, namespaceId, agents[0].nodeId, { app: 'web' }),
    await at.place(tenant, namespaceId, agents[1].nodeId, { app: 'db' }),
  ] as const;
  await expect
    .poll(
      async () => (await Promise.all(agents.map((agent) => agent.sync()))).map((d) => d?.rules.sets.length),
      deadline,
    )
    .toEqual([1, 1]);
  const [subnet] = await at.rows<{ subnet_id: string }>(
    'select subnet_id from network.subnet where namespace_id = $1',
    [namespaceId],
  );
  return { namespaceId, agents, instances, policyId, subnetId: subnet?.subnet_id ?? '' };
}

const stopAll = (
  at: Harness,
  namespaceId: Id<'namespace'>,
  agents: readonly Agent[],
  list: readonly Id<'instance'>[],
) =>
  Promise.all(
    list.map(async (instance, n) => {
      await at.stopInstance(tenant, namespaceId, agents[n]?.nodeId ?? newId('node'), instance);
      return at.event(`endpoint:${instance}`, 'EndpointReleased');
    }),
  );

/** Everything that could be done by now has been done: both controllers ran on the newest tables. */
async function settled(at: Harness) {
  const marker = await at.openNamespace(tenant);
  await at.deleteNamespace(tenant, marker);
  await at.deployDrained(tenant, marker);
  await at.event(`namespace:${marker}`, 'NamespaceDrained');
}
const typesOf = async (at: Harness, stream: string) => (await at.eventsOf(stream)).map((event) => event.type);

describe('a closed namespace', () => {
  it('goes in order: instances, addresses, rules on every node, policies, subnets', async () => {
    const { namespaceId, agents, instances, policyId, subnetId } = await running(harness);
    await harness.deleteNamespace(tenant, namespaceId);
    await harness.event(`namespace:${namespaceId}`, 'NamespaceClosed');
    await settled(harness);
    expect(await typesOf(harness, `policy:${policyId}`)).not.toContain('IsolationPolicyDeleted');

    const released = await stopAll(harness, namespaceId, agents, instances);
    const drained = await harness.deployDrained(tenant, namespaceId);
    await settled(harness);
    expect(await typesOf(harness, `policy:${policyId}`), 'no node has confirmed').not.toContain(
      'IsolationPolicyDeleted',
    );

    await agents[0].sync();
    await settled(harness);
    expect(await typesOf(harness, `policy:${policyId}`), 'one node of two').not.toContain('IsolationPolicyDeleted');

    await agents[1].sync();
    const policyDeleted = await harness.event(`policy:${policyId}`, 'IsolationPolicyDeleted');
    const subnetReleased = await harness.event(`subnet:${subnetId}`, 'SubnetReleased');
    const namespaceDrained = await harness.event(`namespace:${namespaceId}`, 'NamespaceDrained');
    const order = [...released.map((event) => event.position).sort((a, b) => a - b), policyDeleted.position];
    order.push(subnetReleased.position, namespaceDrained.position);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(namespaceDrained).toMatchObject({ tenant, correlation: 'c-NamespaceDeletionRequested' });
    expect(drained.position).toBeGreaterThan(0);
    expect(agents.map((agent) => agent.applied()?.rules.endpoints)).toEqual([[], []]);
  });

  it('waits for the deploy service though nothing is in it', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    await harness.deleteNamespace(tenant, namespaceId);
    await harness.event(`namespace:${namespaceId}`, 'NamespaceClosed');
    await settled(harness);
    expect(await typesOf(harness, `namespace:${namespaceId}`)).toEqual(['NamespaceOpened', 'NamespaceClosed']);
    await harness.deployDrained(tenant, namespaceId);
    await harness.event(`namespace:${namespaceId}`, 'NamespaceDrained');
  });

  it('gives no address to an instance that was placed late, and ends it all the same', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    await harness.deleteNamespace(tenant, namespaceId);
    await harness.event(`namespace:${namespaceId}`, 'NamespaceClosed');
    const nodeId = newId('node');
    const late = await harness.place(tenant, namespaceId, nodeId);
    await settled(harness);
    expect(await typesOf(harness, `endpoint:${late}`)).toEqual([]);
    await harness.stopInstance(tenant, namespaceId, nodeId, late);
    const released = await harness.event(`endpoint:${late}`, 'EndpointReleased');
    expect(released.data.subnetId).toBeNull();
    await harness.deployDrained(tenant, namespaceId);
    await harness.event(`namespace:${namespaceId}`, 'NamespaceDrained');
    expect(await harness.rows('select 1 from network.deploy_instance where namespace_id = $1', [namespaceId])).toEqual(
      [],
    );
  });

  it('waits for a node that reports, and can’t apply the rules without it', async () => {
    const { namespaceId, agents, instances } = await running(harness);
    const [first, second] = agents;
    const old = second.applied();
    await harness.deleteNamespace(tenant, namespaceId);
    await stopAll(harness, namespaceId, agents, instances);
    await harness.deployDrained(tenant, namespaceId);
    // What is to be confirmed must be there to confirm.
    await settled(harness);
    await first.sync();
    await second.report(old && { generation: old.generation, hash: old.hash });
    await settled(harness);
    expect(await typesOf(harness, `namespace:${namespaceId}`)).not.toContain('NamespaceDrained');
    await second.sync();
    await harness.event(`namespace:${namespaceId}`, 'NamespaceDrained');
  });
});

describe('a node that fell silent', () => {
  it('doesn’t hold up a deletion for longer than it may', async () => {
    const impatient = await startHarness({ silentAfterMs: 1000 });
    try {
      const { namespaceId, agents, instances, subnetId } = await running(impatient);
      await impatient.deleteNamespace(tenant, namespaceId);
      await stopAll(impatient, namespaceId, agents, instances);
      await impatient.deployDrained(tenant, namespaceId);
      // The other one never reports again.
      const stop = await agents[0].follow();
      await impatient.event(`subnet:${subnetId}`, 'SubnetReleased');
      await impatient.event(`namespace:${namespaceId}`, 'NamespaceDrained');
      await stop();
    } finally {
      await impatient.stop();
    }
  });
});

describe('a name, a policy and a range of a drained namespace', () => {
  it('are free again', async () => {
    const { namespaceId, agents, instances } = await running(harness);
    const reply = await harness.call('CreateSubnet', { namespaceId, ipv4: '10.110.0.0/24' }, { tenant });
    expect(codeOf(reply)).toBe('OK');
    await harness.deleteNamespace(tenant, namespaceId);
    await stopAll(harness, namespaceId, agents, instances);
    await harness.deployDrained(tenant, namespaceId);
    const stops = await Promise.all(agents.map((agent) => agent.follow()));
    await harness.event(`namespace:${namespaceId}`, 'NamespaceDrained');
    for (const stop of stops) await stop();
    const other = await harness.openNamespace(tenant);
    expect(codeOf(await harness.call('CreateSubnet', { namespaceId: other, ipv4: '10.110.0.0/24' }, { tenant }))).toBe(
      'OK',
    );
  });
});
