/**
 * Bad input gets a specific code, a text that says what to do, and changes nothing: not one event in any context. On the
 * simulated runtime, which this file shows to work end to end, and to say that it is simulated.
 */

import { HTTP_PORT } from '@atoll/examples/images/http-image';
import { type Atoll, createAtoll } from '@atoll/sdk/client';
import { type AnyAtollError, AtollError } from '@atoll/sdk/errors';
import type { Deployment, Namespace, Subnet } from '@atoll/sdk/generated/resources';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientOf, newTenant, type OwnTenant, operatorOf, seeded, unique } from '../platform/clients.ts';
import { Platform } from '../platform/platform.ts';
import { eventCounts, reserved } from '../platform/store.ts';
import { forgedToken, issuedToken, unsignedToken } from '../platform/tokens.ts';
import { instancesOf, newNamespace, push, small, steady } from '../platform/workloads.ts';

let platform: Platform;
let operator: Atoll;
let own: OwnTenant;
let admin: Atoll;
let namespace: Namespace;
let subnet: Subnet;
let foreign: { namespace: Namespace; deployment: Deployment; subnet: Subnet };
let deployment: Deployment;
let image: string;

const plenty = { namespaces: 100, instances: 100_000, cpuMillis: 1_000_000_000, memoryMiB: 1_000_000_000 };
const missing = (prefix: string) => `${prefix}_01h455vb4pex5vsknk084sn02q`;

beforeAll(async () => {
  platform = await Platform.start({ env: { ATOLL_RUNTIME: 'simulated' } });
  const { ready } = platform;
  operator = operatorOf(ready);
  own = await newTenant(ready, plenty);
  admin = own.admin;
  image = await push(ready, 'v1');
  const neighbour = seeded(ready, 0).admin;
  const [here, there] = await Promise.all([newNamespace(admin, 'here'), newNamespace(neighbour, 'there')]);
  namespace = here;
  const deploy = async (atoll: Atoll, namespaceId: string, labels: { key: string; value: string }[], name: string) => {
    const created = await atoll.mutate.createDeployment({ ...small, namespaceId, name, labels, image, replicas: 1 });
    await steady(atoll, created.deployment.id);
    return created.deployment;
  };
  const role = (value: string) => [{ key: 'role', value }];
  deployment = await deploy(admin, here.id, role('server'), 'web');
  await deploy(admin, here.id, role('client'), 'client');
  const subnetOf = async (atoll: Atoll, id: string): Promise<Subnet> => {
    const [first] = (await atoll.query.namespaceSubnets({ id }))?.nodes ?? [];
    if (first === undefined) throw new Error(`${id} has no subnet`);
    return first;
  };
  subnet = await subnetOf(admin, here.id);
  foreign = {
    namespace: there,
    deployment: await deploy(neighbour, there.id, role('client'), 'web'),
    subnet: await subnetOf(neighbour, there.id),
  };
});
afterAll(async () => {
  await platform?.discard();
});

async function refusal(ask: () => Promise<unknown>): Promise<AnyAtollError> {
  try {
    await ask();
  } catch (error) {
    if (error instanceof AtollError) return error as AnyAtollError;
    throw error;
  }
  throw new Error('it was accepted');
}

/** The refusal itself, and that it left no trace. */
async function refused(ask: () => Promise<unknown>): Promise<AnyAtollError> {
  const before = await eventCounts(platform.ready);
  const error = await refusal(ask);
  expect(await eventCounts(platform.ready)).toEqual(before);
  expect(error.message.length, 'the text says what to do').toBeGreaterThan(10);
  return error;
}

const digest = (character: string) => `sha256:${character.repeat(64)}`;
const create = (more: Partial<Parameters<Atoll['mutate']['createDeployment']>[0]>) => () =>
  admin.mutate.createDeployment({ ...small, namespaceId: namespace.id, name: unique('d'), image, ...more });
type ProcessInput = NonNullable<Parameters<Atoll['mutate']['createDeployment']>[0]['processes']>[number];
const pod =
  (...processes: readonly Omit<ProcessInput, 'image'>[]) =>
  () =>
    admin.mutate.createDeployment({
      ...{ namespaceId: namespace.id, name: unique('d') },
      processes: processes.map((one) => ({ ...one, image })),
    });
const policy = (more: Partial<Parameters<Atoll['mutate']['createIsolationPolicy']>[0]>) => () =>
  admin.mutate.createIsolationPolicy({
    namespaceId: namespace.id,
    name: unique('p'),
    from: { labels: [] },
    toLabels: [],
    ports: [{ from: 80 }],
    ...more,
  });
