/** Nodes are connected by their reports; each is told of the others that it has to reach, and of nothing else. */
import { type Id, PLATFORM } from '@atoll/schema/ids';
import type { ToldTunnel } from '@atoll/schema/network/nodes';
import type { RemoteNode } from '@atoll/schema/node/network';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Agent, createAgent } from './agent.ts';
import { deadline, type Harness, resultOf, startHarness } from './harness.ts';
import { opens } from './opens.ts';

let harness: Harness;
const operator = { tenant: PLATFORM } as const;
const tenant: Id<'tenant'> = newId('tenant');
const silentAfterMs = 3000;
beforeAll(async () => {
  harness = await startHarness({ services: 2, silentAfterMs, goneAfterMs: 4000 });
});
afterAll(() => harness.stop());

let hosts = 0;
/** An end of the tunnel that nobody else has. */
function end() {
  hosts += 1;
  const last = hosts.toString(16).padStart(2, '0');
  return { address: `192.0.2.${hosts}`, port: 9789, mac: `02:00:00:00:00:${last}`, mtu: 1500 };
}
const tunnelOf = ({ address, port, mac }: ReturnType<typeof end>) => ({ address, port, mac });
const newAgent = (): Agent => createAgent(harness.nc, newId('node'));

async function allow(namespaceId: Id<'namespace'>, from: string, to: string) {
  const spec = {
    from: { namespaceId, labels: { app: from } },
    to: { labels: { app: to } },
    ports: [{ protocol: 'TCP', from: 80, to: 80 }],
  };
  resultOf(
    await harness.call(
      'CreateIsolationPolicy',
      { namespaceId, name: `${from}-${to}`, ...opens(namespaceId, spec) },
      { tenant },
    ),
  );
}

/** `a` on the first node may call `b` on the second; `c`, on the second and the third, is called by nobody. */
async function threeNodes() {
  const namespaceId = await harness.openNamespace(tenant);
  const agents = [newAgent(), newAgent(), newAgent()] as const;
  const [first, second, third] = agents;
  const ids = [
    await harness.place(tenant, namespaceId, first.nodeId, { app: 'a' }),
    await harness.place(tenant, namespaceId, second.nodeId, { app: 'b' }),
    await harness.place(tenant, namespaceId, second.nodeId, { app: 'c' }),
    await harness.place(tenant, namespaceId, third.nodeId, { app: 'c' }),
  ];
  const [a, b] = await Promise.all(ids.map((id) => harness.event(`endpoint:${id}`, 'EndpointAllocated')));
  if (!a || !b) throw new Error('all were placed');
  await allow(namespaceId, 'a', 'b');
  return { agents, a: a.data, b: b.data, ids, namespaceId };
}

const remotes = async (agent: Agent): Promise<readonly RemoteNode[] | undefined> => (await agent.sync())?.rules.remotes;
const untilRemotes = (agent: Agent, wanted: readonly RemoteNode[]) =>
  expect.poll(() => remotes(agent), deadline).toEqual(wanted);
const eventsOf = async (agent: Agent) =>
  (await harness.eventsOf(`node:${agent.nodeId}`)).map(({ type, data }) => [type, data]);

