/** Services as the network service decides, compiles and drains them. */
import type { Id } from '@atoll/schema/ids';
import type { DesiredNetwork } from '@atoll/schema/node/network';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Agent, createAgent } from './agent.ts';
import { codeOf, deadline, type Harness, resultOf, startHarness } from './harness.ts';

let harness: Harness;
const tenant: Id<'tenant'> = newId('tenant');

beforeAll(async () => {
  harness = await startHarness({ services: 2 });
});
afterAll(() => harness.stop());

const web = { name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 } as const;
const spec = (more: object = {}) => ({ selector: { app: 'web' }, ports: [web], affinitySeconds: null, ...more });
const typesOf = async (stream: string) => (await harness.eventsOf(stream)).map((event) => event.type);

async function create(namespaceId: Id<'namespace'>, name: string, more: object = {}): Promise<Id<'service'>> {
  const reply = await harness.call('CreateService', { namespaceId, name, spec: spec(more) }, { tenant });
  return resultOf(reply).serviceId as Id<'service'>;
}

/** A fact of deploy about an instance. */
const tell = (type: string, nodeId: Id<'node'>, instanceId: Id<'instance'>, more: object = {}) =>
  harness.fact(harness.deploy, tenant, `deployment:${newId('deployment')}`, type, {
    ...{ deploymentId: newId('deployment'), instanceId, nodeId },
    ...more,
  });
const ready = (nodeId: Id<'node'>, instanceId: Id<'instance'>) => tell('InstanceReady', nodeId, instanceId);
const stopRequested = (nodeId: Id<'node'>, instanceId: Id<'instance'>) =>
  tell('InstanceStopRequested', nodeId, instanceId, { reason: 'REPLACED' });

/** Until what the agent has applied is so. */
const applied = (agent: Agent, holds: (document: DesiredNetwork) => boolean): Promise<DesiredNetwork> =>
  vi.waitFor(async () => {
    const document = await agent.sync();
    if (document === null || !holds(document)) throw new Error('Not applied yet.');
    return document;
  }, deadline);

const targetsOf = (document: DesiredNetwork, serviceId: Id<'service'>) =>
  document.rules.services.find((one) => one.serviceId === serviceId)?.ports[0]?.targets.map((target) => target.ipv4) ??
  [];

describe('a deployment that shows only some of its releases', () => {
  it('has the others held back, ready as they are, and all of them at once when it switches', async () => {
    const node = newId('node');
    const namespaceId = await harness.openNamespace(tenant);
    const deploymentId = newId('deployment');
    const [blue, green] = [newId('release'), newId('release')];
    const tellOf = (type: string, data: object) =>
      harness.fact(harness.deploy, tenant, `deployment:${deploymentId}`, type, { deploymentId, ...data });
    const place = async (releaseId: Id<'release'>) => {
      const instanceId = newId('instance');
      await tellOf('InstancePlaced', {
        ...{ instanceId, nodeId: node, namespaceId, releaseId, labels: { app: 'web' } },
        ...{ resources: { cpuMillis: 100, memoryMiB: 64 } },
        decision: { nodes: 1, rejected: [], filtered: [], scores: [], weights: null },
      });
      const { data } = await harness.event(`endpoint:${instanceId}`, 'EndpointAllocated');
      await tellOf('InstanceReady', { instanceId, nodeId: node });
      return data.ipv4;
    };
    const switchTo = (releaseIds: readonly Id<'release'>[] | null) =>
      tellOf('TrafficSwitched', { namespaceId, releaseIds });
    const serviceId = await create(namespaceId, 'web');
    const agent = createAgent(harness.nc, node);
    const shows = (...ips: readonly string[]) =>
      applied(
        agent,
        (document) => JSON.stringify([...targetsOf(document, serviceId)].sort()) === JSON.stringify([...ips].sort()),
      );

    const old = await place(blue);
    await shows(old);
    await switchTo([blue]);
    const next = await place(green);
    // Whatever came after it has been seen as well: nobody was sent to what is held back.
    const another = await place(blue);
    await shows(old, another);
    await switchTo([green]);
    await shows(next);
    await switchTo([blue]);
    await shows(old, another);
    await switchTo(null);
    await shows(old, another, next);
  });
});

