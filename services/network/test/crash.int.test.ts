/** The real process, killed with no grace again and again while a whole life of namespaces goes on. */
import type { EventRecord } from '@atoll/schema/envelope';
import type { Id } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { overlaps, parseRange } from '../src/domain/address.ts';
import { createAgent } from './agent.ts';
import { end, startProcess } from './crash/process.ts';
import { codeOf, deadline, type Harness, startHarness } from './harness.ts';
import { opens } from './opens.ts';

let harness: Harness;
const tenant: Id<'tenant'> = newId('tenant');
const patient = { timeout: 60_000, interval: 50 };

beforeAll(async () => {
  harness = await startHarness({ services: 0 });
});
afterAll(() => harness.stop());

/** Each kind of event at most so often, and in that order, in a stream of one thing. */
const lives: { readonly [kind: string]: readonly string[] } = {
  namespace: ['NamespaceOpened', 'NamespaceClosed', 'NamespaceDrained'],
  subnet: ['SubnetAllocated', 'SubnetReleased'],
  endpoint: ['EndpointAllocated', 'EndpointSecured', 'EndpointReleased'],
};

function expectNothingDoubled(events: readonly EventRecord[]): void {
  for (const [stream, own] of Map.groupBy(events, (event) => event.stream)) {
    const life = lives[stream.split(':')[0] ?? ''];
    if (!life) continue;
    const types = own.map((event) => event.type);
    expect(types, stream).toEqual(life.filter((type) => types.includes(type)));
  }
  const held = new Map<string, string>();
  const addresses = new Map<string, string>();
  for (const { type, data } of events as readonly (EventRecord & { data: { [field: string]: string } })[]) {
    const { subnetId = '', instanceId = '', ipv4 = '' } = data;
    if (type === 'SubnetAllocated') {
      for (const other of held.values()) expect(overlaps(parseRange(ipv4), parseRange(other))).toBe(false);
      held.set(subnetId, ipv4);
    }
    if (type === 'SubnetReleased') held.delete(subnetId);
    if (type === 'EndpointAllocated') {
      expect([...addresses.values()]).not.toContain(ipv4);
      addresses.set(instanceId, ipv4);
    }
    if (type === 'EndpointReleased') addresses.delete(instanceId);
  }
  expect([held.size, addresses.size]).toEqual([0, 0]);
}

describe('two processes that are killed again and again', () => {
  it('finish every namespace with nothing lost and nothing doubled', { timeout: 120_000 }, async () => {
    const agents = [newId('node'), newId('node')].map((nodeId) => createAgent(harness.nc, nodeId));
    let going = true;
    const agentsGoing = agents.map(async (agent) => {
      while (going) {
        // A pull or report that a dead process doesn't answer is tried again, as an agent does.
        await agent.sync().catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
    const processes = [startProcess(harness), startProcess(harness)];
    let kills = 0;
    // One is killed whenever some more facts have come: each time in the middle of something else, and never so often
    // that a slow machine gets nothing done in between.
    const killing = (async () => {
      let position = 0;
      while (going) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        const now = await harness.store.lastPosition();
        if (now < position + 3 + (kills % 5)) continue;
        position = now;
        const victim = kills % 2;
        const child = processes[victim];
        if (!going || !child) return;
        await end(child, 'SIGKILL');
        kills += 1;
        processes[victim] = startProcess(harness);
      }
    })();

    async function live(n: number): Promise<void> {
      const namespaceId = newId('namespace');
      await harness.requestNamespace(tenant, namespaceId);
      await expect
        .poll(() => harness.rows('select 1 from network.subnet where namespace_id = $1', [namespaceId]), patient)
        .toHaveLength(1);
      const spec = {
        from: { namespaceId, labels: {} },
        to: { labels: {} },
        ports: [{ protocol: 'TCP', from: 80, to: 80 }],
      };
      // A caller repeats with the same key until it has an answer.
      await expect
        .poll(
          async () =>
            codeOf(
              await harness.call(
                'CreateIsolationPolicy',
                { namespaceId, name: 'all', ...opens(namespaceId, spec) },
                { tenant, key: `all-${n}` },
              ),
            ),
          patient,
        )
        .toBe('OK');
      const instances = await Promise.all(
        agents.map(async (agent) => ({
          nodeId: agent.nodeId,
          instance: await harness.place(tenant, namespaceId, agent.nodeId),
        })),
      );
      const typesOf = async (instance: string) =>
        (await harness.eventsOf(`endpoint:${instance}`)).map((event) => event.type);
      for (const { instance } of instances) {
        await expect.poll(() => typesOf(instance), patient).toContain('EndpointSecured');
      }
      await harness.deleteNamespace(tenant, namespaceId);
      for (const { instance, nodeId } of instances) {
        await harness.stopInstance(tenant, namespaceId, nodeId, instance);
      }
      await harness.deployDrained(tenant, namespaceId);
      await expect
        .poll(async () => (await harness.eventsOf(`namespace:${namespaceId}`)).map((event) => event.type), patient)
        .toContain('NamespaceDrained');
    }
    try {
      // Two after the other in each of two rows: there is always something half done.
      await Promise.all(
        [0, 1].map(async (row) => {
          for (let n = 0; n < 2; n++) await live(row * 10 + n);
        }),
      );
      // The tables have it all, too, before nobody is left to write them.
      await expect.poll(() => harness.rows(`select 1 from network.namespace`), patient).toEqual([]);
      // The tables follow the facts.
      await expect.poll(() => harness.rows('select namespace_id from network.namespace'), patient).toEqual([]);
    } finally {
      going = false;
      await Promise.all([killing, ...agentsGoing]);
      await Promise.all(processes.map((child) => end(child, 'SIGKILL')));
    }
    expect(kills).toBeGreaterThan(3);
    expectNothingDoubled(await harness.store.readAfter(0, 5000));
    for (const table of ['namespace', 'subnet', 'address', 'endpoint', 'deploy_instance', 'policy']) {
      expect(await harness.rows(`select * from network.${table}`), table).toEqual([]);
    }
    const held = 'select * from network.held_range where subnet_id not in (select range_id from network.address_range)';
    expect(await harness.rows(held)).toEqual([]);
    // Each process has added what is configured, to effect once.
    expect(await harness.rows('select purpose from network.address_range order by position')).toEqual(
      ['INSTANCES', 'SERVICES', 'INSTANCES', 'SERVICES'].map((purpose) => ({ purpose })),
    );
    expect(await harness.rows('select * from network.parked_event')).toEqual([]);
  });

  it('stop in order when told to', async () => {
    const child = startProcess(harness);
    const namespaceId = newId('namespace');
    await harness.requestNamespace(tenant, namespaceId);
    await expect
      .poll(() => harness.rows('select 1 from network.subnet where namespace_id = $1', [namespaceId]), deadline)
      .toHaveLength(1);
    expect(await end(child, 'SIGTERM')).toBe(0);
  });
});