describe('nodes that are connected', () => {
  it('are told of each other where the rules of one name endpoints of the other, and of those endpoints only', async () => {
    const { agents, a, b } = await threeNodes();
    const [first, second, third] = agents;
    const ends = [end(), end(), end()] as const;
    // Endpoints and policies are there already: joining alone is what connects them.
    for (const [index, agent] of agents.entries()) expect(await agent.connect(ends[index] ?? null)).toBeNull();
    await untilRemotes(first, [{ nodeId: second.nodeId, tunnel: tunnelOf(ends[1]), ipv4: [b.ipv4], ipv6: [b.ipv6] }]);
    await untilRemotes(second, [{ nodeId: first.nodeId, tunnel: tunnelOf(ends[0]), ipv4: [a.ipv4], ipv6: [a.ipv6] }]);
    await untilRemotes(third, []);
  });

  it('say so once, however often they report', async () => {
    const agent = newAgent();
    const at = end();
    for (let n = 0; n < 5; n++) expect(await agent.connect(at)).toBeNull();
    expect(await eventsOf(agent)).toEqual([['NodeAttached', { nodeId: agent.nodeId, ...at }]]);
  });

  it('are followed where their address or hardware address changes, and let go of the old one', async () => {
    const { agents, b } = await threeNodes();
    const [first, second] = agents;
    const before = end();
    const after = { ...end(), address: 'fd00::0:2' };
    await first.connect(end());
    await second.connect(before);
    await untilRemotes(first, [{ nodeId: second.nodeId, tunnel: tunnelOf(before), ipv4: [b.ipv4], ipv6: [b.ipv6] }]);
    expect(await second.connect(after)).toBeNull();
    const canonical = { ...tunnelOf(after), address: 'fd00::2' };
    await untilRemotes(first, [{ nodeId: second.nodeId, tunnel: canonical, ipv4: [b.ipv4], ipv6: [b.ipv6] }]);
    expect(await newAgent().connect(before)).toBeNull();
  });

  it('are no longer told of one that disconnects, nor of an endpoint that is gone', async () => {
    const { agents, a, b, ids, namespaceId } = await threeNodes();
    const [first, second] = agents;
    const at = end();
    await first.connect(at);
    await second.connect(end());
    const told = [{ nodeId: first.nodeId, tunnel: tunnelOf(at), ipv4: [a.ipv4], ipv6: [a.ipv6] }];
    await untilRemotes(second, told);
    expect(await first.connect(null)).toBeNull();
    await untilRemotes(second, []);
    await first.connect(at);
    await untilRemotes(second, told);
    await harness.stopInstance(tenant, namespaceId, second.nodeId, ids[1] ?? 'ins_none');
    await untilRemotes(second, []);
    expect(b.nodeId).toBe(second.nodeId);
  });
});

describe('a node that joins, and leaves', () => {
  it('is known to all that have to reach it, and forgotten by them, within 5 s', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    const others = Array.from({ length: 8 }, newAgent);
    const joining = newAgent();
    await Promise.all(others.map((agent) => harness.place(tenant, namespaceId, agent.nodeId, { app: 'a' })));
    const instanceId = await harness.place(tenant, namespaceId, joining.nodeId, { app: 'b' });
    await harness.event(`endpoint:${instanceId}`, 'EndpointAllocated');
    await allow(namespaceId, 'a', 'b');
    for (const agent of others) await agent.connect(end());
    // They pull when they are woken, as agents do.
    const stops = await Promise.all(others.map((agent) => agent.follow()));
    const told = (agent: Agent) => agent.applied()?.rules.remotes.map(({ nodeId }) => nodeId) ?? null;
    const untilAll = (wanted: readonly string[]) =>
      expect.poll(() => others.map(told), { timeout: 15_000, interval: 5 }).toEqual(others.map(() => wanted));
    const took = async (work: () => Promise<unknown>, wanted: readonly string[]) => {
      const since = performance.now();
      await work();
      await untilAll(wanted);
      return performance.now() - since;
    };
    try {
      await untilAll([]);
      const at = end();
      const joined = await took(() => joining.connect(at), [joining.nodeId]);
      const left = await took(() => joining.connect(null), []);
      expect(Math.max(joined, left)).toBeLessThan(5000);
      harness.log.info({ joined, left }, 'convergence');
    } finally {
      for (const stop of stops) await stop();
    }
  });
});

/** As the operator is told of it. */
async function tunnelTold(agent: Agent, as: Id<'tenant'> | 'platform' = 'platform') {
  const reply = await harness.call('ReadTunnels', { nodeIds: [agent.nodeId] }, { tenant: as as Id<'tenant'> });
  return reply.ok ? (reply.result as { nodes: ToldTunnel[] }).nodes[0] : reply.error.code;
}

