/** Logs of instances, as tenants read and follow them; the nodes are the test's. */
import { mostLogLines } from '@atoll/schema/node/logs';
import { type UsageReply, type UsageRequest, usageRequest } from '@atoll/schema/node/usage';
import { nodeSubjects } from '@atoll/schema/subjects';
import { newId } from '@atoll/service/ids';
import { serveJson } from '@atoll/service/nats';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { mostSubscriptions } from '../src/logs/subscription.ts';
import { log } from './database.ts';
import { followLogs } from './follow-logs.ts';
import { LogNode } from './log-nodes.ts';
import { eventually, type Platform, startPlatform, type TestTenant } from './platform.ts';
import { everything, type Scenario, spec } from './scenario.ts';

let platform: Platform;
let acme: TestTenant;
let globex: TestTenant;
let ours: Scenario;
let theirs: Scenario;
let node: LogNode;
beforeAll(async () => {
  platform = await startPlatform();
  acme = await platform.tenant('acme');
  globex = await platform.tenant('globex');
  ours = await everything(platform, acme);
  theirs = await everything(platform, globex, 'theirs');
});
afterAll(async () => {
  await node?.stop();
  await platform.stop();
});
beforeEach(async () => {
  await node?.stop();
  node = new LogNode(platform.nc, ours.node);
  await node.start();
});

const instanceLogs = `query ($id: ID!, $tail: Int, $after: String, $since: DateTime, $stream: LogStream, $previous: Boolean, $process: String) {
  instanceLogs(instanceId: $id, process: $process, tail: $tail, after: $after, since: $since, stream: $stream, previous: $previous) {
    instanceId lines { at stream text truncated cursor } cursor gap more ended problem { message } } }`;
const deploymentLogs = `query ($id: ID!, $tail: Int, $ended: Boolean) {
  deploymentLogs(deploymentId: $id, tail: $tail, ended: $ended) {
    instanceId lines { text } ended problem { nodeId since message } } }`;
const read = (variables: object, token = acme.admin) =>
  platform.query(token, instanceLogs, { id: ours.instance, ...variables });
const textsOf = (chunk: { lines: { text: string }[] }) => chunk.lines.map(({ text }) => text);
const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `line ${from + n}`);

/** Another instance of the deployment, on its node or another. */
async function place(nodeId = ours.node, releaseId = ours.release) {
  const instanceId = newId('instance');
  await platform.append(acme.id, 'deploy', `deployment:${ours.deployment}`, {
    type: 'InstancePlaced',
    data: {
      ...{ deploymentId: ours.deployment, instanceId, nodeId, namespaceId: ours.namespace, releaseId },
      ...{ labels: {}, resources: spec.resources },
      decision: { nodes: 1, rejected: [], filtered: [], scores: [], weights: null },
    },
  });
  return instanceId;
}
const remove = (instanceId: string, nodeId = ours.node) =>
  platform.append(acme.id, 'deploy', `deployment:${ours.deployment}`, {
    type: 'InstanceStopped',
    data: { deploymentId: ours.deployment, instanceId, nodeId, namespaceId: ours.namespace },
  });

