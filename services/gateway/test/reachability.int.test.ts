/** Questions about isolation, as the gateway tells the answers: with names and words, and to nobody what they may not read. */
import { PLATFORM } from '@atoll/schema/ids';
import type { KnownEnd } from '@atoll/schema/network/reachability';
import { newId } from '@atoll/service/ids';
import { serveJson } from '@atoll/service/nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { log } from './database.ts';
import { type Platform, startPlatform, type TestTenant } from './platform.ts';
import { everything, type Scenario } from './scenario.ts';

let platform: Platform;
let acme: TestTenant;
let ours: Scenario;
let hidden: Scenario;
/** May work in the namespace of `ours` alone. */
let inNamespace: string;
/** What the network service says, and what it was asked. */
let answer: object;
/** In place of `answer`, by what is asked for. */
let answerTo: ((data: { to: { publicAsOutside?: boolean } }) => object) | null = null;
let asked: { tenant: string; data: unknown }[] = [];
const stops: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  platform = await startPlatform();
  acme = await platform.tenant('acme');
  ours = await everything(platform, acme, 'ours');
  hidden = await everything(platform, acme, 'hidden');
  const memberId = newId('member');
  const told = { tenantId: acme.id, memberId, subject: 'dora', role: null, displayName: null, email: null };
  const scope = { level: 'namespace', environmentId: ours.environment, namespaceId: ours.namespace };
  const bound = { tenantId: acme.id, bindingId: newId('binding'), subjectId: memberId, role: 'developer', scope };
  await platform.append(
    ...([acme.id, 'tenancy', `tenant:${acme.id}`] as const),
    { type: 'MemberAdded', data: told },
    { type: 'RoleBound', data: bound },
  );
  inNamespace = await platform.issuer.sign({ subject: 'dora', tenant: acme.id }, 3600);
  stops.push(
    serveJson(platform.nc, { subject: 'cmd.network.ExplainReachability', log }, async (body) => {
      asked.push(body as (typeof asked)[number]);
      return answerTo === null ? answer : answerTo((body as { data: Parameters<typeof answerTo>[0] }).data);
    }),
  );
  await platform.nc.flush();
});
afterAll(async () => {
  for (const one of stops) await one.stop();
  await platform.stop();
});

const end = ({ instance, namespace, node }: Scenario, host: number): KnownEnd => ({
  ...{ instanceId: instance, namespaceId: namespace, nodeId: node, ipv4: `10.64.3.${host}`, ipv6: `fd61::${host}` },
});
const rule = (policyId: string, tier: string) => ({
  ...{ tier, policyId, revision: 3, action: 'ALLOW', protocol: 'TCP', ports: { from: 80, to: 90 }, icmp: null },
  ...{ log: false, place: 2 },
});
const standing = (nodeId: string, at: string) => ({
  ...{ nodeId, standing: at, generation: 9, appliedGeneration: 8, since: '2026-11-23T09:00:00.000Z' },
});
const flow = (to: KnownEnd, destination: string, ingress: object, allowed = true) => ({
  ...{ family: 'IPV4', source: '10.64.3.2', destination, port: 80, to, allowed },
  ...{ egress: { allowed, rule: allowed ? rule(hidden.policy, 'TENANT') : null }, ingress },
});
const says = (kind: string, flows: object[], nodes: object[]) => {
  answer = {
    ok: true,
    result: { from: end(ours, 2), kind, allowed: flows.length > 0, flows, omitted: 0, nodes },
    position: 1,
    version: 0,
  };
};
const query = `query ($from: ID!, $to: ReachabilityTargetInput!, $protocol: ReachabilityProtocol, $port: Int) {
  reachability(from: $from, to: $to, protocol: $protocol, port: $port) {
    allowed destination inForce from { instanceId nodeId } nodes { nodeId standing since }
    flows { via allowed destination port target { instanceId }
      egress { allowed message rule { policyId policyName revision tier fromPort toPort place } }
      ingress { allowed message rule { policyId } } } } }`;
const ask = (token: string, variables: object) =>
  platform.query(token, query, { from: ours.instance, port: 80, ...variables });

