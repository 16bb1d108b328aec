/** What policies of every kind come to on a node, and what can't be said. */
import { type Id, PLATFORM } from '@atoll/schema/ids';
import type { PlatformDefinition, PolicyDefinition } from '@atoll/schema/network/spec';
import type { PlatformEnforcement } from '@atoll/schema/network/standing';
import type { RuleSet } from '@atoll/schema/node/network';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAgent } from './agent.ts';
import { codeOf, deadline, type Harness, resultOf, startHarness } from './harness.ts';

let harness: Harness;
let mine: Id<'tenant'>;
let theirs: Id<'tenant'>;
let namespaceId: Id<'namespace'>;
let neighbour: Id<'namespace'>;
let foreign: Id<'namespace'>;
const nodeId = newId('node');

beforeAll(async () => {
  harness = await startHarness();
  [mine, theirs] = [newId('tenant'), newId('tenant')];
  [namespaceId, neighbour, foreign] = await Promise.all([
    harness.openNamespace(mine),
    harness.openNamespace(mine),
    harness.openNamespace(theirs),
  ]);
});
afterAll(() => harness.stop());

const instances = (of: Id<'namespace'>) => ({ kind: 'INSTANCES', namespaceId: of, labels: {} }) as const;
const outside = (cidr: string, except: string[] = []) => ({ kind: 'CIDR', cidr, except }) as const;
const definition = (part: Partial<PolicyDefinition> = {}): PolicyDefinition => ({
  ...{ action: 'ALLOW', priority: 500, log: false },
  from: [instances(namespaceId)],
  to: [instances(namespaceId)],
  traffic: [{ protocol: 'TCP', from: 80, to: 80 }],
  ...part,
});
let names = 0;
const create = (part: Partial<PolicyDefinition>, tenant = mine) =>
  harness.call(
    'CreateIsolationPolicy',
    { namespaceId, name: `policy-${++names}`, definition: definition(part), schedule: null },
    { tenant },
  );
const rulesOf = async (): Promise<RuleSet> => {
  const document = await createAgent(harness.nc, nodeId).pull(0);
  if (!document) throw new Error('The node has no rules yet.');
  return document.rules;
};

describe('a policy that comes before any instance', () => {
  it('names what nobody is in yet, and the first node is given it whole', async () => {
    const tenant = newId('tenant');
    const empty = await harness.openNamespace(tenant);
    const labelled = (role: string) => ({ kind: 'INSTANCES', namespaceId: empty, labels: { role } }) as const;
    const spec = definition({ from: [labelled('client')], to: [labelled('server')] });
    resultOf(
      await harness.call(
        'CreateIsolationPolicy',
        { namespaceId: empty, name: 'early', definition: spec, schedule: null },
        { tenant },
      ),
    );
    const node = newId('node');
    const client = await harness.place(tenant, empty, node, { role: 'client' });
    await harness.event(`endpoint:${client}`, 'EndpointAllocated');
    const agent = createAgent(harness.nc, node);
    // It refuses what doesn't have the hash that it is told.
    await expect
      .poll(async () => (await agent.sync())?.rules.sets.map((set) => set.ipv4.length), deadline)
      .toEqual([0]);
  });
});