describe('the log of an instance', () => {
  it('is read from its node: the newest lines, those of a stream, since a time, and from a place on', async () => {
    node.write(ours.instance, numbered(0, 5));
    node.write(ours.instance, ['oh no'], 'STDERR');
    const { body } = await read({ tail: 2 });
    expect(body.data.instanceLogs).toMatchObject({ instanceId: ours.instance, gap: false, more: true, ended: false });
    expect(body.data.instanceLogs.lines).toEqual([
      { at: '2023-11-14T22:13:24.000Z', stream: 'STDOUT', text: 'line 4', truncated: false, cursor: 'a.5.0.0' },
      { at: '2023-11-14T22:13:25.000Z', stream: 'STDERR', text: 'oh no', truncated: false, cursor: 'a.6.0.0' },
    ]);
    expect(textsOf((await read({ stream: 'STDERR' })).body.data.instanceLogs)).toEqual(['oh no']);
    expect(textsOf((await read({ since: '2023-11-14T23:13:24+01:00' })).body.data.instanceLogs)).toEqual([
      'line 4',
      'oh no',
    ]);
    expect(textsOf((await read({ after: 'a.3.0.0', tail: 1 })).body.data.instanceLogs)).toEqual(['line 3']);
    await read({ previous: true });
    expect(node.asked.at(-1)).toMatchObject({ previous: true, waitMs: 0 });
  });

  it('are texts alone as a field of the instance, under the same permission and bounds', async () => {
    node.write(ours.instance, numbered(0, 3));
    const asked = 'query ($id: ID!, $tail: Int) { instance(id: $id) { logs(tail: $tail) } }';
    const one = await platform.query(acme.admin, asked, { id: ours.instance, tail: 2 });
    const { lines } = (await read({ tail: 2 })).body.data.instanceLogs;
    expect(one.body.data).toEqual({ instance: { logs: lines.map((line: { text: string }) => line.text) } });
    expect(lines).toHaveLength(2);
    const many = await platform.query(acme.admin, asked, { id: ours.instance, tail: 1001 });
    expect(many.body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
  });

  it('of a question that is none says so, and asks no node', async () => {
    const wrong: [object, string, RegExp][] = [
      [{ tail: 0 }, 'BAD_USER_INPUT', /`tail`.*1.*1000/],
      [{ tail: mostLogLines + 1 }, 'BAD_USER_INPUT', /`tail`/],
      [{ since: 'yesterday' }, 'BAD_USER_INPUT', /`since`/],
      [{ after: 'a.3.0.0', since: '2023-11-14T22:13:24Z' }, 'BAD_USER_INPUT', /either `after` or `since`/],
      ...['', 'x', '../../etc', 'a.3.0.0; rm', 'A.3.0.0'].map((after): [object, string, RegExp] => [
        { after },
        'CURSOR_MALFORMED',
        /`after`/,
      ]),
    ];
    for (const [variables, code, message] of wrong) {
      const { body } = await read(variables);
      expect(body.errors[0], JSON.stringify(variables)).toMatchObject({
        extensions: { code },
        message: expect.stringMatching(message),
      });
    }
    expect(node.asked).toEqual([]);
  });

  it('is that of its last node when it is gone, and says that it has ended', async () => {
    const gone = await place();
    node.write(gone, ['last words']);
    await remove(gone);
    const { body } = await read({ id: gone });
    expect(body.data.instanceLogs).toMatchObject({ instanceId: gone, ended: true, lines: [{ text: 'last words' }] });
    const all = (await platform.query(acme.admin, deploymentLogs, { id: ours.deployment, ended: true })).body.data
      .deploymentLogs;
    expect(all.find((chunk: { instanceId: string }) => chunk.instanceId === gone)).toMatchObject({
      ended: true,
      lines: [{ text: 'last words' }],
    });
    const present = (await platform.query(acme.admin, deploymentLogs, { id: ours.deployment })).body.data
      .deploymentLogs;
    expect(present.map((chunk: { instanceId: string }) => chunk.instanceId)).toEqual([ours.instance]);
  });

  it('is that of the process that is named, also when it is gone, and of no other', async () => {
    const releaseId = newId('release');
    const { others: _, ...main } = spec;
    await platform.append(acme.id, 'deploy', `deployment:${ours.deployment}`, {
      type: 'ReleaseCreated',
      data: {
        ...{ deploymentId: ours.deployment, namespaceId: ours.namespace, releaseId, number: 2 },
        spec: { ...main, name: 'web', others: [{ ...main, name: 'cache', kind: 'SERVICE', ports: [] }] },
      },
    });
    const instance = await place(ours.node, releaseId);
    const asking = async (process: string | null) => {
      const { body } = await read({ id: instance, process });
      expect(body.errors).toBeUndefined();
      return node.asked.at(-1);
    };
    const wrong = async () => (await read({ id: instance, process: 'main' })).body.errors[0];
    expect(await asking('cache')).toMatchObject({ instance, process: 'cache' });
    expect([await asking('web'), await asking(null)]).not.toContainEqual(
      expect.objectContaining({ process: expect.anything() }),
    );
    const refused = { extensions: { code: 'BAD_USER_INPUT' }, message: expect.stringContaining('It has web, cache.') };
    expect(await wrong()).toMatchObject(refused);
    await remove(instance);
    expect(await asking('cache')).toMatchObject({ instance, process: 'cache' });
    expect(await wrong()).toMatchObject(refused);
  });
});

describe('a node that is away', () => {
  it('is named, with the time since when, where nothing can be read; where some can, at what it has', async () => {
    const away = newId('node');
    const machine = {
      name: `away-${away.slice(-6)}`,
      runtime: 'docker',
      capacity: { cpuMillis: 2000, memoryMiB: 4096 },
      maxInstances: 50,
    };
    await platform.append(
      ...(['platform', 'deploy', `node:${away}`] as const),
      { type: 'NodeRegistered', data: { nodeId: away, ...machine } },
      { type: 'NodeBecameReady', data: { nodeId: away } },
      { type: 'NodeBecameUnreachable', data: { nodeId: away, reason: 'Nothing was heard from its agent for 15 s.' } },
    );
    const lonely = await place(away);
    node.write(ours.instance, ['here']);
    const { body } = await read({ id: lonely });
    const { since } = body.errors[0].extensions;
    expect(body.errors[0]).toMatchObject({
      extensions: { code: 'UNAVAILABLE', nodeId: away, since: expect.stringMatching(/^20\d\d-.*Z$/) },
      message: expect.stringContaining(`${away} since ${since}`),
    });
    const chunks = (await platform.query(acme.admin, deploymentLogs, { id: ours.deployment })).body.data.deploymentLogs;
    expect(chunks).toEqual([
      {
        instanceId: lonely,
        lines: [],
        ended: false,
        problem: { nodeId: away, since, message: expect.stringContaining(since) },
      },
      { instanceId: ours.instance, lines: [{ text: 'here' }], ended: false, problem: null },
    ]);
    await remove(lonely, away);
    await node.stop();
    const none = await platform.query(acme.admin, deploymentLogs, { id: ours.deployment });
    expect(none.body.errors[0].extensions).toMatchObject({ code: 'UNAVAILABLE', nodeId: ours.node });
  });
});

describe('another tenant', () => {
  it('is answered as of what never was, by query and by subscription, and its node is not asked', async () => {
    const their = new LogNode(platform.nc, theirs.node);
    await their.start();
    their.write(theirs.instance, ['a secret']);
    for (const [query, foreign, missing] of [
      [instanceLogs, theirs.instance, newId('instance')],
      [deploymentLogs, theirs.deployment, newId('deployment')],
    ] as const) {
      const [one, other] = [
        await platform.query(acme.admin, query, { id: foreign }),
        await platform.query(acme.admin, query, { id: missing }),
      ];
      expect(one.text).toBe(other.text);
      expect(one.body.errors[0].extensions.code).toBe('NOT_FOUND');
      // An id of another kind is none either.
      const kind = await platform.query(acme.admin, query, { id: ours.namespace });
      expect(kind.text).toBe(other.text);
    }
    for (const [foreign, missing] of [
      [{ instanceId: theirs.instance }, { instanceId: newId('instance') }],
      [{ deploymentId: theirs.deployment }, { deploymentId: newId('deployment') }],
    ]) {
      const answers = [
        followLogs(platform, acme.admin, foreign ?? {}),
        followLogs(platform, acme.admin, missing ?? {}),
      ];
      for (const one of answers) await one.until('it is refused', () => one.failures.length > 0);
      expect(answers[0]?.failures).toEqual(answers[1]?.failures);
      expect(answers[0]?.failures[0]?.extensions.code).toBe('NOT_FOUND');
      for (const one of answers) one.stop();
    }
    // A place of theirs in a subscription of one's own says no more than one of nobody's.
    const places = [theirs.instance, newId('instance')].map((instanceId) => ({ instanceId, cursor: 'a.1.0.0' }));
    const following = followLogs(platform, acme.admin, { deploymentId: ours.deployment, after: places, tail: 0 });
    await following.until('both are told', () =>
      places.every(({ instanceId }) => following.told.some((one) => one.instanceId === instanceId)),
    );
    const [one, other] = places.map(({ instanceId }) =>
      following.told.find((chunk) => chunk.instanceId === instanceId),
    );
    expect({ ...one, instanceId: '' }).toEqual({ ...other, instanceId: '' });
    expect(one).toMatchObject({ lines: [], gap: true, ended: true });
    following.stop();
    expect(their.asked).toEqual([]);
    await their.stop();
  });

  it('a member without the permission is told which, and whoever loses it is followed to the end of it', async () => {
    const memberId = newId('member');
    const stream = `tenant:${acme.id}`;
    const roleId = newId('role');
    const bindingId = newId('binding');
    const role = {
      roleId,
      name: 'readers',
      description: '',
      permissions: ['deployment:read', 'log:read', 'viewer:read'],
    };
    const told = (type: string, data: object) =>
      platform.append(acme.id, 'tenancy', stream, { type, data: { tenantId: acme.id, ...data } });
    await told('MemberAdded', { memberId, subject: 'reader', role: null, displayName: null, email: null });
    await told('RoleCreated', role);
    const scope = { level: 'namespace', environmentId: ours.environment, namespaceId: ours.namespace };
    await told('RoleBound', { bindingId, subjectId: memberId, role: roleId, scope });
    const token = await platform.issuer.sign({ subject: 'reader', tenant: acme.id }, 3600);
    node.write(ours.instance, ['for readers']);
    expect(textsOf((await read({}, token)).body.data.instanceLogs)).toEqual(['for readers']);
    // Who may read no events keeps the connection.
    const following = followLogs(platform, token, { instanceId: ours.instance, tail: 1 });
    await following.until('a line', () => following.lines().length === 1);
    await told('RoleChanged', { ...role, permissions: ['deployment:read', 'viewer:read', 'event:read'] });
    await eventually(
      'it is known',
      async () => (await read({}, token)).body.errors?.[0].extensions.permission === 'log:read',
    );
    await following.until('it ends', () => following.failures.length > 0);
    expect(following.failures[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', permission: 'log:read' });
    following.stop();
  });
});

describe('what instances use', () => {
  const used = (cpuMillis: number) => ({
    ...{ at: '2026-11-24T01:00:00.000Z', seconds: 10, cpuMillis, cpuThrottled: 0.5, memoryBytes: 1000 },
    ...{ receivedBytes: 50, receivedPackets: 5, sentBytes: 100, sentPackets: 10 },
  });

  it('is asked of their nodes, once for each, and added up; nobody is told of what a node was not asked about', async () => {
    const other = await place();
    const asked: UsageRequest[] = [];
    const subject = nodeSubjects.usage(ours.node);
    const serving = serveJson(platform.nc, { subject, log }, async (body): Promise<UsageReply> => {
      const request = usageRequest.parse(body);
      asked.push(request);
      const limits = { cpuLimitMillis: 200, memoryLimitBytes: null };
      const samples = request.since === null ? [used(100)] : [used(50), used(100)];
      return { instances: [ours.instance, theirs.instance].map((instanceId) => ({ instanceId, ...limits, samples })) };
    });
    await platform.nc.flush();
    const query = `query ($id: ID!, $deployment: ID!) { instance(id: $id) { usage { cpuMillis cpuLimitMillis sentPackets } usageHistory { cpuMillis } }
      deployment(id: $deployment) { usage { instances missing cpuMillis memoryBytes receivedBytesPerSecond sentBytesPerSecond }
        instances { nodes { id usage { cpuMillis } } } } }`;
    const ids = { id: ours.instance, deployment: ours.deployment };
    const { body } = await platform.query(acme.viewer, query, ids);
    expect(body.data.instance).toEqual({
      usage: { cpuMillis: 100, cpuLimitMillis: 200, sentPackets: 10 },
      usageHistory: [{ cpuMillis: 50 }, { cpuMillis: 100 }],
    });
    expect(body.data.deployment.usage).toEqual({
      ...{ instances: 1, missing: 1, cpuMillis: 100, memoryBytes: 1000 },
      ...{ receivedBytesPerSecond: 5, sentBytesPerSecond: 10 },
    });
    const nodes: { id: string; usage: unknown }[] = body.data.deployment.instances.nodes;
    expect(nodes.find(({ id }) => id === other)?.usage).toBeNull();
    // The newest samples of all instances; and the history of one.
    expect(asked.filter(({ since }) => since === null).length).toBeLessThanOrEqual(2);
    const foreign = await platform.query(acme.viewer, query, { id: theirs.instance, deployment: theirs.deployment });
    const missing = await platform.query(acme.viewer, query, {
      id: newId('instance'),
      deployment: newId('deployment'),
    });
    expect(foreign.text).toBe(missing.text);
    expect(foreign.body.data).toEqual({ instance: null, deployment: null });
    await serving.stop();
    const away = await platform.query(acme.viewer, query, ids);
    expect(away.body.errors[0]).toMatchObject({ extensions: { code: 'UNAVAILABLE' } });
    const total = '{ deployment(id: "ID") { usage { instances missing } } }'.replace('ID', ours.deployment);
    expect((await platform.query(acme.viewer, total)).body.data.deployment.usage).toEqual({ instances: 0, missing: 2 });
    await remove(other);
  });
});

describe('who follows', () => {
  it('is told every line once and in order, also over an outage of the node, which is told once', async () => {
    node.write(ours.instance, numbered(0, 20));
    const following = followLogs(platform, acme.viewer, { instanceId: ours.instance, tail: 3 });
    await following.until('the newest', () => following.lines().length === 3);
    for (let n = 20; n < 1500; n += 370) {
      node.write(ours.instance, numbered(n, n + 370));
      await following.until('more', () => following.lines().length === n + 370 - 17);
    }
    await node.stop();
    await following.until('the outage', () => following.told.some(({ problem }) => problem !== null));
    node.write(ours.instance, numbered(1500, 1600));
    await node.start();
    await following.until('what was written meanwhile', () => following.lines().length === 1583);
    expect(following.lines()).toEqual(numbered(17, 1600));
    expect(following.told.filter(({ problem }) => problem !== null)).toHaveLength(1);
    expect(following.told.every(({ gap }) => !gap)).toBe(true);
    // Whoever comes back goes on from the last place.
    const cursor = following.told.at(-1)?.cursor ?? '';
    following.stop();
    node.write(ours.instance, numbered(1600, 1610));
    const again = followLogs(platform, acme.viewer, {
      instanceId: ours.instance,
      after: [{ instanceId: ours.instance, cursor }],
    });
    await again.until('the rest', () => again.lines().length === 10);
    expect(again.lines()).toEqual(numbered(1600, 1610));
    again.stop();
  });

  it('is told of a gap where the node no longer has what comes next', async () => {
    node.write(ours.instance, numbered(0, 10));
    const following = followLogs(platform, acme.viewer, { instanceId: ours.instance, tail: 1 });
    await following.until('the newest', () => following.lines().length === 1);
    node.write(ours.instance, numbered(10, 30));
    node.rotate(ours.instance, 5);
    await following.until('the gap', () => following.lines().length === 6);
    expect(following.lines()).toEqual(['line 9', ...numbered(25, 30)]);
    expect(following.told.map(({ gap }) => gap)).toEqual([false, true]);
    following.stop();
  });

  it('a deployment is told of instances that come, from their first line on, and of the last lines of those that go', async () => {
    node.write(ours.instance, numbered(0, 3));
    const following = followLogs(platform, acme.viewer, { deploymentId: ours.deployment, tail: 1 });
    await following.until('the first instance', () => following.lines().length === 1);
    const added = await place();
    node.write(added, ['hello', 'world']);
    await following.until('the one that came', () => following.lines().length === 3);
    node.write(added, ['goodbye']);
    await remove(added);
    await following.until('its end', () => following.told.some(({ ended }) => ended));
    const its = following.told.filter(({ instanceId }) => instanceId === added);
    expect(its.flatMap((chunk) => chunk.lines.map(({ text }) => text))).toEqual(['hello', 'world', 'goodbye']);
    expect(its.map(({ ended }) => ended)).toEqual([...its.slice(1).map(() => false), true]);
    expect(following.completed()).toBe(false);
    following.stop();
    // Who was away when it went is told the rest.
    const late = followLogs(platform, acme.viewer, {
      deploymentId: ours.deployment,
      after: [
        { instanceId: added, cursor: 'a.1.0.0' },
        { instanceId: ours.instance, cursor: 'a.3.0.0' },
      ],
    });
    await late.until('its end', () => late.told.some(({ ended }) => ended));
    expect(late.lines()).toEqual(['world', 'goodbye']);
    late.stop();
  });

  it('an instance is told of its end, and the subscription is over', async () => {
    const one = await place();
    node.write(one, ['only']);
    const following = followLogs(platform, acme.viewer, { instanceId: one });
    await following.until('its line', () => following.lines().length === 1);
    await remove(one);
    await following.until('the end', following.completed);
    expect(following.told.at(-1)).toMatchObject({ ended: true, lines: [] });
    expect(following.lines()).toEqual(['only']);
    following.stop();
  });

  it('more than a tenant may is told so, and another tenant is not', async () => {
    const client = createClient({
      url: `${platform.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${acme.viewer}` },
      retryAttempts: 0,
    });
    const refused: unknown[] = [];
    const begin = () =>
      client.subscribe(
        { query: `subscription { logs(instanceId: "${ours.instance}", tail: 1) { cursor } }` },
        { next: ({ errors }) => void (errors && refused.push(errors)), error: () => {}, complete: () => {} },
      );
    node.write(ours.instance, ['x']);
    const all = Array.from({ length: mostSubscriptions + 1 }, begin);
    await eventually('one is refused', async () => refused.length > 0);
    expect(refused).toMatchObject([[{ extensions: { code: 'BUDGET_EXCEEDED' } }]]);
    const their = new LogNode(platform.nc, theirs.node);
    await their.start();
    their.write(theirs.instance, ['theirs']);
    const other = followLogs(platform, globex.viewer, { instanceId: theirs.instance });
    await other.until('its line', () => other.lines().length === 1);
    other.stop();
    await their.stop();
    for (const end of all) end();
    // There is room again.
    await eventually('one more', async () => {
      const following = followLogs(platform, acme.viewer, { instanceId: ours.instance });
      await following.until('an answer', () => following.lines().length + following.failures.length > 0);
      following.stop();
      return following.lines().length > 0;
    });
    await client.dispose();
  });

  it('neither or both of an instance and a deployment, or too many places, is told what is wrong', async () => {
    const place = { instanceId: ours.instance, cursor: 'a.1.0.0' };
    for (const [args, code] of [
      [{}, 'BAD_USER_INPUT'],
      [{ instanceId: ours.instance, deploymentId: ours.deployment }, 'BAD_USER_INPUT'],
      [{ instanceId: ours.instance, tail: -1 }, 'BAD_USER_INPUT'],
      [{ instanceId: ours.instance, after: Array.from({ length: 201 }, () => place) }, 'BAD_USER_INPUT'],
      [{ instanceId: ours.instance, after: [{ ...place, cursor: 'nonsense' }] }, 'CURSOR_MALFORMED'],
    ] as const) {
      const following = followLogs(platform, acme.viewer, args);
      await following.until('it is refused', () => following.failures.length > 0);
      expect(following.failures[0]?.extensions.code, JSON.stringify(args).slice(0, 100)).toBe(code);
      following.stop();
    }
  });
});