describe('a service', () => {
  it('has a virtual address of each family and a name, and its ready instances as targets on every node of the environment', async () => {
    const [here, there]: [Id<'node'>, Id<'node'>] = [newId('node'), newId('node')];
    const namespaceId = await harness.openNamespace(tenant);
    const instance = await harness.place(tenant, namespaceId, here, { app: 'web', tier: 'a' });
    const other = await harness.place(tenant, namespaceId, there, { app: 'client' });
    const serviceId = await create(namespaceId, 'web');
    const created = await harness.event(`service:${serviceId}`, 'ServiceCreated');
    const endpoint = await harness.event(`endpoint:${instance}`, 'EndpointAllocated');
    await harness.event(`endpoint:${other}`, 'EndpointAllocated');

    const agents = [createAgent(harness.nc, here), createAgent(harness.nc, there)];
    for (const agent of agents) {
      const document = await applied(agent, ({ rules }) => rules.services.some((one) => one.serviceId === serviceId));
      // Not ready yet: it is known, and nothing is behind it.
      expect(document.rules.services).toMatchObject([
        { serviceId, ipv4: created.data.ipv4, ipv6: created.data.ipv6, ports: [{ port: 80, targets: [] }] },
      ]);
      expect(document.rules.names.views[0]?.namespaces).toMatchObject([
        {
          name: 'shop',
          services: [{ name: 'web', ipv4: created.data.ipv4, ports: [{ name: 'http', protocol: 'TCP', port: 80 }] }],
        },
      ]);
      expect(document.rules.serving).toEqual([]);
    }
    await ready(here, instance);
    const { ipv4, ipv6 } = endpoint.data;
    for (const agent of agents) {
      const document = await applied(agent, (one) => targetsOf(one, serviceId).length === 1);
      expect(document.rules.services[0]?.ports[0]?.targets).toEqual([{ ipv4, ipv6, port: 8080 }]);
      expect(document.rules.serving).toEqual(agent.nodeId === here ? [instance] : []);
    }
  });

  it('keeps its addresses while it is changed, and tells where it selects nothing', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    const created = await harness.call('CreateService', { namespaceId, name: 'web', spec: spec() }, { tenant });
    expect(resultOf(created)).toMatchObject({ warnings: [{ code: 'SELECTS_NOTHING' }] });
    const { serviceId } = resultOf(created);
    const update = { serviceId, spec: spec({ selector: {}, affinitySeconds: 60 }) };
    resultOf(await harness.call('UpdateService', update, { tenant, expectedVersion: 1 }));
    expect(codeOf(await harness.call('UpdateService', update, { tenant, expectedVersion: 1 }))).toBe(
      'VERSION_CONFLICT',
    );
    const { data } = await harness.event(`service:${serviceId}`, 'ServiceCreated');
    await vi.waitFor(async () => {
      const rows = await harness.rows(
        'select ipv4, ipv6, affinity_seconds as affinity from network.service where service_id = $1',
        [serviceId],
      );
      expect(rows).toEqual([{ ipv4: data.ipv4, ipv6: data.ipv6, affinity: 60 }]);
    }, deadline);
  });

  it('has labels of its own, which change nothing of where it leads', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    const serviceId = await create(namespaceId, 'web');
    const set = (labels: object, more: object = {}) =>
      harness.call('SetServiceLabels', { serviceId, labels }, { tenant, ...more });
    const rowOf = (id: string) =>
      vi.waitFor(async () => {
        const [row] = await harness.rows('select * from network.service where service_id = $1', [id]);
        if (row === undefined) throw new Error(`${id} isn't there yet.`);
        return row;
      }, deadline);
    const before = await rowOf(serviceId);
    resultOf(await set({ team: 'blue' }, { expectedVersion: 1 }));
    // What is there already is no change.
    resultOf(await set({ team: 'blue' }));
    expect(await typesOf(`service:${serviceId}`)).toEqual(['ServiceCreated', 'ServiceLabelsSet']);
    expect(codeOf(await set({ team: 'red' }, { expectedVersion: 1 }))).toBe('VERSION_CONFLICT');
    expect(codeOf(await set({ team: 'no value' }))).toBe('INVALID_ARGUMENT');
    expect(codeOf(await set({ team: 'red' }, { tenant: newId('tenant') }))).toBe('NOT_FOUND');
    // What comes after the labels is there, so they have been looked at.
    await rowOf(await create(namespaceId, 'later'));
    expect(await rowOf(serviceId)).toEqual(before);
    await harness.deleteNamespace(tenant, namespaceId);
    await harness.event(`namespace:${namespaceId}`, 'NamespaceClosed');
    expect(codeOf(await set({ team: 'red' }))).toBe('BEING_DELETED');
  });

  it('is refused with the reason where its name is taken or no label, a port isn’t one or is given twice, or the namespace is gone', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    await create(namespaceId, 'web');
    const refused = async (more: object) => {
      const reply = await harness.call(
        'CreateService',
        { namespaceId, name: 'api', spec: spec(), ...more },
        { tenant },
      );
      return reply.ok ? 'OK' : `${reply.error.code} ${reply.error.field ?? ''}`;
    };
    expect(await refused({ name: 'web' })).toBe('NAME_TAKEN name');
    expect(await refused({ name: 'Web.1' })).toBe('INVALID_ARGUMENT name');
    expect(await refused({ spec: spec({ ports: [{ ...web, port: 0 }] }) })).toBe('INVALID_ARGUMENT spec.ports.0.port');
    expect(await refused({ spec: spec({ ports: [{ ...web, targetPort: 70_000 }] }) })).toBe(
      'INVALID_ARGUMENT spec.ports.0.targetPort',
    );
    expect(await refused({ spec: spec({ ports: [web, { ...web, name: 'b' }] }) })).toBe('INVALID_ARGUMENT spec.ports');
    expect(await refused({ spec: spec({ ports: [web, { ...web, port: 81 }] }) })).toBe('INVALID_ARGUMENT spec.ports');
    expect(await refused({ spec: spec({ ports: [] }) })).toBe('INVALID_ARGUMENT spec.ports');
    expect(await refused({ namespaceId: newId('namespace') })).toBe('NOT_FOUND namespaceId');
    const strange = await harness.call(
      'CreateService',
      { namespaceId, name: 'api', spec: spec() },
      { tenant: newId('tenant') },
    );
    expect(codeOf(strange)).toBe('NOT_FOUND');
    const claims = await harness.rows(`select 1 from network.claim_amount where key = $1`, [namespaceId]);
    expect(claims).toHaveLength(1);
  });

  it('gets an address that nobody else has, however many are made at once by several processes', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    const all = await Promise.all(Array.from({ length: 40 }, (_, n) => create(namespaceId, `many-${n}`)));
    const rows = await vi.waitFor(async () => {
      const found = await harness.rows<{ ipv4: string; ipv6: string }>(
        'select ipv4, ipv6 from network.service where service_id = any($1)',
        [all],
      );
      if (found.length < all.length) throw new Error('Not all are there yet.');
      return found;
    }, deadline);
    expect(new Set(rows.map((row) => row.ipv4)).size).toBe(40);
    expect(new Set(rows.map((row) => row.ipv6)).size).toBe(40);
    for (const { ipv4 } of rows) expect(ipv4).toMatch(/^10\.127\./);
  });

  it('is deleted once, and its name is free at once while its address rests', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    const first = await create(namespaceId, 'web');
    const { data } = await harness.event(`service:${first}`, 'ServiceCreated');
    resultOf(await harness.call('DeleteService', { serviceId: first }, { tenant }));
    expect(codeOf(await harness.call('DeleteService', { serviceId: first }, { tenant }))).toBe('NOT_FOUND');
    const given = [data.ipv4];
    // By whichever process answers, and as soon as it can be: no read model has got so far yet.
    for (let round = 0; round < 20; round += 1) {
      const next = await create(namespaceId, 'web');
      given.push((await harness.event(`service:${next}`, 'ServiceCreated')).data.ipv4);
      resultOf(await harness.call('DeleteService', { serviceId: next }, { tenant }));
    }
    expect(new Set(given).size).toBe(given.length);
  });

  it('goes with its namespace', async () => {
    const namespaceId = await harness.openNamespace(tenant);
    const serviceId = await create(namespaceId, 'web');
    await harness.deleteNamespace(tenant, namespaceId);
    await harness.deployDrained(tenant, namespaceId);
    await harness.event(`namespace:${namespaceId}`, 'NamespaceDrained');
    expect(await typesOf(`service:${serviceId}`)).toEqual(['ServiceCreated', 'ServiceDeleted']);
  });

  it('is seen by nodes of its own environment only', async () => {
    const [own, other]: [Id<'node'>, Id<'node'>] = [newId('node'), newId('node')];
    const mine = await harness.openNamespace(tenant);
    // Another environment of the same tenant.
    const theirs = await harness.openNamespace(tenant);
    await harness.place(tenant, mine, own, { app: 'web' });
    const stranger = await harness.place(tenant, theirs, other, { app: 'web' });
    const serviceId = await create(mine, 'web');
    await applied(createAgent(harness.nc, own), ({ rules }) => rules.services.length === 1);
    await harness.event(`endpoint:${stranger}`, 'EndpointAllocated');
    const document = await applied(createAgent(harness.nc, other), ({ rules }) => rules.endpoints.length === 1);
    expect(document.rules.services).toEqual([]);
    expect(document.rules.names.views).toEqual([]);
    expect(JSON.stringify(document)).not.toContain(serviceId);
  });
});