describe('on a node', () => {
  it('the platform’s policies come first, then the tenant’s by priority, then the level of the namespace', async () => {
    const one = await harness.place(mine, namespaceId, nodeId);
    for (const at of [neighbour, foreign]) await harness.place(at === foreign ? theirs : mine, at, nodeId);
    await harness.event(`endpoint:${one}`, 'EndpointAllocated');
    const denied = { action: 'DENY' as const, priority: 10, from: [instances(neighbour)] };
    const { policyId: late = '' } = resultOf(await create({ priority: 900, traffic: [] }));
    const { policyId: early = '' } = resultOf(await create(denied));
    const { policyId: ping = '' } = resultOf(
      await create({ priority: 20, log: true, traffic: [{ protocol: 'ICMP', type: 'ECHO_REQUEST' }] }),
    );
    const decided: PlatformDefinition = {
      ...{ action: 'DENY', priority: 999, log: false, traffic: [] },
      from: [{ kind: 'TENANT', tenantId: theirs }],
      to: [{ kind: 'ALL' }],
    };
    const platform = await harness.call(
      'CreatePlatformPolicy',
      { name: 'quarantine', definition: decided },
      { tenant: PLATFORM },
    );
    const { platformPolicyId = '' } = resultOf(platform);
    resultOf(await harness.call('SetNamespaceIsolation', { namespaceId, level: 'NAMESPACE' }, { tenant: mine }));

    await expect
      .poll(async () => {
        const rules = await rulesOf();
        const guarded = rules.endpoints.find(({ instanceId }) => instanceId === one);
        const chain = rules.chains.find(({ name }) => name === guarded?.ingress);
        return [...new Set(chain?.rules.map((rule) => rule.policyId))];
      }, deadline)
      .toEqual([platformPolicyId, early, ping, late, namespaceId]);

    const ask = (tenant: Id<'tenant'> | typeof PLATFORM) =>
      harness.call('ReadPlatformEnforcement', { platformPolicyIds: [platformPolicyId] }, { tenant });
    const standing = async () => {
      const reply = await ask(PLATFORM);
      if (!reply.ok) throw new Error(reply.error.message);
      const [policy] = (reply.result as { policies: PlatformEnforcement[] }).policies;
      return policy?.nodes.find((one) => one.nodeId === nodeId)?.state;
    };
    expect(await standing()).toBe('PENDING');
    expect(codeOf(await ask(mine))).toBe('FORBIDDEN');
    // Each has its receipt.
    const agent = createAgent(harness.nc, nodeId);
    await agent.sync();
    await harness.event(`policy:${early}`, 'PolicyEnforced');
    await harness.event(`platformPolicy:${platformPolicyId}`, 'PlatformPolicyEnforced');
    await expect.poll(async () => (await agent.sync()) && standing(), deadline).toBe('ENFORCED');

    resultOf(await harness.call('DeletePlatformPolicy', { platformPolicyId }, { tenant: PLATFORM }));
    resultOf(await harness.call('SetNamespaceIsolation', { namespaceId, level: 'RULE' }, { tenant: mine }));
    await expect
      .poll(async () => JSON.stringify((await rulesOf()).chains.flatMap((chain) => chain.rules)), deadline)
      .not.toMatch(new RegExp(`${platformPolicyId}|"policyId":"${namespaceId}"`));
  });
});

it('what selects nothing is told, and done all the same', async () => {
  const nobody = { ...instances(neighbour), labels: { app: 'nobody' } };
  const reply = await create({ from: [nobody], priority: 1 });
  expect(reply).toMatchObject({ ok: true, result: { warnings: [{ code: 'SELECTS_NOTHING' }] } });
  expect(JSON.stringify(reply)).toContain('app=nobody');
});

describe('warnings', () => {
  const warnings = async (policyId: string, tenant = mine) => {
    const reply = await harness.call('ReadPolicyWarnings', { policyIds: [policyId] }, { tenant });
    if (!reply.ok) throw new Error(reply.error.message);
    const { policies } = reply.result as { policies: { warnings: { code: string; message: string }[] }[] };
    return policies[0]?.warnings ?? null;
  };
  const codes = async (policyId: string) => (await warnings(policyId))?.map(({ code }) => code);

  it('follow what is: they come and go with instances, and are nobody else’s to read', async () => {
    const tenant = newId('tenant');
    const shop = await harness.openNamespace(tenant);
    const spec = definition({ from: [{ ...instances(shop), labels: { app: 'web' } }], to: [instances(shop)] });
    const created = await harness.call(
      'CreateIsolationPolicy',
      { namespaceId: shop, name: 'web', definition: spec, schedule: null },
      { tenant },
    );
    const { policyId = '' } = resultOf(created);
    const own = async () => (await warnings(policyId, tenant))?.map(({ message }) => message.split(':')[0]);
    await expect.poll(own, deadline).toEqual(['The source 1 selects nothing', 'The destination 1 selects nothing']);
    const node = newId('node');
    const instance = await harness.place(tenant, shop, node, { app: 'web' });
    await expect.poll(own, deadline).toEqual([]);
    await harness.stopInstance(tenant, shop, node, instance);
    await expect.poll(own, deadline).toEqual(['The source 1 selects nothing', 'The destination 1 selects nothing']);
    expect(await warnings(policyId, theirs)).toBeNull();
  });

  it('tell of a policy that another one shadows, at its creation, at its change, and of one that is shadowed since', async () => {
    const wide = { ...definition({ priority: 5, traffic: [{ protocol: 'TCP', from: 7000, to: 7010 }] }) };
    const { policyId: over = '' } = resultOf(await create(wide));
    // What is asked about is there; what is created may still be on its way to the tables.
    await expect.poll(() => codes(over), deadline).toBeDefined();
    const at = (port: number) => ({ traffic: [{ protocol: 'TCP' as const, from: port, to: port }] });
    const reply = await create(at(7005));
    expect(reply).toMatchObject({ ok: true, result: { warnings: [{ code: 'SHADOWED' }] } });
    expect(JSON.stringify(reply)).toContain(over);
    const { policyId: under = '' } = resultOf(reply);
    const change = (port: number) =>
      harness.call(
        'UpdateIsolationPolicy',
        { policyId: under, definition: definition(at(port)), schedule: null },
        { tenant: mine },
      );
    expect(await change(7011)).toMatchObject({ ok: true, result: { warnings: [] } });
    expect(await codes(under)).toEqual([]);
    expect(await change(7010)).toMatchObject({ ok: true, result: { warnings: [{ code: 'SHADOWED' }] } });
    await expect.poll(() => codes(under), deadline).toEqual(['SHADOWED']);
    // One that decides at times only shadows nothing wholly.
    const schedule = { startsAt: '2020-01-01T00:00:00.000Z', endsAt: null, windows: [], timeZone: 'UTC' };
    resultOf(
      await harness.call('UpdateIsolationPolicy', { policyId: over, definition: wide, schedule }, { tenant: mine }),
    );
    await expect.poll(() => codes(under), deadline).toEqual([]);
    for (const policyId of [over, under])
      resultOf(await harness.call('DeleteIsolationPolicy', { policyId }, { tenant: mine }));
  });
});