const repository = () => image.slice(0, image.indexOf('@'));

type Case = readonly [what: string, code: string, ask: () => Promise<unknown>, field?: string];

const cases: readonly Case[] = [
  [
    'an unknown tenant',
    'NOT_FOUND',
    () => operator.mutate.createServiceAccount({ tenantId: missing('ten'), name: 'a', role: 'ADMIN' }),
  ],
  ['an id that is none', 'INVALID_ARGUMENT', create({ namespaceId: 'my-namespace' })],
  [
    'an id of another kind',
    'INVALID_ARGUMENT',
    () => admin.mutate.createNamespace({ environmentId: namespace.id, name: 'x' }),
  ],
  ['an unknown namespace', 'NOT_FOUND', create({ namespaceId: missing('ns') })],
  [
    'an unknown deployment',
    'NOT_FOUND',
    () => admin.mutate.scaleDeployment({ deploymentId: missing('dep'), replicas: 1 }),
  ],
  ['a foreign namespace', 'NOT_FOUND', () => create({ namespaceId: foreign.namespace.id })()],
  ['a foreign deployment', 'NOT_FOUND', () => admin.mutate.deleteDeployment({ deploymentId: foreign.deployment.id })],
  [
    'a foreign namespace to delete',
    'NOT_FOUND',
    () => admin.mutate.deleteNamespace({ namespaceId: foreign.namespace.id }),
  ],
  ['a policy from a foreign namespace', 'NOT_FOUND', () => policy({ from: { namespaceId: foreign.namespace.id } })()],
  [
    'a range that is none',
    'CIDR_MALFORMED',
    () => admin.mutate.createSubnet({ namespaceId: namespace.id, ipv4: 'ten' }),
  ],
  [
    'a range with bits after its prefix',
    'CIDR_MALFORMED',
    () => admin.mutate.createSubnet({ namespaceId: namespace.id, ipv4: '10.64.9.7/24' }),
  ],
  [
    'a range that one has',
    'CIDR_OVERLAP',
    () => admin.mutate.createSubnet({ namespaceId: namespace.id, ipv4: subnet.ipv4 }),
  ],
  [
    'a range that another tenant has',
    'CIDR_OVERLAP',
    () => admin.mutate.createSubnet({ namespaceId: namespace.id, ipv4: foreign.subnet.ipv4 }),
  ],
  [
    'a range outside of the pool',
    'CIDR_NOT_ALLOWED',
    () => admin.mutate.createSubnet({ namespaceId: namespace.id, ipv4: '192.168.1.0/24' }),
  ],
  ['an image by its tag', 'IMAGE_DIGEST_REQUIRED', () => create({ image: `${repository()}:latest` })()],
  ['an image that is none', 'IMAGE_MALFORMED', create({ image: 'not an image' })],
  ['an image that is not there', 'IMAGE_NOT_FOUND', () => create({ image: `${repository()}@${digest('0')}` })()],
  [
    'a repository that is not there',
    'IMAGE_NOT_FOUND',
    () => create({ image: `${platform.ready.registry}/no/such@${digest('1')}` })(),
  ],
  [
    'an image of another registry',
    'REGISTRY_NOT_ALLOWED',
    create({ image: `registry.example.com/a/b@${digest('2')}` }),
  ],
  [
    'an upgrade to an image that is not there',
    'IMAGE_NOT_FOUND',
    () => admin.mutate.upgradeDeployment({ deploymentId: deployment.id, image: `${repository()}@${digest('3')}` }),
  ],
  ['an instance that no node is large enough for', 'FITS_NO_NODE', create({ cpuMillis: 64_000 })],
  [
    'a probe of a port that is not served',
    'PROBE_PORT_NOT_SERVED',
    create({ ports: [], liveness: { port: HTTP_PORT } }),
  ],
  ['two processes of one name', 'PROCESS_NAME_TAKEN', pod({ name: 'a' }, { name: 'a' })],
  ['waiting for a process that is not there', 'UNKNOWN_PROCESS', pod({ name: 'a', dependsOn: [{ process: 'b' }] })],
  [
    'processes that wait for each other',
    'PROCESSES_WAIT_IN_A_CIRCLE',
    pod({ name: 'a', dependsOn: [{ process: 'b' }] }, { name: 'b', dependsOn: [{ process: 'a' }] }),
  ],
  [
    'waiting until a service has completed',
    'PROCESS_CONDITION_IMPOSSIBLE',
    pod({ name: 'a', dependsOn: [{ process: 'b', condition: 'COMPLETED' }] }, { name: 'b' }),
  ],
  [
    'two processes on one port',
    'PROCESS_PORT_TAKEN',
    pod({ name: 'a', ports: [{ port: 80 }] }, { name: 'b', ports: [{ port: 80 }] }),
  ],
  ['nothing but tasks', 'INVALID_ARGUMENT', pod({ name: 'a', kind: 'TASK' })],
  ['more replicas than there is room for', 'INSUFFICIENT_CAPACITY', create({ replicas: 1000 })],
  ['more replicas than any deployment has', 'INVALID_ARGUMENT', create({ replicas: 1001 })],
  ['fewer replicas than none', 'INVALID_ARGUMENT', create({ replicas: -1 })],
  [
    'scaling beyond what there is room for',
    'INSUFFICIENT_CAPACITY',
    () => admin.mutate.scaleDeployment({ deploymentId: deployment.id, replicas: 1000 }),
  ],
  ['a tenant’s name that is taken', 'NAME_TAKEN', () => operator.mutate.createTenant({ name: own.tenant.name })],
  [
    'an environment’s name that is taken',
    'NAME_TAKEN',
    () => admin.mutate.createEnvironment({ name: namespace.environment.name, kind: 'TEST' }),
  ],
  [
    'a namespace’s name that is taken',
    'NAME_TAKEN',
    () => admin.mutate.createNamespace({ environmentId: namespace.environment.id, name: namespace.name }),
  ],
  ['a deployment’s name that is taken', 'NAME_TAKEN', create({ name: 'web' })],
  [
    'a service account’s name that is taken',
    'NAME_TAKEN',
    () => admin.mutate.createServiceAccount({ name: 'admin', role: 'VIEWER' }),
  ],
  ['a name that is none', 'INVALID_ARGUMENT', create({ name: 'No Spaces, Please' }), 'name'],
  ['a label that is none', 'INVALID_ARGUMENT', create({ labels: [{ key: 'a b', value: 'c' }] })],
  ['ports in the wrong order', 'INVALID_ARGUMENT', policy({ ports: [{ from: 90, to: 80 }] })],
  ['a policy that opens nothing', 'INVALID_ARGUMENT', policy({ ports: [] })],
  [
    'a stale version',
    'VERSION_CONFLICT',
    () => admin.mutate.scaleDeployment({ deploymentId: deployment.id, replicas: 2, expectedVersion: 1 }),
  ],
  [
    'a rollback without anything to go back to',
    'NO_EARLIER_RELEASE',
    () => admin.mutate.rollbackDeployment({ deploymentId: deployment.id }),
  ],
  [
    'a rollback to a release that is not there',
    'NO_EARLIER_RELEASE',
    () => admin.mutate.rollbackDeployment({ deploymentId: deployment.id, toRelease: 7 }),
  ],
  ['a tenant that makes tenants', 'FORBIDDEN', () => admin.mutate.createTenant({ name: unique('t') })],
  [
    'a viewer that changes something',
    'FORBIDDEN',
    () => seeded(platform.ready, 0).viewer.mutate.createEnvironment({ name: 'x', kind: 'TEST' }),
  ],
  [
    'the operator in a tenant’s place',
    'FORBIDDEN',
    () => operator.mutate.createEnvironment({ name: 'x', kind: 'TEST' }),
  ],
  ['an unknown field', 'GRAPHQL_VALIDATION_FAILED', () => admin.request('{ viewer { shoeSize } }')],
  ['a document without end', 'GRAPHQL_PARSE_FAILED', () => rawly('{"query": "{ viewer {"}')],
  ['a missing variable', 'BAD_USER_INPUT', () => admin.request('query ($id: ID!) { deployment(id: $id) { id } }')],
  ['a page that is too long', 'BAD_USER_INPUT', () => admin.query.deployments({ first: 101 })],
  ['a cursor that is none', 'CURSOR_MALFORMED', () => admin.query.deployments({ after: 'here' })],
  ['a place in the log that is none', 'CURSOR_MALFORMED', () => admin.query.events({ after: 'here' })],
  ['a subscription from a place that is none', 'CURSOR_MALFORMED', () => admin.events({ after: 'here' }).next()],
  ['a body that is no JSON', 'BAD_REQUEST', () => rawly('{"query": ')],
  [
    'a body of 10 MB',
    'PAYLOAD_TOO_LARGE',
    () => rawly(JSON.stringify({ query: `{ viewer { role } } #${'x'.repeat(10_000_000)}` })),
  ],
];