describe('what the operator is told', () => {
  it('is where a node is reached, since when, with which MTU, and when it was heard of; a tenant is told nothing', async () => {
    const agent = newAgent();
    expect(await tunnelTold(agent)).toBeUndefined();
    const at = end();
    const before = Date.now();
    await agent.connect(at);
    const first = (await tunnelTold(agent)) as ToldTunnel;
    expect(first).toMatchObject({
      ...{ nodeId: agent.nodeId, refused: null },
      end: { address: at.address, port: at.port, mtu: 1500 },
    });
    // By the clock of the database's machine, which is this one.
    expect(Date.parse(first.end?.since ?? '')).toBeGreaterThanOrEqual(before - 1000);
    expect(Date.parse(first.heardAt ?? '')).toBeGreaterThanOrEqual(before - 1000);
    await agent.connect(at);
    expect(((await tunnelTold(agent)) as ToldTunnel).end).toEqual(first.end);
    await agent.connect({ ...at, mtu: 1400 });
    const moved = (await tunnelTold(agent)) as ToldTunnel;
    expect(moved.end?.mtu).toBe(1400);
    expect(Date.parse(moved.end?.since ?? '')).toBeGreaterThanOrEqual(Date.parse(first.end?.since ?? ''));
    await agent.connect(null);
    expect(await tunnelTold(agent)).toMatchObject({ end: null, refused: null });
    expect(await tunnelTold(agent, tenant)).toBe('FORBIDDEN');
  });

  it('is why one isn’t connected, until it is', async () => {
    const [holder, other] = [newAgent(), newAgent()];
    const at = end();
    await holder.connect(at);
    const own = end();
    expect(await other.connect({ ...own, address: '127.0.0.1' })).not.toBeNull();
    expect(await tunnelTold(other)).toMatchObject({ end: null, refused: expect.stringContaining('loopback') });
    await other.connect(own);
    expect(await tunnelTold(other)).toMatchObject({ end: { address: own.address }, refused: null });
    // It wants to be elsewhere, and stays where it is known.
    await other.connect({ ...own, address: '127.0.0.1' });
    expect(await tunnelTold(other)).toMatchObject({ end: { address: own.address }, refused: expect.any(String) });
    await other.connect(own);
    expect(await tunnelTold(other)).toMatchObject({ end: { address: own.address }, refused: null });
  });
});

describe('no network outside', () => {
  const reserved = async (agent: Agent) => (await agent.sync())?.pools.reserved ?? [];
  const has = (agent: Agent, cidr: string) => expect.poll(async () => (await reserved(agent)).includes(cidr), deadline);

  it('has the address of a node: each node is told of all of them, where they are now', async () => {
    const { agents } = await threeNodes();
    const [watcher, , stranger] = agents;
    // Two that are neighbours at an even address are one range.
    const [at, moved] = [
      { ...end(), address: '198.51.100.7' },
      { ...end(), address: '2001:db8::7' },
    ];
    await stranger.connect(at);
    await has(watcher, '198.51.100.7/32').toBe(true);
    await stranger.connect(moved);
    await has(watcher, '2001:db8::7/128').toBe(true);
    expect(await reserved(watcher)).not.toContain('198.51.100.7/32');
    await stranger.connect(null);
    await has(watcher, '2001:db8::7/128').toBe(false);
  });

  it('has what the operator has reserved', async () => {
    const { agents } = await threeNodes();
    const added = resultOf(
      await harness.call('AddAddressRange', { purpose: 'RESERVED', cidr: '203.0.113.0/24' }, operator),
    );
    await has(agents[0], '203.0.113.0/24').toBe(true);
    resultOf(await harness.call('WithdrawAddressRange', { addressRangeId: added.addressRangeId }, operator));
    await has(agents[0], '203.0.113.0/24').toBe(false);
  });
});