describe('what can’t be said', () => {
  it.each([
    ['bits behind a prefix', [outside('203.0.113.7/24')], 'CIDR_MALFORMED', 'cidr', '203.0.113.0/24'],
    ['no prefix', [outside('203.0.113.7')], 'CIDR_MALFORMED', 'cidr', '203.0.113.7/32'],
    ['no prefix, in IPv6', [outside('2001:db8::1')], 'CIDR_MALFORMED', 'cidr', '2001:db8::1/128'],
    ['a prefix that is too long', [outside('203.0.113.0/33')], 'CIDR_MALFORMED', 'cidr', '0 to 32'],
    ['a zero before a number', [outside('010.0.0.0/8')], 'CIDR_MALFORMED', 'cidr', '203.0.113.0/24'],
    ['no address at all', [outside('$(reboot)/8')], 'CIDR_MALFORMED', 'cidr', '203.0.113.0/24'],
    ['a zone', [outside('fe80::%eth0/64')], 'CIDR_MALFORMED', 'cidr', '2001:db8::/32'],
    ['IPv4 in IPv6', [outside('::ffff:10.0.0.0/104')], 'CIDR_MALFORMED', 'cidr', '203.0.113.0/24'],
    ['an address of the platform', [outside('10.64.0.0/24')], 'CIDR_NOT_ALLOWED', 'cidr', 'labels'],
    ['one of IPv6', [outside('fd61:746f:6c6c:1::/64')], 'CIDR_NOT_ALLOWED', 'cidr', 'labels'],
    ['an exception outside', [outside('203.0.113.0/24', ['192.0.2.0/24'])], 'CIDR_NOT_ALLOWED', 'except.0', 'within'],
    [
      'nothing left',
      [outside('203.0.113.0/24', ['203.0.113.0/24'])],
      'CIDR_NOT_ALLOWED',
      'except.0',
      'nothing is left',
    ],
  ])('%s is refused with the way out, and changes nothing', async (_what, to, code, field, way) => {
    const before = await harness.store.lastPosition();
    const reply = await create({ to: to.map((peer) => ({ ...peer, except: [...peer.except] })) });
    expect(reply).toMatchObject({ ok: false, error: { code, field: `definition.to.0.${field}` } });
    expect(reply.ok ? '' : reply.error.message).toContain(way);
    expect(await harness.store.lastPosition()).toBe(before);
  });

  it('all of the outside, with the platform’s own ranges in it, is fine', async () => {
    for (const cidr of ['0.0.0.0/0', '::/0', '10.0.0.0/8'])
      expect(codeOf(await create({ to: [outside(cidr)] }))).toBe('OK');
  });

  it('more rules than a namespace may have is refused, and deleting makes room', async () => {
    const tenant = newId('tenant');
    const crowded = await harness.openNamespace(tenant);
    const peers = Array.from({ length: 16 }, () => instances(crowded));
    const traffic = Array.from({ length: 32 }, (_, n) => ({ protocol: 'TCP' as const, from: n + 1, to: n + 1 }));
    const big = definition({ from: peers, to: peers, traffic });
    const ask = (name: string) =>
      harness.call(
        'CreateIsolationPolicy',
        { namespaceId: crowded, name, definition: big, schedule: null },
        { tenant },
      );
    const { policyId } = resultOf(await ask('first'));
    expect(codeOf(await ask('second'))).toBe('QUOTA_EXCEEDED');
    resultOf(await harness.call('DeleteIsolationPolicy', { policyId }, { tenant }));
    expect(codeOf(await ask('second'))).toBe('OK');
  });

  it('a policy of the platform by a tenant is refused', async () => {
    const decided = {
      action: 'DENY',
      priority: 1,
      log: false,
      traffic: [],
      from: [{ kind: 'ALL' }],
      to: [{ kind: 'ALL' }],
    };
    const asked = { name: 'mine', definition: decided };
    expect(codeOf(await harness.call('CreatePlatformPolicy', asked, { tenant: mine }))).toBe('FORBIDDEN');
    const platformPolicyId = newId('platformPolicy');
    const change = { platformPolicyId, ...asked };
    expect(codeOf(await harness.call('UpdatePlatformPolicy', change, { tenant: mine }))).toBe('FORBIDDEN');
    expect(codeOf(await harness.call('DeletePlatformPolicy', { platformPolicyId }, { tenant: mine }))).toBe(
      'FORBIDDEN',
    );
    expect(codeOf(await harness.call('DeletePlatformPolicy', { platformPolicyId }, { tenant: PLATFORM }))).toBe(
      'NOT_FOUND',
    );
  });
});

