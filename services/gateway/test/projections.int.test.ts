import { type AddressInfo, createServer } from 'node:net';
import { contexts } from '@atoll/schema/contexts';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tables } from '../src/project/effects.ts';
import { resetReadModels } from '../src/project/rebuild.ts';
import { type Platform, startPlatform, type TestTenant } from './platform.ts';
import { everything, newScenario, parts } from './scenario.ts';

let platform: Platform;
let tenant: TestTenant;
beforeAll(async () => {
  platform = await startPlatform();
  tenant = await platform.tenant('acme');
});
afterAll(() => platform.stop());

const one = async (query: string, variables: object) => {
  const { body } = await platform.query(tenant.admin, query, variables);
  expect(body.errors).toBeUndefined();
  return body.data;
};

const everyRow = async () => {
  const rows: Record<string, unknown> = {};
  for (const table of tables) {
    const found = await platform.database.owner.query(`select to_jsonb(t) as row from read.${table} t order by id`);
    rows[table] = found.rows.map(({ row }) => row);
  }
  return rows;
};

const shown = `query ($namespace: ID!, $deployment: ID!, $instance: ID!, $policy: ID!) {
  namespace(id: $namespace) { name status addressSupply labels { key value } version environment { name kind } subnets { nodes { ipv4 ipv6 } } }
  deployment(id: $deployment) {
    name status readyReplicas replicas version labels { value key } currentRelease { number image cpuMillis ports { port protocol } }
    rollouts { nodes { kind status endedAt release { number } } }
  }
  instance(id: $instance) { status ipv4 ipv6 securedAt labels { key value } placement { nodes rejected { code count } scores { nodeId score } filtered { nodeId } } namespaceDeployment: deployment { namespace { id } } }
  isolationPolicy(id: $policy) { revision version fromNamespace { id } fromLabels { key value } toLabels { key } ports { from to protocol } receipts { nodes { generation enforcedAt revision } } }
}`;

const history = async () =>
  (await platform.database.owner.query('select * from read.resource_change order by id, kind, change')).rows;