/** A request that the SDK wouldn't make, its answer read as the SDK reads answers. */
async function rawly(body: string): Promise<unknown> {
  const fetchRaw: typeof fetch = (url, init) => fetch(url, { ...init, body });
  const { graphqlUrl, tokens } = platform.ready;
  return await createAtoll({ url: graphqlUrl, token: tokens.tenants[0]?.admin ?? '', fetch: fetchRaw }).query.viewer();
}

describe('bad input gets its code, and changes nothing', () => {
  for (const [what, code, ask, field] of cases) {
    test(`${what}: ${code}`, async () => {
      const error = await refused(ask);
      expect(`${error.code}: ${error.message}`).toBe(`${code}: ${error.message}`);
      if (field !== undefined) expect(error).toMatchObject({ field: expect.arrayContaining([field]) });
    });
  }

  test('and keeps no room in the quotas', async () => {
    // It is given back after the answer.
    await expect.poll(() => reserved(platform.ready), { timeout: 60_000 }).toBe(0);
  });

  test('of a range that is taken whose it is is told to whom it belongs alone', async () => {
    const told = async (ipv4: string) => {
      const { code, message } = await refusal(() => admin.mutate.createSubnet({ namespaceId: namespace.id, ipv4 }));
      return `${code}: ${message.replaceAll(ipv4, 'RANGE')}`;
    };
    expect(await told(subnet.ipv4)).toContain(subnet.id);
    expect(await told(foreign.subnet.ipv4)).toBe(
      'CIDR_OVERLAP: RANGE overlaps a range that is taken. Give another one, or none to get the next free one.',
    );
  });
});