describe('across tenants', () => {
  it('environments and services of others are answered as ones that there aren’t', async () => {
    const environmentId = newId('environment');
    await harness.fact(harness.tenancy, theirs, `environment:${environmentId}`, 'EnvironmentCreated', {
      ...{ environmentId, name: 'theirs', kind: 'TEST' },
    });
    await harness.event(`environment:${environmentId}`, 'EnvironmentOpened');
    const ofEnvironment = (id: Id<'environment'>) =>
      create({ from: [{ kind: 'ENVIRONMENT', environmentId: id, labels: {} }] });
    const refused = await ofEnvironment(environmentId);
    expect(refused).toMatchObject({ error: { code: 'NOT_FOUND', field: 'definition.from.0.environmentId' } });
    expect(refused).toEqual(await ofEnvironment(newId('environment')));

    const service = await harness.call(
      'CreateService',
      {
        ...{ namespaceId: foreign, name: 'theirs' },
        spec: {
          selector: {},
          ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 80 }],
          affinitySeconds: null,
        },
      },
      { tenant: theirs },
    );
    const serviceId = (service.ok ? service.result : {}) as { serviceId?: Id<'service'> };
    const ofService = (id: Id<'service'>) => create({ from: [{ kind: 'SERVICE', serviceId: id }] });
    const shut = await ofService(serviceId.serviceId ?? newId('service'));
    expect(serviceId.serviceId).toBeDefined();
    expect(shut).toMatchObject({ error: { code: 'NOT_FOUND', field: 'definition.from.0.serviceId' } });
    expect(shut).toEqual(await ofService(newId('service')));
    const level = { level: 'NAMESPACE' };
    expect(await harness.call('SetNamespaceIsolation', { namespaceId: foreign, ...level }, { tenant: mine })).toEqual(
      await harness.call('SetNamespaceIsolation', { namespaceId: newId('namespace'), ...level }, { tenant: mine }),
    );
  });

  it('an environment of one’s own can be named, and reached', async () => {
    const environmentId = newId('environment');
    await harness.fact(harness.tenancy, mine, `environment:${environmentId}`, 'EnvironmentCreated', {
      ...{ environmentId, name: 'stage', kind: 'TEST' },
    });
    await harness.event(`environment:${environmentId}`, 'EnvironmentOpened');
    expect(codeOf(await create({ from: [{ kind: 'ENVIRONMENT', environmentId, labels: {} }] }))).toBe('OK');
    await harness.fact(harness.tenancy, mine, `environment:${environmentId}`, 'EnvironmentDeleted', {
      ...{ environmentId, name: 'stage' },
    });
    await harness.event(`environment:${environmentId}`, 'EnvironmentClosed');
    expect(codeOf(await create({ from: [{ kind: 'ENVIRONMENT', environmentId, labels: {} }] }))).toBe('NOT_FOUND');
  });
});