describe('projections', () => {
  it('show one of everything, derived states included', async () => {
    const ids = await everything(platform, tenant, 'first');
    const data = await one(shown, ids);
    expect(data.namespace).toMatchObject({
      name: 'first',
      status: 'ACTIVE',
      labels: [
        { key: 'a', value: '2' },
        { key: 'z', value: '1' },
      ],
      version: 1,
      environment: { kind: 'TEST' },
      subnets: { nodes: [{ ipv4: '10.64.3.0/24' }] },
    });
    expect(data.deployment).toMatchObject({
      status: 'STEADY',
      readyReplicas: 1,
      version: 7,
      currentRelease: { number: 1, cpuMillis: 100, ports: [{ port: 8080, protocol: 'TCP' }] },
      rollouts: { nodes: [{ kind: 'INITIAL', status: 'COMPLETED', endedAt: expect.stringMatching(/Z$/) }] },
    });
    expect(data.instance).toMatchObject({
      status: 'READY',
      ipv4: '10.64.3.2',
      securedAt: '2026-11-23T09:00:00.500Z',
      placement: {
        nodes: 2,
        rejected: [{ code: 'CPU', count: 1 }],
        scores: [{ nodeId: ids.node, score: 0.5 }],
        filtered: [],
      },
      namespaceDeployment: { namespace: { id: ids.namespace } },
    });
    expect(data.isolationPolicy).toMatchObject({
      revision: 1,
      version: 2,
      fromNamespace: { id: ids.namespace },
      ports: [{ from: 80, to: 90, protocol: 'TCP' }],
      receipts: { nodes: [{ generation: 7, revision: 1 }] },
    });
  });

  it('come to the same whichever context tells its part first', async () => {
    const orders = [
      ['network', 'deploy', 'tenancy', 'running'],
      ['deploy', 'running', 'network', 'tenancy'],
      ['network', 'tenancy', 'deploy', 'running'],
    ] as const;
    for (const order of orders) {
      const ids = newScenario();
      const told = parts(platform, tenant, ids, `order-${order.join('-')}`);
      for (const part of order) {
        await told[part]();
        await platform.settled();
      }
      const data = await one(shown, ids);
      expect(data.namespace).toMatchObject({ status: 'ACTIVE', addressSupply: 'LOW' });
      expect(data.instance).toMatchObject({
        status: 'READY',
        ipv4: '10.64.3.2',
        securedAt: '2026-11-23T09:00:00.500Z',
      });
      expect(data.deployment).toMatchObject({ status: 'STEADY', readyReplicas: 1 });
    }
  });

  it('show each step of an instance, and a clear reason where it stops', async () => {
    const ids = newScenario();
    const told = parts(platform, tenant, ids, 'steps');
    const status = async () => (await one(shown, ids)).instance;
    await told.tenancy();
    await platform.settled();
    expect((await one(shown, ids)).namespace.status).toBe('PENDING');
    await told.deploy();
    await platform.settled();
    expect(await status()).toMatchObject({ status: 'PLACED', ipv4: null });
    const endpoint = { instanceId: ids.instance, namespaceId: ids.namespace, nodeId: ids.node };
    await platform.append(tenant.id, 'network', `endpoint:${ids.instance}`, {
      type: 'EndpointRefused',
      data: { ...endpoint, deploymentId: ids.deployment, message: 'The subnet is full.' },
    });
    const why = `query ($id: ID!) { instance(id: $id) { status statusReason statusMessage } }`;
    expect((await one(why, { id: ids.instance })).instance).toEqual({
      status: 'WAITING',
      statusReason: 'ADDRESS_REFUSED',
      statusMessage: 'The subnet is full.',
    });
    await told.network();
    await platform.settled();
    expect(await status()).toMatchObject({ status: 'SECURED' });
    const at = { deploymentId: ids.deployment, instanceId: ids.instance, nodeId: ids.node };
    await platform.append(tenant.id, 'deploy', `deployment:${ids.deployment}`, {
      type: 'InstanceWaiting',
      data: { ...at, reason: 'IMAGE_PULL_FAILED', message: 'no such image' },
    });
    expect((await one(why, { id: ids.instance })).instance).toEqual({
      status: 'WAITING',
      statusReason: 'IMAGE_PULL_FAILED',
      statusMessage: 'no such image',
    });
    await told.running();
    await platform.settled();
    expect((await one(why, { id: ids.instance })).instance).toEqual({
      status: 'READY',
      statusReason: null,
      statusMessage: null,
    });
    await platform.append(tenant.id, 'deploy', `deployment:${ids.deployment}`, {
      type: 'RolloutBlocked',
      data: { deploymentId: ids.deployment, reason: 'INSUFFICIENT_CAPACITY', message: 'No node has room.' },
    });
    const blocked = await one('query ($id: ID!) { deployment(id: $id) { status statusMessage } }', {
      id: ids.deployment,
    });
    expect(blocked.deployment).toEqual({
      status: 'BLOCKED',
      statusMessage: 'INSUFFICIENT_CAPACITY: No node has room.',
    });
  });

  it('show how much is left of addresses, of all ranges of a purpose and family, whichever was added when', async () => {
    const range = (purpose: string, cidr: string) => {
      const rangeId = newId('addressRange');
      const data = { rangeId, purpose, cidr, within: null };
      return platform.append('platform', 'network', `addressRange:${rangeId}`, { type: 'AddressRangeAdded', data });
    };
    const use = { size: 256, used: 256, free: 0, cooling: 0, exhaustedAt: null };
    const tell = (type: string, purpose: string, family: string) =>
      platform.append('platform', 'network', `addressPool:${purpose}-${family}`, {
        type,
        data: { purpose, family, ...use },
      });
    const supplies = async () => {
      const { body } = await platform.query(platform.operator, '{ addressRanges { nodes { purpose cidr supply } } }');
      expect(body.errors).toBeUndefined();
      return Object.fromEntries(
        body.data.addressRanges.nodes.map((one: { cidr: string; supply: string }) => [one.cidr, one.supply]),
      );
    };
    await range('PUBLIC', '203.0.113.0/24');
    await range('PUBLIC', '2001:db8:7::/64');
    await range('INSTANCES', '10.64.0.0/10');
    await tell('AddressPoolRanOut', 'PUBLIC', 'IPV4');
    expect(await supplies()).toMatchObject({
      '203.0.113.0/24': 'EXHAUSTED',
      '2001:db8:7::/64': 'ENOUGH',
      '10.64.0.0/10': 'ENOUGH',
    });
    await range('PUBLIC', '198.51.100.0/24');
    expect(await supplies()).toMatchObject({ '198.51.100.0/24': 'EXHAUSTED' });
    await tell('AddressPoolRanLow', 'PUBLIC', 'IPV4');
    expect(await supplies()).toMatchObject({ '203.0.113.0/24': 'LOW', '198.51.100.0/24': 'LOW' });
    await tell('AddressPoolRecovered', 'PUBLIC', 'IPV4');
    expect(new Set(Object.values(await supplies()))).toEqual(new Set(['ENOUGH']));
  });

  it('leave nothing behind of what was deleted', async () => {
    const ids = await everything(platform, tenant, 'gone');
    const at = { deploymentId: ids.deployment, instanceId: ids.instance, nodeId: ids.node };
    const ns = { namespaceId: ids.namespace, environmentId: ids.environment, name: 'gone' };
    await platform.append(tenant.id, 'tenancy', `namespace:${ids.namespace}`, {
      type: 'NamespaceDeletionRequested',
      data: ns,
    });
    expect((await one(shown, ids)).namespace.status).toBe('DELETING');
    await platform.append(
      ...([tenant.id, 'deploy', `deployment:${ids.deployment}`] as const),
      { type: 'DeploymentDeletionRequested', data: { deploymentId: ids.deployment, namespaceId: ids.namespace } },
      { type: 'InstanceStopRequested', data: { ...at, reason: 'DELETED' } },
    );
    expect(await one(shown, ids)).toMatchObject({
      deployment: { status: 'DELETING' },
      instance: { status: 'STOPPING' },
    });
    await platform.append(
      ...([tenant.id, 'deploy', `deployment:${ids.deployment}`] as const),
      { type: 'InstanceStopped', data: { ...at, namespaceId: ids.namespace } },
      { type: 'DeploymentDeleted', data: { deploymentId: ids.deployment, namespaceId: ids.namespace, name: 'web' } },
    );
    const endpoint = { instanceId: ids.instance, namespaceId: ids.namespace, nodeId: ids.node };
    await platform.append(tenant.id, 'network', `endpoint:${ids.instance}`, {
      type: 'EndpointReleased',
      data: { ...endpoint, subnetId: ids.subnet },
    });
    await platform.append(tenant.id, 'network', `policy:${ids.policy}`, {
      type: 'IsolationPolicyDeleted',
      data: { policyId: ids.policy, namespaceId: ids.namespace, name: 'web' },
    });
    await platform.append(tenant.id, 'network', `service:${ids.service}`, {
      type: 'ServiceDeleted',
      data: {
        ...{ serviceId: ids.service, namespaceId: ids.namespace, name: 'web', ipv4: '10.127.0.7' },
        ipv6: 'fd61:746f:6c6c:ffff:ffff:ffff:ffff:7',
      },
    });
    await platform.append(tenant.id, 'network', `subnet:${ids.subnet}`, {
      type: 'SubnetReleased',
      data: { subnetId: ids.subnet, namespaceId: ids.namespace, ipv4: '10.64.3.0/24', ipv6: 'fd61:746f:6c6c:3::/64' },
    });
    await platform.append(tenant.id, 'network', `namespace:${ids.namespace}`, {
      type: 'NamespaceDrained',
      data: { namespaceId: ids.namespace },
    });
    await platform.append(tenant.id, 'tenancy', `namespace:${ids.namespace}`, { type: 'NamespaceDeleted', data: ns });
    // In which environment a namespace was is kept: the log still tells of it.
    const { namespace_home: _, ...models } = await everyRow();
    const left = JSON.stringify(models);
    for (const id of [ids.namespace, ids.deployment, ids.release, ids.rollout, ids.instance, ids.policy, ids.subnet]) {
      expect(left).not.toContain(id);
    }
  });

  it('show nodes to the operator', async () => {
    const id = newId('node');
    const machine = {
      name: 'node-1',
      runtime: 'docker',
      capacity: { cpuMillis: 2000, memoryMiB: 4096 },
      maxInstances: 50,
    };
    await platform.append('platform', 'deploy', `node:${id}`, {
      type: 'NodeRegistered',
      data: { nodeId: id, ...machine },
    });
    const nodes = async () =>
      (
        await platform.query(
          platform.operator,
          '{ computeNodes { nodes { id name status statusMessage runtime memoryMiB } } }',
        )
      ).body.data;
    expect((await nodes()).computeNodes.nodes).toMatchObject([
      { id, status: 'UNREACHABLE', runtime: 'DOCKER', memoryMiB: 4096 },
    ]);
    await platform.append('platform', 'deploy', `node:${id}`, { type: 'NodeBecameReady', data: { nodeId: id } });
    expect((await nodes()).computeNodes.nodes).toMatchObject([{ status: 'READY', statusMessage: null }]);
  });

  it('are the same rows when they are made again from the first event, and the logs keep their cursors', async () => {
    const before = await everyRow();
    const historyBefore = await history();
    const log = async () =>
      (await platform.database.owner.query('select * from read.tenant_log order by tenant_id, cursor')).rows;
    const logBefore = await log();
    await platform.stopGateway();
    await resetReadModels(platform.database.owner);
    expect((await everyRow()).instance).toEqual([]);
    await platform.restartGateway();
    await platform.settled();
    expect(await everyRow()).toEqual(before);
    expect(await history()).toEqual(historyBefore);
    expect(await log()).toEqual(logBefore);
  });

  it('of a gateway that can not start end with it', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => void taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    await platform.stopGateway();
    expect(await platform.startInVain(port)).toBe(0);
    await new Promise((resolve) => taken.close(resolve));
    await platform.restartGateway();
  });

  it('keep no secret where a query or a log could show it', async () => {
    const id = newId('serviceAccount');
    const secretHash = 'd'.repeat(64);
    await platform.append(tenant.id, 'tenancy', `tenant:${tenant.id}`, {
      type: 'ServiceAccountCreated',
      data: { tenantId: tenant.id, serviceAccountId: id, name: 'robot', role: 'viewer', secretHash },
    });
    const { rows } = await platform.database.owner.query('select data::text as data from read.tenant_log');
    const told = rows.map(({ data }) => data).join('\n');
    expect(told).toContain(id);
    expect(told).not.toContain(secretHash);
    expect(told).not.toContain('hunter2');
    expect(told).toContain('PASSWORD');
    for (const table of ['service_account_secret', 'api_key_secret', 'issuer_keys', 'endpoint']) {
      await expect(platform.database.reader.query(`select * from read.${table}`)).rejects.toThrow(/permission denied/);
    }
  });

  it('number each log contiguously from 1, each event once', async () => {
    const { rows } = await platform.database.owner.query(
      `select tenant_id, count(*)::int as events, min(cursor)::int as first, max(cursor)::int as last, count(distinct event_id)::int as distinct
       from read.tenant_log group by tenant_id`,
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(row).toMatchObject({ first: 1, last: row.events, distinct: row.events });
    const stored = await platform.database.superuser.query(
      contexts.map((context) => `select count(*)::int as n from ${context}.event`).join(' union all '),
    );
    const all = stored.rows.reduce((sum, { n }) => sum + n, 0);
    expect(rows.reduce((sum, { events }) => sum + events, 0)).toBe(all);
  });
});