test('the same key with another body is refused, with the same body it is the same answer, and is done once', async () => {
  const idempotencyKey = unique('key');
  const name = unique('env');
  const first = await admin.mutate.createEnvironment({ idempotencyKey, name, kind: 'TEST' });
  const before = await eventCounts(platform.ready);
  const again = await admin.mutate.createEnvironment({ idempotencyKey, name, kind: 'TEST' });
  expect(again.environment).toEqual(first.environment);
  const error = await refused(() =>
    admin.mutate.createEnvironment({ idempotencyKey, name: unique('env'), kind: 'TEST' }),
  );
  expect(error.code).toBe('IDEMPOTENCY_KEY_REUSED');
  expect(await eventCounts(platform.ready)).toEqual(before);
});

test('a quota that is used up is told, with what is held', async () => {
  const { admin: poor } = await newTenant(platform.ready, { ...plenty, namespaces: 1 });
  const { environment } = await newNamespace(poor, 'only');
  const error = await refused(() => poor.mutate.createNamespace({ environmentId: environment.id, name: 'second' }));
  expect(error.code).toBe('QUOTA_EXCEEDED');
});

describe('tokens', () => {
  const hour = 3600;
  const now = () => Math.floor(Date.now() / 1000);
  const issuer = () => new URL(platform.ready.graphqlUrl).origin;
  const member = () => ({
    sub: `${platform.ready.tokens.tenants[0]?.name}-admin`,
    iss: issuer(),
    atoll_tenant: seeded(platform.ready, 0).id,
  });
  const tokens: readonly (readonly [what: string, code: string, token: () => string])[] = [
    ['expired', 'TOKEN_EXPIRED', () => issuedToken(platform.home, { ...member(), exp: now() - hour })],
    ['signed by another key', 'UNAUTHENTICATED', () => forgedToken(platform.home, member())],
    ['unsigned', 'UNAUTHENTICATED', () => unsignedToken(member())],
    [
      'of another issuer',
      'UNAUTHENTICATED',
      () => issuedToken(platform.home, { ...member(), iss: 'https://example.com' }),
    ],
    ['for another audience', 'UNAUTHENTICATED', () => issuedToken(platform.home, { ...member(), aud: 'another' })],
    ['no token at all', 'UNAUTHENTICATED', () => 'hello'],
    [
      'of an unknown tenant',
      'FORBIDDEN',
      () => issuedToken(platform.home, { ...member(), atoll_tenant: missing('ten') }),
    ],
    [
      'of a tenant that one is no member of',
      'FORBIDDEN',
      () => issuedToken(platform.home, { ...member(), atoll_tenant: own.tenant.id }),
    ],
  ];
  test.each(tokens)('%s: %s, for reads, changes and subscriptions', async (_, code, token) => {
    const stranger = clientOf(platform.ready, token());
    expect((await refused(() => stranger.query.viewer())).code).toBe(code);
    expect((await refused(() => stranger.mutate.createEnvironment({ name: unique('e'), kind: 'TEST' }))).code).toBe(
      code,
    );
    expect((await refused(() => stranger.events({ after: '0' }).next())).code).toMatch(
      /^(UNAUTHENTICATED|TOKEN_EXPIRED|FORBIDDEN)$/,
    );
  });
  test('a good one for comparison', async () => {
    const good = clientOf(platform.ready, issuedToken(platform.home, member()));
    expect((await good.query.viewer()).role).toBe('admin');
  });
});