describe('what is refused', () => {
  it('an address and port, or a hardware address, that a node has which is heard of: nothing changes', async () => {
    const [holder, other] = [newAgent(), newAgent()];
    const at = end();
    await holder.connect(at);
    const alive = setInterval(() => void holder.connect(at), 500);
    for (const wanted of [
      { ...end(), address: at.address },
      { ...end(), mac: at.mac },
    ]) {
      const refused = await other.connect(wanted);
      expect(refused).toContain(holder.nodeId);
      expect(refused).toMatch(/ATOLL_NODE_ADDRESS/);
    }
    expect(await other.connect({ ...end(), address: at.address, port: 9790 })).toBeNull();
    clearInterval(alive);
    expect((await eventsOf(holder)).map(([type]) => type)).toEqual(['NodeAttached']);
    expect((await eventsOf(other)).map(([type]) => type)).toEqual(['NodeAttached']);
  });

  it('another agent of the same node, while the one before is heard of: its address is not taken, and nothing flaps', async () => {
    const [agent, at, elsewhere] = [newAgent(), end(), end()];
    const [mine, other] = [
      { id: 'a'.repeat(32), host: 'first' },
      { id: 'b'.repeat(32), host: 'second' },
    ];
    for (let round = 0; round < 3; round++) {
      agent.speakAs(mine);
      expect(await agent.connect(at)).toBeNull();
      agent.speakAs(other);
      expect(await agent.connect(elsewhere)).toContain('on the machine first');
    }
    expect(await eventsOf(agent)).toEqual([['NodeAttached', { nodeId: agent.nodeId, ...at }]]);
    await harness.pool.query(
      `update network.node_agent set heard_at = heard_at - interval '16 seconds' where node_id = $1`,
      [agent.nodeId],
    );
    expect(await agent.connect(elsewhere)).toBeNull();
    agent.speakAs(mine);
    expect(await agent.connect(at)).toContain('on the machine second');
  });

  it('an address that no node can have', async () => {
    const agent = newAgent();
    for (const address of ['127.0.0.1', '0.0.0.0', '224.0.0.1', '::1', '10.64.3.3', 'fd61:746f:6c6c:1::5']) {
      expect(await agent.connect({ ...end(), address }), address).toMatch(/can't be the address of a node/);
    }
    expect(await eventsOf(agent)).toEqual([]);
  });

  it('two at once: one of them has it, over several processes of the service', async () => {
    for (let round = 0; round < 5; round++) {
      const agents = [newAgent(), newAgent(), newAgent(), newAgent()];
      const at = end();
      const answers = await Promise.all(agents.map((agent) => agent.connect({ ...at, mac: end().mac })));
      expect(answers.filter((answer) => answer === null)).toHaveLength(1);
    }
  });
});

describe('a node that is silent', () => {
  it('loses its address to one that reports it, and is refused when it is back', async () => {
    const { agents } = await threeNodes();
    const [first, second] = agents;
    const at = end();
    await first.connect(end());
    await second.connect(at);
    await expect.poll(async () => (await remotes(first))?.length, deadline).toBe(1);
    const heir = newAgent();
    await expect.poll(() => heir.connect(at), deadline).toBeNull();
    await untilRemotes(first, []);
    expect((await eventsOf(second)).at(-1)).toEqual(['NodeDetached', { nodeId: second.nodeId, reason: 'REPLACED' }]);
    expect(await second.connect(at)).toContain(heir.nodeId);
  });

  it('is let go of where nothing is on it, and is back with its next report', async () => {
    const agent = newAgent();
    const at = end();
    await agent.connect(at);
    await expect
      .poll(async () => (await eventsOf(agent)).at(-1), { timeout: 30_000, interval: 100 })
      .toEqual(['NodeDetached', { nodeId: agent.nodeId, reason: 'SILENT' }]);
    await expect
      .poll(async () => {
        await agent.connect(at);
        return (await eventsOf(agent)).length;
      }, deadline)
      .toBe(3);
  });
});