describe('reachability', () => {
  it('is asked under the tenant, and told with the names of policies, in words, with the way', async () => {
    const verdict = { allowed: false, rule: null };
    says(
      'INSTANCE',
      [flow(end(hidden, 3), '10.64.3.3', verdict)],
      [standing(ours.node, 'CURRENT'), standing(hidden.node, 'BEHIND')],
    );
    asked = [];
    const { body } = await ask(acme.viewer, { to: { id: hidden.instance } });
    expect(body.errors).toBeUndefined();
    expect(asked).toMatchObject([
      {
        tenant: acme.id,
        data: {
          ...{ from: ours.instance, to: { kind: 'INSTANCE', instanceId: hidden.instance } },
          traffic: { protocol: 'TCP', port: 80 },
        },
      },
    ]);
    expect(body.data.reachability).toMatchObject({
      ...{ allowed: true, destination: 'INSTANCE', inForce: false },
      flows: [
        {
          via: 'OVERLAY',
          egress: {
            message: expect.stringMatching(/^At the source the policy ".+" \(pol_.+\), revision 3, allows it\.$/),
            rule: { policyId: hidden.policy, revision: 3, fromPort: 80, toPort: 90, place: 2 },
          },
          ingress: { message: 'At the destination no rule matches: it is denied by default.', rule: null },
        },
      ],
    });
  });

  it('tells nobody of what they may not read: an instance elsewhere is as an address at which nothing is', async () => {
    const at = (address: string) => ({ to: { address } });
    const nodes = [standing(ours.node, 'CURRENT')];
    says(
      'INSTANCE',
      [flow(end(hidden, 3), '10.64.3.3', { allowed: true, rule: rule(hidden.policy, 'TENANT') })],
      [...nodes, standing(hidden.node, 'BEHIND')],
    );
    const elsewhere = await ask(inNamespace, at('10.64.3.3'));
    says('UNKNOWN', [], nodes);
    const nothing = await ask(inNamespace, at('10.64.3.4'));
    expect(nothing.body.data.reachability).toMatchObject({ allowed: false, destination: 'UNKNOWN' });
    expect(elsewhere.text.replaceAll('10.64.3.3', '…')).toBe(nothing.text.replaceAll('10.64.3.4', '…'));
    const byId = await ask(inNamespace, { to: { id: hidden.instance } });
    expect(byId.text).toBe((await ask(inNamespace, { to: { id: newId('instance') } })).text);
    expect(byId.body.errors[0].extensions.code).toBe('NOT_FOUND');
  });

  it('tells of a public address and what is behind it to who may read both, and to others as of one outside', async () => {
    const publicAddressId = newId('publicAddress');
    const { namespace: namespaceId } = hidden;
    await platform.append(acme.id, 'network', `publicAddress:${publicAddressId}`, {
      type: 'PublicAddressAllocated',
      data: { publicAddressId, namespaceId, name: 'front', address: '203.0.113.7', rangeId: newId('addressRange') },
    });
    const outside = answer;
    const of = { from: end(ours, 2), allowed: false, omitted: 0, nodes: [standing(ours.node, 'CURRENT')] };
    const behind = flow(end(hidden, 3), '10.64.3.3', { allowed: false, rule: null }, false);
    const without = { ...flow(end(hidden, 3), '203.0.113.7', { allowed: true, rule: null }), to: null, ingress: null };
    const reply = (result: object) => ({ ok: true, result: { ...of, ...result }, position: 1, version: 0 });
    answerTo = ({ to }) =>
      to.publicAsOutside
        ? reply({ kind: 'OUTSIDE', flows: [without] })
        : reply({ kind: 'PUBLIC_ADDRESS', publicAddressId, flows: [behind] });
    try {
      const to = { address: '203.0.113.7' };
      const whole = await ask(acme.viewer, { to });
      expect(whole.body.data.reachability).toMatchObject({
        ...{ destination: 'PUBLIC_ADDRESS', allowed: false },
        flows: [{ via: 'OUTSIDE', target: { instanceId: hidden.instance } }],
      });
      const part = await ask(inNamespace, { to });
      expect(part.body.data.reachability).toMatchObject({
        ...{ destination: 'OUTSIDE', flows: [{ via: 'OUTSIDE', target: null, ingress: null }] },
      });
      expect(part.text).not.toContain(hidden.instance);
    } finally {
      answerTo = null;
      answer = outside;
    }
  });

  it.each([
    ['neither id nor address', { to: {} }, 'either'],
    ['both', { to: { id: newId('instance'), address: '10.64.0.1' } }, 'either'],
    ['no address', { to: { address: '10.64.0' } }, 'to.address'],
    ['no port', { to: { address: '10.64.0.1' }, port: null }, 'port'],
    ['a port that is none', { to: { address: '10.64.0.1' }, port: 70_000 }, 'port'],
    ['a port for ICMP', { to: { address: '10.64.0.1' }, protocol: 'ICMP' }, 'port'],
  ])('with %s is refused', async (_what, variables, text) => {
    const { body } = await ask(acme.admin, variables);
    expect(body.errors[0]).toMatchObject({
      message: expect.stringContaining(text),
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });
});

describe('how policies are in force', () => {
  const enforcement = (policyId: string, state: string) => ({
    ...{ policyId, state, firstEnforcedAt: '2026-11-23T09:00:00.500Z' },
    nodes: [
      {
        ...{ nodeId: ours.node, state: state === 'ENFORCED' ? state : 'PENDING', revision: 2, hash: 'd'.repeat(64) },
        ...{ appliedRevision: 1, generation: 9, appliedGeneration: 8, missingSince: '2026-11-23T09:00:00.000Z' },
        enforcedAt: null,
      },
    ],
  });
  const asks: { of: { kind: string; policyIds?: string[]; namespaceId?: string } }[] = [];
  beforeAll(async () => {
    stops.push(
      serveJson(platform.nc, { subject: 'cmd.network.ReadEnforcement', log }, async (body) => {
        const { data } = body as { data: (typeof asks)[number] };
        asks.push(data);
        const states = { [ours.policy]: 'ENFORCED', [hidden.policy]: 'PENDING' };
        const policies = Object.entries(states)
          .filter(([id]) => data.of.kind === 'NAMESPACE' || data.of.policyIds?.includes(id))
          .map(([id, state]) => enforcement(id, state));
        return { ok: true, result: { policies }, position: 1, version: 0 };
      }),
    );
    await platform.nc.flush();
  });

  it('is one question for all policies of a request', async () => {
    const { body } = await platform.query(
      acme.viewer,
      `{ environments(first: 3) { nodes { namespaces(first: 3) { nodes { isolationPolicies(first: 3) { nodes {
        id enforcement { state nodes { nodeId state missingSince } } again: enforcement { firstEnforcedAt } } } } } } } }`,
    );
    expect(body.errors).toBeUndefined();
    expect(asks.map((one) => one.of.policyIds?.toSorted())).toEqual([[ours.policy, hidden.policy].sort()]);
    expect(JSON.stringify(body.data)).toContain('"state":"PENDING"');
  });

  it('of a namespace is told of what lags, and to nobody who may not read its policies', async () => {
    const query =
      'query ($id: ID!) { namespace(id: $id) { enforcement { state policies lagging { policyId state } } } }';
    const { body } = await platform.query(acme.viewer, query, { id: ours.namespace });
    expect(body.data.namespace.enforcement).toEqual({
      ...{ state: 'PARTIAL', policies: 2 },
      lagging: [{ policyId: hidden.policy, state: 'PENDING' }],
    });
    const memberId = newId('member');
    const roleId = newId('role');
    const permissions = ['viewer:read', 'tenant:read', 'environment:read', 'namespace:read'];
    const told = { tenantId: acme.id, memberId, subject: 'nell', role: null, displayName: null, email: null };
    const bound = { bindingId: newId('binding'), subjectId: memberId, role: roleId, scope: { level: 'tenant' } };
    await platform.append(
      ...([acme.id, 'tenancy', `tenant:${acme.id}`] as const),
      { type: 'RoleCreated', data: { tenantId: acme.id, roleId, name: 'names', description: '', permissions } },
      { type: 'MemberAdded', data: told },
      { type: 'RoleBound', data: { tenantId: acme.id, ...bound } },
    );
    const nell = await platform.issuer.sign({ subject: 'nell', tenant: acme.id }, 3600);
    const unread = await platform.query(nell, query, { id: ours.namespace });
    expect(unread.body).toEqual({ data: { namespace: { enforcement: null } } });
  });
});

it('how the rules of nodes stand is told to the operator, one question for a page, and to nobody else', async () => {
  let asked = 0;
  await platform.append('platform', 'deploy', `node:${ours.node}`, {
    type: 'NodeRegistered',
    data: {
      ...{ nodeId: ours.node, name: 'n1', runtime: 'simulated', maxInstances: 10 },
      capacity: { cpuMillis: 1000, memoryMiB: 1024 },
    },
  });
  const service = serveJson(platform.nc, { subject: 'cmd.network.ReadStandings', log }, async (body) => {
    asked += 1;
    const { tenant } = body as { tenant: string };
    const node = { ...standing(ours.node, 'FAILING'), reportedAt: null, message: 'line 7' };
    return tenant === 'platform'
      ? { ok: true, result: { nodes: [node] }, position: 1, version: 0 }
      : { ok: false, error: { code: 'FORBIDDEN', message: 'no' } };
  });
  const underlay = serveJson(platform.nc, { subject: 'cmd.network.ReadTunnels', log }, async () => {
    const since = '2026-11-23T09:00:00.000Z';
    const told = { end: { address: '192.0.2.7', port: 9789, mtu: 1500, since }, heardAt: null, refused: null };
    return { ok: true, result: { nodes: [{ nodeId: ours.node, ...told }] }, position: 1, version: 0 };
  });
  await platform.nc.flush();
  const query =
    '{ computeNodes { nodes { id rules { standing message } tunnel { address port mtu since refused } } } }';
  const { body } = await platform.query(platform.operator, query);
  expect(body.data?.computeNodes.nodes, JSON.stringify(body)).toContainEqual({
    ...{ id: ours.node, rules: { standing: 'FAILING', message: 'line 7' } },
    tunnel: { address: '192.0.2.7', port: 9789, mtu: 1500, since: '2026-11-23T09:00:00.000Z', refused: null },
  });
  expect(asked).toBe(1);
  expect((await platform.query(acme.admin, query)).body.errors[0].extensions.code).toBe('FORBIDDEN');
  await service.stop();
  await underlay.stop();
});

it('what the operator asks is asked in their name, and what a tenant asks in that of the person', async () => {
  const rangeId = newId('addressRange');
  const data = { rangeId, purpose: 'PUBLIC', cidr: '203.0.113.0/24', within: null };
  await platform.append(PLATFORM, 'network', `addressRange:${rangeId}`, { type: 'AddressRangeAdded', data });
  const envelopes: { tenant: string; actor: string; data: { ids: string[] } }[] = [];
  const server = serveJson(platform.nc, { subject: 'cmd.network.DescribeAddressUse', log }, async (body) => {
    const envelope = body as (typeof envelopes)[number];
    envelopes.push(envelope);
    const uses = envelope.data.ids.map((id) => ({ id, size: 256, used: 1, free: 255, cooling: 0, exhaustedAt: null }));
    return { ok: true, result: { uses }, position: 1, version: 0 };
  });
  await platform.nc.flush();
  try {
    const ranges = await platform.query(platform.operator, '{ addressRanges { nodes { id use { used } } } }');
    expect(ranges.body.data.addressRanges.nodes).toEqual([{ id: rangeId, use: { used: 1 } }]);
    const subnets = await platform.query(acme.admin, '{ subnets { nodes { use { used } } } }');
    expect(subnets.body.data.subnets.nodes).toHaveLength(2);
    // One question for all of a page.
    expect(envelopes).toMatchObject([
      { tenant: PLATFORM, actor: expect.stringMatching(/^operator:/), data: { ids: [rangeId] } },
      { tenant: acme.id, actor: 'user:acme-admin' },
    ]);
  } finally {
    await server.stop();
  }
});

it('policies of the platform are told by name where they decide, and how they are in force to the operator alone', async () => {
  const platformPolicyId = newId('platformPolicy');
  const definition = {
    ...{ action: 'DENY', priority: 0, log: false, traffic: [] },
    ...{ from: [{ kind: 'ALL' }], to: [{ kind: 'ALL' }] },
  };
  const created = { platformPolicyId, name: 'no-mail', revision: 1, definition };
  await platform.append(PLATFORM, 'network', `platformPolicy:${platformPolicyId}`, {
    type: 'PlatformPolicyCreated',
    data: created,
  });
  const denied = { allowed: false, rule: { ...rule(platformPolicyId, 'PLATFORM'), action: 'DENY' } };
  says('INSTANCE', [{ ...flow(end(ours, 3), '10.64.3.3', denied), egress: denied, allowed: false }], []);
  const told = await ask(inNamespace, { to: { id: ours.instance } });
  expect(told.body.data?.reachability.flows, JSON.stringify(told.body)).toMatchObject([
    {
      egress: {
        message: `At the source the platform's policy "no-mail" (${platformPolicyId}), revision 3, denies it.`,
        rule: { tier: 'PLATFORM', policyName: 'no-mail' },
      },
    },
  ]);
  const node = {
    ...{ nodeId: ours.node, state: 'PENDING', revision: 1, hash: 'd'.repeat(64), appliedRevision: null },
    ...{ generation: 9, appliedGeneration: 8, missingSince: '2026-11-23T09:00:00.000Z', enforcedAt: null },
  };
  const tenants: string[] = [];
  const service = serveJson(platform.nc, { subject: 'cmd.network.ReadPlatformEnforcement', log }, async (body) => {
    tenants.push((body as { tenant: string }).tenant);
    const policies = [
      { platformPolicyId, state: 'PARTIAL', firstEnforcedAt: '2026-11-23T08:00:00.000Z', nodes: [node] },
    ];
    return { ok: true, result: { policies }, position: 1, version: 0 };
  });
  const at = '2026-11-23T09:00:00.000Z';
  const counted = {
    ...{
      nodeId: ours.node,
      direction: 'egress',
      action: 'DENY',
      protocol: 'TCP',
      ports: { from: 25, to: 25 },
      icmp: null,
    },
    ...{ packets: 4, bytes: 240, since: at, at },
  };
  const flows = serveJson(platform.nc, { subject: 'cmd.network.ReadPlatformFlows', log }, async (body) => {
    tenants.push((body as { tenant: string }).tenant);
    const policies = [{ platformPolicyId, rules: [counted], missing: [] }];
    return { ok: true, result: { policies }, position: 1, version: 0 };
  });
  const logged = {
    ...{
      at,
      policyId: platformPolicyId,
      direction: 'egress',
      action: 'DENY',
      family: 'ipv4',
      protocol: 'TCP',
      packets: 1,
    },
    ...{ source: '10.64.3.2', sourcePort: 1, destination: '192.0.2.1', destinationPort: 25, nodeId: ours.node },
    ...{ sourceInstanceId: ours.instance, destinationInstanceId: null },
  };
  const asked: unknown[] = [];
  const connections = serveJson(
    platform.nc,
    { subject: 'cmd.network.ReadPlatformConnectionLog', log },
    async (body) => {
      tenants.push((body as { tenant: string }).tenant);
      asked.push((body as { data: unknown }).data);
      const result = { connections: [logged], more: true, leftOut: 2, missing: [] };
      return { ok: true, result, position: 1, version: 0 };
    },
  );
  await platform.nc.flush();
  try {
    const query = `{ platformPolicies { nodes { id
      enforcement { state firstEnforcedAt nodes { nodeId state revision enforcedAt } }
      flows { rules { direction fromPort packets } missing }
    } } }`;
    const { body } = await platform.query(platform.operator, query);
    expect(body.data?.platformPolicies.nodes, JSON.stringify(body)).toEqual([
      {
        ...{ id: platformPolicyId },
        enforcement: {
          ...{ state: 'PARTIAL', firstEnforcedAt: '2026-11-23T08:00:00.000Z' },
          nodes: [{ nodeId: ours.node, state: 'PENDING', revision: 1, enforcedAt: null }],
        },
        flows: { rules: [{ direction: 'EGRESS', fromPort: 25, packets: 4 }], missing: [] },
      },
    ]);
    const log = (more: string) =>
      `{ platformConnectionLog${more} { more leftOut connections { policyName direction family sourceInstanceId } } }`;
    const since = '2026-11-23T10:00:00+02:00';
    const read = await platform.query(
      platform.operator,
      log(`(platformPolicyId: "${platformPolicyId}", since: "${since}")`),
    );
    expect(read.body.data?.platformConnectionLog, JSON.stringify(read.body)).toEqual({
      ...{ more: true, leftOut: 2 },
      connections: [{ policyName: 'no-mail', direction: 'EGRESS', family: 'IPV4', sourceInstanceId: ours.instance }],
    });
    expect(asked).toEqual([{ platformPolicyId, since: '2026-11-23T08:00:00.000Z', first: 50 }]);
    for (const [more, code] of [
      ['(platformPolicyId: "pol_01h455vb4pex5vsknk084sn02q")', 'NOT_FOUND'],
      ['(first: 101)', 'BAD_USER_INPUT'],
      ['(since: "yesterday")', 'BAD_USER_INPUT'],
    ] as const) {
      const refused = await platform.query(platform.operator, log(more));
      expect(refused.body.errors?.[0]?.extensions.code, more).toBe(code);
    }
    for (const one of [query, log('')]) {
      expect((await platform.query(acme.admin, one)).body.errors[0].extensions.code).toBe('FORBIDDEN');
    }
    expect(tenants).toEqual([PLATFORM, PLATFORM, PLATFORM]);
  } finally {
    await Promise.all([service.stop(), flows.stop(), connections.stop()]);
  }
});

it('how many instances run on shared nodes is told to who may read them, one question for a page', async () => {
  const questions: { tenant: string; data: { namespaceIds: string[] } }[] = [];
  const service = serveJson(platform.nc, { subject: 'cmd.deploy.CountOnSharedNodes', log }, async (body) => {
    questions.push(body as (typeof questions)[number]);
    const namespaces = [{ namespaceId: hidden.namespace, instances: 3 }];
    return { ok: true, result: { namespaces }, position: 1, version: 0 };
  });
  await platform.nc.flush();
  try {
    const all = await platform.query(acme.viewer, '{ namespaces { nodes { id instancesOnSharedNodes } } }');
    expect(all.body.data?.namespaces.nodes, JSON.stringify(all.body)).toEqual(
      expect.arrayContaining([
        { id: ours.namespace, instancesOnSharedNodes: 0 },
        { id: hidden.namespace, instancesOnSharedNodes: 3 },
      ]),
    );
    expect(questions).toMatchObject([{ tenant: acme.id }]);
    const memberId = newId('member');
    const roleId = newId('role');
    const permissions = ['viewer:read', 'tenant:read', 'environment:read', 'namespace:read'];
    const told = { tenantId: acme.id, memberId, subject: 'ned', role: null, displayName: null, email: null };
    const bound = { bindingId: newId('binding'), subjectId: memberId, role: roleId, scope: { level: 'tenant' } };
    await platform.append(
      ...([acme.id, 'tenancy', `tenant:${acme.id}`] as const),
      { type: 'RoleCreated', data: { tenantId: acme.id, roleId, name: 'places', description: '', permissions } },
      { type: 'MemberAdded', data: told },
      { type: 'RoleBound', data: { tenantId: acme.id, ...bound } },
    );
    const ned = await platform.issuer.sign({ subject: 'ned', tenant: acme.id }, 3600);
    const one = await platform.query(ned, 'query ($id: ID!) { namespace(id: $id) { instancesOnSharedNodes } }', {
      id: hidden.namespace,
    });
    expect(one.body).toEqual({ data: { namespace: { instancesOnSharedNodes: null } } });
  } finally {
    await service.stop();
  }
});

it('warnings of policies are one question, and none of a place that one may not read', async () => {
  const questions: { tenant: string; data: { policyIds: string[] } }[] = [];
  const service = serveJson(platform.nc, { subject: 'cmd.network.ReadPolicyWarnings', log }, async (body) => {
    questions.push(body as (typeof questions)[number]);
    const warnings = [
      { code: 'SELECTS_NOTHING', message: 'here', about: ours.namespace },
      { code: 'SELECTS_NOTHING', message: 'there', about: hidden.namespace },
      { code: 'SHADOWED', message: 'under', about: null },
    ];
    const policies = [ours.policy, hidden.policy].map((policyId) => ({ policyId, warnings }));
    return { ok: true, result: { policies }, position: 1, version: 0 };
  });
  await platform.nc.flush();
  try {
    const query = `query ($one: ID!, $other: ID!) { one: isolationPolicy(id: $one) { warnings { code message } }
      other: isolationPolicy(id: $other) { warnings { message } } }`;
    const ids = { one: ours.policy, other: hidden.policy };
    const all = await platform.query(acme.viewer, query, ids);
    expect(all.body.data?.one.warnings, JSON.stringify(all.body)).toEqual([
      { code: 'SELECTS_NOTHING', message: 'here' },
      { code: 'SELECTS_NOTHING', message: 'there' },
      { code: 'SHADOWED', message: 'under' },
    ]);
    expect(questions.map((one) => one.data.policyIds.toSorted())).toEqual([[ours.policy, hidden.policy].toSorted()]);
    const part = await platform.query(inNamespace, query, ids);
    expect(part.body.data.one.warnings.map((one: { message: string }) => one.message)).toEqual(['here', 'under']);
    expect(part.body.data.other).toBeNull();
  } finally {
    await service.stop();
  }
});

describe('what policies that log have decided about', () => {
  const connection = (to: Scenario) => ({
    ...{ at: '2026-11-23T09:00:00.000Z', policyId: ours.policy, direction: 'egress', action: 'DENY', family: 'ipv6' },
    ...{ protocol: 'ICMP', source: 'fd61::2', sourcePort: null, destination: 'fd61::3', destinationPort: null },
    ...{ nodeId: ours.node, sourceInstanceId: ours.instance, destinationInstanceId: to.instance, packets: 2 },
  });
  const questions: { tenant: string; data: unknown }[] = [];
  beforeAll(async () => {
    stops.push(
      serveJson(platform.nc, { subject: 'cmd.network.ReadConnectionLog', log }, async (body) => {
        questions.push(body as (typeof questions)[number]);
        const result = { connections: [connection(hidden)], more: true, leftOut: 3, missing: [hidden.node] };
        return { ok: true, result, position: 1, version: 0 };
      }),
    );
    await platform.nc.flush();
  });
  const query = `query ($namespaceId: ID!, $policyId: ID, $since: DateTime, $first: Int) {
    connectionLog(namespaceId: $namespaceId, policyId: $policyId, since: $since, first: $first) {
      more leftOut missing connections { at policyId policyName action direction family protocol source sourcePort
        destination sourceInstanceId destinationInstanceId nodeId packets } } }`;
  const read = (token: string, variables: object = {}) =>
    platform.query(token, query, { namespaceId: ours.namespace, ...variables });

  it('is told with names, under the tenant', async () => {
    const { body } = await read(acme.viewer, { policyId: ours.policy, since: '2026-11-23T10:00:00+01:00', first: 7 });
    expect(body.data?.connectionLog, JSON.stringify(body)).toMatchObject({
      ...{ more: true, leftOut: 3, missing: [hidden.node] },
      connections: [
        {
          ...{ action: 'DENY', direction: 'EGRESS', family: 'IPV6', protocol: 'ICMP', policyName: expect.any(String) },
          ...{ sourceInstanceId: ours.instance, destinationInstanceId: hidden.instance, packets: 2 },
        },
      ],
    });
    expect(questions.at(-1)).toMatchObject({
      tenant: acme.id,
      data: { namespaceId: ours.namespace, policyId: ours.policy, since: '2026-11-23T09:00:00.000Z', first: 7 },
    });
  });

  it('names no instance to somebody who may not read the policies of its namespace', async () => {
    const { body } = await read(inNamespace);
    expect(body.data?.connectionLog.connections, JSON.stringify(body)).toMatchObject([
      { sourceInstanceId: ours.instance, destinationInstanceId: null },
    ]);
    const elsewhere = await read(inNamespace, { namespaceId: hidden.namespace });
    expect(elsewhere.text).toBe((await read(inNamespace, { namespaceId: newId('namespace') })).text);
    expect(elsewhere.body.errors[0].extensions.code).toBe('NOT_FOUND');
    const other = await read(inNamespace, { policyId: hidden.policy });
    expect(other.text).toBe((await read(inNamespace, { policyId: newId('policy') })).text);
  });

  it.each([
    ['none at all', { first: 0 }, 'first'],
    ['too many', { first: 101 }, 'first'],
    ['a time that is none', { since: 'yesterday' }, 'since'],
  ])('with %s is refused', async (_what, variables, text) => {
    const asked = questions.length;
    const { body } = await read(acme.viewer, variables);
    expect(body.errors[0].message).toContain(text);
    expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
    expect(questions.length).toBe(asked);
  });
});