describe('an endpoint that is to stop', () => {
  async function served() {
    const [here, there]: [Id<'node'>, Id<'node'>] = [newId('node'), newId('node')];
    const namespaceId = await harness.openNamespace(tenant);
    const instance = await harness.place(tenant, namespaceId, here, { app: 'web' });
    const other = await harness.place(tenant, namespaceId, there, { app: 'client' });
    await harness.event(`endpoint:${other}`, 'EndpointAllocated');
    const serviceId = await create(namespaceId, 'web');
    await ready(here, instance);
    const agents = { here: createAgent(harness.nc, here), there: createAgent(harness.nc, there) };
    await applied(agents.here, (one) => targetsOf(one, serviceId).length === 1);
    await applied(agents.there, (one) => targetsOf(one, serviceId).length === 1);
    return { here, there, namespaceId, instance, serviceId, agents };
  }

  it('gets no new connections, and is kept by its agent until every node has that in force', async () => {
    const { here, namespaceId, instance, serviceId, agents } = await served();
    await stopRequested(here, instance);
    await harness.event(`endpoint:${instance}`, 'EndpointWithdrawn');
    const document = await applied(agents.here, (one) => targetsOf(one, serviceId).length === 0);
    expect(document.rules.services[0]?.draining).toHaveLength(1);
    // The other node hasn't applied it yet: a connection may still come from there.
    expect(document.rules.serving).toEqual([instance]);
    expect(await typesOf(`endpoint:${instance}`)).not.toContain('EndpointDrained');
    await applied(agents.there, (one) => targetsOf(one, serviceId).length === 0);
    await applied(agents.here, (one) => one.rules.serving.length === 0);
    await harness.event(`endpoint:${instance}`, 'EndpointDrained');
    await harness.stopInstance(tenant, namespaceId, here, instance);
    await applied(agents.there, (one) => one.rules.services[0]?.draining.length === 0);
  });

  it('is kept so, too, where generations have run ahead of positions, as after an upgrade of the compiler', async () => {
    await harness.pool.query('update network.compile_state set generation = generation + 10000');
    const [kept, control] = [await served(), await served()];
    for (const { here, instance } of [kept, control]) {
      await stopRequested(here, instance);
      await harness.event(`endpoint:${instance}`, 'EndpointWithdrawn');
    }
    for (const { agents, serviceId } of [kept, control]) {
      await applied(agents.here, (one) => targetsOf(one, serviceId).length === 0);
    }
    // Both were withdrawn; of one the other node has that in force. So whoever drains that has looked at the other, too.
    await applied(control.agents.there, (one) => targetsOf(one, control.serviceId).length === 0);
    await harness.event(`endpoint:${control.instance}`, 'EndpointDrained');
    expect(await typesOf(`endpoint:${kept.instance}`)).not.toContain('EndpointDrained');
    await applied(kept.agents.there, (one) => targetsOf(one, kept.serviceId).length === 0);
    await harness.event(`endpoint:${kept.instance}`, 'EndpointDrained');
  });

  it('isn’t kept by a node that is silent', async () => {
    const silent = await startHarness({ silentAfterMs: 300 });
    try {
      const [here, gone]: [Id<'node'>, Id<'node'>] = [newId('node'), newId('node')];
      const namespaceId = await silent.openNamespace(tenant);
      const instance = await silent.place(tenant, namespaceId, here, { app: 'web' });
      const other = await silent.place(tenant, namespaceId, gone, { app: 'client' });
      await silent.event(`endpoint:${other}`, 'EndpointAllocated');
      resultOf(await silent.call('CreateService', { namespaceId, name: 'web', spec: spec() }, { tenant }));
      const told = { deploymentId: newId('deployment'), instanceId: instance, nodeId: here };
      const stream = `deployment:${told.deploymentId}`;
      await silent.fact(silent.deploy, tenant, stream, 'InstanceReady', told);
      const agents = [createAgent(silent.nc, here), createAgent(silent.nc, gone)];
      for (const agent of agents)
        await applied(agent, ({ rules }) => rules.services[0]?.ports[0]?.targets.length === 1);
      await silent.fact(silent.deploy, tenant, stream, 'InstanceStopRequested', { ...told, reason: 'REPLACED' });
      // Only its own node goes on.
      await applied(createAgent(silent.nc, here), ({ rules }) => rules.serving.length === 0);
      await silent.event(`endpoint:${instance}`, 'EndpointDrained');
    } finally {
      await silent.stop();
    }
  });

  it('comes back where it only wasn’t ready for a while', async () => {
    const { here, instance, serviceId, agents } = await served();
    await tell('InstanceUnready', here, instance, { reason: 'READINESS_FAILED', message: 'Its probe fails.' });
    await applied(agents.here, (one) => targetsOf(one, serviceId).length === 0);
    await ready(here, instance);
    await applied(agents.here, (one) => targetsOf(one, serviceId).length === 1);
  });

  it('is replaced without a moment in which nothing is behind the service', async () => {
    const { here, namespaceId, instance, serviceId, agents } = await served();
    const next = await harness.place(tenant, namespaceId, here, { app: 'web' });
    await harness.event(`endpoint:${next}`, 'EndpointAllocated');
    await ready(here, next);
    await stopRequested(here, instance);
    const seen: number[] = [];
    await applied(agents.here, (one) => {
      seen.push(targetsOf(one, serviceId).length);
      return one.rules.services[0]?.draining.length === 1;
    });
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(1);
  });
});
