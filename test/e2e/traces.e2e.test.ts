/** One trace from the GraphQL request to what the agent does, through every process in between, also where they are killed. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HTTP_PORT } from '@atoll/examples/images/http-image';
import type { Namespace } from '@atoll/sdk/generated/resources';
import { exec } from '@atoll/service/exec';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newTenant, type OwnTenant, tokenOf } from '../platform/clients.ts';
import { Platform } from '../platform/platform.ts';
import { named, recordedText, type Span, wholeTrace } from '../platform/traces.ts';
import { newNamespace, push, small, steady } from '../platform/workloads.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const secret = `hunter2-${randomBytes(4).toString('hex')}`;
let platform: Platform;
let tenant: OwnTenant;
let token: string;
let namespace: Namespace;
let image: string;
let deployment: { readonly id: string; readonly traceId: string };

beforeAll(async () => {
  platform = await Platform.start({ args: ['--traces'] });
  image = await push(platform.ready, 'v1');
  tenant = await newTenant(platform.ready);
  token = await tokenOf(platform.ready, tenant.credentials);
  namespace = await newNamespace(tenant.admin, 'traced');
});
afterAll(() => platform?.discard());

interface Asked {
  readonly traceId: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
  readonly data: any;
}

async function ask(query: string, input: object, headers: Record<string, string> = {}): Promise<Asked> {
  const response = await fetch(platform.ready.graphqlUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify({ query, variables: { input } }),
  });
  const { data, errors } = JSON.parse(await response.text());
  if (errors) throw new Error(JSON.stringify(errors));
  return { traceId: response.headers.get('atoll-trace-id') ?? '', data };
}

const create =
  'mutation Roll($input: CreateDeploymentInput!) { createDeployment(input: $input) { deployment { id } userErrors { message } } }';
async function deploy(name: string, headers: Record<string, string>) {
  const { traceId, data } = await ask(
    create,
    { ...small, namespaceId: namespace.id, name, image, labels: [], env: [{ name: 'PASSWORD', value: secret }] },
    headers,
  );
  const id: string | undefined = data.createDeployment.deployment?.id;
  if (id === undefined) throw new Error(JSON.stringify(data));
  return { id, traceId };
}

function clientTrace() {
  const traceId = randomBytes(16).toString('hex');
  const spanId = randomBytes(8).toString('hex');
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-01` } };
}

/** Up to the point where the agent comes in. */
const planned = [
  ...['gateway: POST /graphql', 'gateway: mutation Roll', 'gateway: call deploy.CreateDeployment'],
  ...['deploy: serve deploy.CreateDeployment', 'deploy: append', 'deploy: commit'],
  ...['deploy: publish deploy.InstancePlaced', 'deploy: apply deploy', 'gateway: apply read deploy'],
  ...['network: apply network deploy', 'network: append', 'network: publish network.EndpointAllocated'],
  ...['network: apply network network', 'gateway: apply read network'],
];
const done = [
  ...['agent: pull workloads', 'agent: pull network', 'agent: apply rules'],
  ...['agent: reconcile instance', 'agent: pull-image', 'agent: create-sandbox', 'agent: wire'],
  ...['agent: create-app', 'agent: start-app', 'agent: network report', 'agent: workloads report'],
  ...['network: take network report', 'network: publish network.EndpointSecured'],
  ...[
    'deploy: take workloads report',
    'deploy: publish deploy.InstanceStarted',
    'deploy: publish deploy.InstanceReady',
  ],
];

const rootsOf = (spans: readonly Span[]) => spans.filter(({ parentSpanId }) => parentSpanId === null).map(named);

test('a deployment is one trace, from the client through every process to the started container, and nothing is loose', async () => {
  const client = clientTrace();
  deployment = await deploy('first', client.headers);
  expect(deployment.traceId).toBe(client.traceId);
  await steady(tenant.admin, deployment.id);
  const spans = await wholeTrace(platform.home, client.traceId, [...planned, ...done], [client.spanId]);
  expect(rootsOf(spans)).toEqual([]);
  expect(spans.filter(({ error }) => error !== null).map(named)).toEqual([]);
  expect(new Set(spans.map(({ service }) => service))).toEqual(
    new Set(['gateway', 'deploy', 'network', 'tenancy', 'agent']),
  );
});