test('another tenant’s id and one that does not exist get the same answer, byte for byte', async () => {
  const { graphqlUrl, tokens } = platform.ready;
  const [, stranger] = tokens.tenants;
  const answer = async (query: string, id: string) => {
    const response = await fetch(graphqlUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${stranger?.admin}` },
      body: JSON.stringify({ query, variables: { id } }),
    });
    return `${response.status} ${(await response.text()).replaceAll(id, 'ID')}`;
  };
  const queries = [
    'query ($id: ID!) { node(id: $id) { id } }',
    'query ($id: ID!) { namespace(id: $id) { name } }',
    'query ($id: ID!) { deployment(id: $id) { name instances { nodes { id } } } }',
    'mutation ($id: ID!) { deleteNamespace(input: {namespaceId: $id}) { namespace { id } userErrors { code message field } position } }',
    'mutation ($id: ID!) { scaleDeployment(input: {deploymentId: $id, replicas: 2}) { deployment { id } userErrors { code message field } position } }',
  ];
  for (const query of queries) {
    const [id, none] = query.includes('eployment') ? [deployment.id, missing('dep')] : [namespace.id, missing('ns')];
    expect(await answer(query, id), query).toBe(await answer(query, none));
  }
});

test('each of the tenants that are there from the start has a member of each role', async () => {
  for (const at of [0, 1]) {
    const { owner, admin: first, developer, viewer, id } = seeded(platform.ready, at);
    const told = await Promise.all([owner, first, developer, viewer].map((one) => one.query.viewer()));
    expect(told.map(({ role, tenantId }) => [role, tenantId])).toEqual([
      ...[
        ['owner', id],
        ['admin', id],
        ['developer', id],
        ['viewer', id],
      ],
    ]);
  }
});

test('a simulated node says so, and answers probes from the rules', async () => {
  const { nodes } = await operator.query.computeNodes();
  expect(nodes.map((node) => node.runtime)).toEqual(['SIMULATED']);
  await policy({
    name: 'open',
    from: { labels: [{ key: 'role', value: 'client' }] },
    toLabels: [{ key: 'role', value: 'server' }],
    ports: [{ from: HTTP_PORT }],
  })();
  const [server] = await instancesOf(admin, deployment.id);
  const client = (await admin.query.namespaceDeployments({ id: namespace.id }))?.nodes.find((d) => d.name === 'client');
  const [from] = await instancesOf(admin, client?.id ?? '');
  const probe = (port: number) => admin.query.probe({ from: from?.id ?? '', address: server?.ipv4 ?? '', port });
  await expect
    .poll(() => probe(HTTP_PORT), { timeout: 60_000 })
    .toMatchObject({ outcome: 'CONNECTED', simulated: true });
  expect(await probe(HTTP_PORT + 1)).toMatchObject({ outcome: 'TIMED_OUT', simulated: true });
});

test('several processes are one instance: ready when all are, each shown as it fares', async () => {
  const created = await admin.mutate.createDeployment({
    ...{ namespaceId: namespace.id, name: unique('pod') },
    processes: [
      { name: 'setup', kind: 'TASK', image, cpuMillis: 10 },
      {
        ...{ name: 'web', image, cpuMillis: 20, ports: [{ port: HTTP_PORT }], readiness: { port: HTTP_PORT } },
        dependsOn: [{ process: 'setup', condition: 'COMPLETED' }],
      },
    ],
  });
  const [instance] = await steady(admin, created.deployment.id);
  interface Shown {
    readonly instance: {
      readonly release: { readonly cpuMillis: number; readonly processes: readonly { readonly name: string }[] };
      readonly processes: unknown;
    };
  }
  const { instance: shown } = await admin.request<Shown, { readonly id: string }>(
    'query ($id: ID!) { instance(id: $id) { release { cpuMillis processes { name } } processes { name kind state restarts exitCode } } }',
    { id: instance?.id ?? '' },
  );
  expect(shown.release).toEqual({ cpuMillis: 30, processes: [{ name: 'web' }, { name: 'setup' }] });
  expect(shown.processes).toEqual([
    { name: 'setup', kind: 'TASK', state: 'COMPLETED', restarts: 0, exitCode: 0 },
    { name: 'web', kind: 'SERVICE', state: 'READY', restarts: 0, exitCode: null },
  ]);
});