test('the rules of a policy are applied in its trace, which begins at the gateway where the client has none', async () => {
  const { traceId } = await ask(
    'mutation ($input: CreateIsolationPolicyInput!) { createIsolationPolicy(input: $input) { userErrors { message } } }',
    { namespaceId: namespace.id, name: 'open', from: { labels: [] }, toLabels: [], ports: [{ from: HTTP_PORT }] },
  );
  const spans = await wholeTrace(platform.home, traceId, [
    ...['gateway: mutation createIsolationPolicy', 'network: append', 'agent: apply rules'],
    ...['network: take network report', 'network: publish network.PolicyEnforced', 'gateway: apply read network'],
  ]);
  expect(rootsOf(spans)).toEqual(['gateway: POST /graphql']);
});

test('deploy and network killed in between: the trace goes on from what is stored, and holds together', async () => {
  const client = clientTrace();
  const agent = platform.pidOf('agent-1');
  process.kill(agent, 'SIGSTOP');
  try {
    const { id } = await deploy('second', client.headers);
    // What they know of the trace only in memory is lost with them: until here it is written down and sent.
    await wholeTrace(platform.home, client.traceId, planned, [client.spanId]);
    await platform.killAndAwait('deploy');
    await platform.killAndAwait('network');
    process.kill(agent, 'SIGCONT');
    await steady(tenant.admin, id);
  } finally {
    process.kill(agent, 'SIGCONT');
  }
  const spans = await wholeTrace(platform.home, client.traceId, [...planned, ...done], [client.spanId]);
  expect(rootsOf(spans)).toEqual([]);
});

test('a deletion is a trace of its own, down to the removal of the container', async () => {
  const { traceId } = await ask(
    'mutation ($input: DeleteDeploymentInput!) { deleteDeployment(input: $input) { userErrors { message } } }',
    { deploymentId: deployment.id },
  );
  await wholeTrace(platform.home, traceId, [
    ...['gateway: mutation deleteDeployment', 'agent: reconcile instance', 'agent: stop', 'agent: remove'],
    ...['deploy: take workloads report', 'deploy: publish deploy.InstanceStopped'],
    ...['network: publish network.EndpointReleased', 'deploy: publish deploy.DeploymentDeleted'],
  ]);
});

test('the logs of all processes name the trace', () => {
  for (const name of ['deploy', 'network', 'agent-1']) {
    const lines = readFileSync(join(platform.home, 'logs', `${name}.log`), 'utf8');
    if (name === 'agent-1') expect(lines).toContain(`"traceId":"${deployment.traceId}"`);
    expect(lines).not.toContain('traces are lost');
  }
});

test('no token, password or value that somebody sent is in any span', () => {
  const text = recordedText(platform.home);
  const { operator, tenants } = platform.ready.tokens;
  const passwords = Object.values<string>(JSON.parse(readFileSync(join(platform.home, 'secrets.json'), 'utf8')));
  const secrets = [secret, token, operator, ...tenants.map(({ admin }) => admin), tenant.credentials.clientSecret];
  expect(passwords.length).toBeGreaterThan(3);
  for (const one of [...secrets, ...passwords.filter((value) => typeof value === 'string')]) {
    expect(text.includes(one)).toBe(false);
  }
  for (const input of ['PASSWORD', image, '"first"', tenant.tenant.name, 'createDeployment(', 'Bearer']) {
    expect(text).not.toContain(input);
  }
});

test('`npm run trace` prints it as a tree', async () => {
  const { stdout } = await exec(process.execPath, [
    ...[join(root, 'infra/local/trace.ts'), deployment.traceId, '--home', platform.home],
  ]);
  const lines = stdout.split('\n');
  expect(lines[0]).toBe(`Trace ${deployment.traceId}: mutation Roll, ${lines[0]?.split(', ')[1]}`);
  expect(lines.filter((line) => line.includes('POST /graphql'))).toHaveLength(1);
  expect(stdout).toMatch(/agent +.*apply rules/);
});
