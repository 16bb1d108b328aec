import { metrics } from '@atoll/service/metrics';
import { buildClientSchema, getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSchema } from '../src/schema/load.ts';
import { type Platform, startPlatform, type TestTenant } from './platform.ts';
import { everything, type Scenario } from './scenario.ts';

let platform: Platform;
let acme: TestTenant;
let ids: Scenario;
beforeAll(async () => {
  platform = await startPlatform({ requestPoints: 5000 });
  acme = await platform.tenant('acme');
  ids = await everything(platform, acme);
});
afterAll(() => platform.stop());

const ask = (query: string, variables: object = {}, headers: Record<string, string> = {}) =>
  platform.query(acme.admin, query, variables, headers);
const codeOf = async (query: string, variables: object = {}, headers: Record<string, string> = {}) => {
  const { status, body } = await ask(query, variables, headers);
  expect(body.data).toBeUndefined();
  return `${status} ${body.errors[0].extensions.code}`;
};

it('rate, errors and duration are told by root field and code, and by no name that a client makes up', async () => {
  const told = async () => (await metrics.metrics()).split('\n').filter((line) => line.startsWith('atoll_graphql_'));
  const countOf = async (line: string) => {
    const found = (await told()).find((one) => one.startsWith(`${line} `));
    return Number(found?.split(' ').at(-1) ?? 0);
  };
  const lines = {
    viewer: 'atoll_graphql_seconds_count{kind="query",field="viewer"}',
    several: 'atoll_graphql_seconds_count{kind="query",field="several"}',
    refused: 'atoll_graphql_errors_total{kind="query",field="tenants",code="FORBIDDEN"}',
    invalid: 'atoll_graphql_errors_total{kind="none",field="none",code="GRAPHQL_VALIDATION_FAILED"}',
    stranger: 'atoll_graphql_errors_total{kind="none",field="none",code="UNAUTHENTICATED"}',
  } as const;
  const all = async () =>
    Object.fromEntries(
      await Promise.all(Object.entries(lines).map(async ([name, line]) => [name, await countOf(line)] as const)),
    );
  const before = await all();
  await ask('query MadeUpByMe { viewer { subject } }');
  await ask('{ viewer { subject } tenant { id } }');
  await ask('{ tenants { nodes { id } } }');
  await ask('{ madeUpByMe }');
  await platform.query('no token', '{ viewer { subject } }');
  const after = await all();
  for (const name of Object.keys(lines)) expect(after[name], name).toBe((before[name] ?? 0) + 1);
  expect((await told()).join('\n')).not.toMatch(/madeUpByMe/i);
});

describe('bad requests have a code, a text that says what to do, and change nothing', () => {
  it('a field that there is not', async () => {
    const { status, body } = await ask('{ namespaces { nodes { nmae } } }');
    expect(status).toBe(400);
    expect(body.errors[0].extensions).toEqual({ code: 'GRAPHQL_VALIDATION_FAILED', retry: 'never' });
    expect(body.errors[0].message).toContain('Cannot query field "nmae"');
    expect(body.errors[0].locations).toEqual([{ line: 1, column: 24 }]);
  });

  it('no GraphQL, no query, no JSON, an array, another type', async () => {
    expect(await codeOf('{ viewer { subject }')).toBe('400 GRAPHQL_PARSE_FAILED');
    expect(await codeOf('')).toBe('400 BAD_REQUEST');
    const raw = async (body: string, type = 'application/json') => {
      const headers = { authorization: `Bearer ${acme.admin}`, 'content-type': type };
      const response = await fetch(`${platform.url}/graphql`, { method: 'POST', headers, body });
      return { status: response.status, ...JSON.parse(await response.text()).errors[0] };
    };
    for (const body of [
      '{',
      '[]',
      '"x"',
      '{}',
      'null',
      '{"query": 5}',
      '{"query":"{viewer{subject}}","variables":"x"}',
      '',
    ]) {
      const { status, extensions } = await raw(body);
      expect(`${status} ${extensions.code}`, body).toBe('400 BAD_REQUEST');
    }
    expect(await raw('x', 'text/plain')).toMatchObject({
      status: 400,
      message: expect.stringContaining('application/json'),
    });
    expect(await raw('a=b', 'application/x-www-form-urlencoded')).toMatchObject({
      extensions: { code: 'BAD_REQUEST' },
    });
  });

  it('a body of 10 MB is PAYLOAD_TOO_LARGE, and the connection lives on', async () => {
    for (const size of [1024 * 1024 + 1, 10 * 1024 * 1024]) {
      const { status, body } = await ask(`{ viewer { subject } } #${'x'.repeat(size)}`);
      expect(status).toBe(413);
      expect(body.errors[0]).toMatchObject({
        message: expect.stringContaining('1048576'),
        extensions: { code: 'PAYLOAD_TOO_LARGE' },
      });
    }
    expect((await ask('{ viewer { subject } }')).status).toBe(200);
  });

  it('too deep, too many aliases, tokens or fields through fragments', async () => {
    const deep = `{ tenant { ${'environments { nodes { namespaces { nodes { environment { id '.repeat(5)}${'} } } } }'.repeat(5)} } }`;
    expect(await codeOf(deep)).toBe('400 GRAPHQL_VALIDATION_FAILED');
    const aliases = Array.from({ length: 101 }, (_, n) => `a${n}: viewer { subject }`).join(' ');
    expect((await ask(`{ ${aliases} }`)).body.errors[0].message).toContain('101 aliases');
    expect(await codeOf(`{ viewer { ${'subject '.repeat(11_000)} } }`)).toBe('400 GRAPHQL_PARSE_FAILED');
    const bomb = [
      'query { namespaces { nodes { ...F0 } } }',
      ...Array.from(
        { length: 8 },
        (_, n) =>
          `fragment F${n} on Namespace { environment { namespaces { nodes { ...F${n + 1} } } } e: environment { namespaces { nodes { ...F${n + 1} } } } }`,
      ),
      'fragment F8 on Namespace { id }',
    ].join('\n');
    const started = performance.now();
    expect(await codeOf(bomb)).toBe('400 GRAPHQL_VALIDATION_FAILED');
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('variables that are missing or of another type', async () => {
    const query = 'query ($id: ID!, $first: Int) { namespace(id: $id) { subnets(first: $first) { nodes { id } } } }';
    expect(await codeOf(query)).toBe('400 BAD_USER_INPUT');
    expect(await codeOf(query, { id: ids.namespace, first: 'ten' })).toBe('400 BAD_USER_INPUT');
    const unknown = 'mutation ($input: CreateEnvironmentInput!) { createEnvironment(input: $input) { position } }';
    const { body } = await ask(unknown, { input: { name: 'x', kind: 'TEST', colour: 'red' } });
    expect(body.errors[0]).toMatchObject({
      message: expect.stringContaining('"colour"'),
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });

  it('pages that are too large or go on from nowhere', async () => {
    const query = 'query ($first: Int, $after: String) { namespaces(first: $first, after: $after) { nodes { id } } }';
    for (const first of [0, -1, 101, 100_000]) expect(await codeOf(query, { first })).toBe('400 BAD_USER_INPUT');
    for (const after of [
      '',
      'x',
      '5',
      Buffer.from('[1,2]').toString('base64url'),
      Buffer.from('["a"]').toString('base64url'),
      '0'.repeat(3000),
    ]) {
      expect(await codeOf(query, { after }), after).toBe('400 CURSOR_MALFORMED');
    }
    expect((await ask(query, { first: null, after: null })).body.data.namespaces.nodes).toHaveLength(1);
  });

  it('what is no id is nobody’s, whatever is in it', async () => {
    for (const id of [
      '',
      'ns_',
      'ns_\u0000',
      'ns_\ud800',
      `${ids.namespace} `,
      ids.namespace.toUpperCase(),
      "' or 1=1",
    ]) {
      const { status, body } = await ask('query ($id: ID!) { namespace(id: $id) { id } node(id: $id) { id } }', { id });
      expect(status, id).toBe(200);
      expect(body, id).toEqual({ data: { namespace: null, node: null } });
    }
  });

  it('operations that are not to be told apart', async () => {
    const headers = { authorization: `Bearer ${acme.admin}`, 'content-type': 'application/json' };
    const send = async (body: object) => {
      const response = await fetch(`${platform.url}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) });
      return JSON.parse(await response.text());
    };
    const query = 'query A { viewer { subject } } query B { viewer { role } }';
    expect((await send({ query })).errors[0].extensions.code).toBe('BAD_REQUEST');
    expect((await send({ query, operationName: 'C' })).errors[0].extensions.code).toBe('BAD_REQUEST');
    expect((await send({ query, operationName: 'B' })).data).toEqual({ viewer: { role: 'admin' } });
    expect((await send({ query: 'subscription { events { id } }' })).errors[0]).toMatchObject({
      message: expect.stringContaining('WebSocket'),
    });
    const persisted = { extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } };
    expect((await send(persisted)).errors[0].extensions.code).toBe('BAD_REQUEST');
  });

  it('a position that is none, or that never comes', async () => {
    const query = '{ viewer { subject } }';
    for (const position of ['x', 'tenancy', 'tenancy:x', 'billing:1', 'tenancy:-1']) {
      expect(await codeOf(query, {}, { 'atoll-position': position }), position).toBe('400 BAD_REQUEST');
    }
    expect((await ask(query, {}, { 'atoll-position': 'tenancy:1, deploy:2,network:1' })).status).toBe(200);
    const started = performance.now();
    expect(await codeOf(query, {}, { 'atoll-position': 'tenancy:999999' })).toBe('504 DEADLINE_EXCEEDED');
    expect(performance.now() - started).toBeLessThan(12_000);
  });

  it('a browser form on another site (CSRF)', async () => {
    const url = `${platform.url}/graphql?query=${encodeURIComponent('{ viewer { subject } }')}`;
    const simple = await fetch(url, { headers: { authorization: `Bearer ${acme.admin}` } });
    expect(simple.status).toBe(400);
    expect(JSON.parse(await simple.text()).errors[0].extensions.code).toBe('BAD_REQUEST');
    const honest = await fetch(url, {
      headers: { authorization: `Bearer ${acme.admin}`, 'apollo-require-preflight': '1' },
    });
    expect(JSON.parse(await honest.text()).data.viewer.subject).toBe('acme-admin');
    const mutation = `${platform.url}/graphql?query=${encodeURIComponent('mutation { createEnvironment(input: {name: "x", kind: TEST}) { position } }')}`;
    const get = await fetch(mutation, {
      headers: { authorization: `Bearer ${acme.admin}`, 'apollo-require-preflight': '1' },
    });
    expect(JSON.parse(await get.text()).errors[0].extensions.code).toBe('BAD_REQUEST');
  });
});

describe('cost', () => {
  it('counts with the variables, cached document or not', async () => {
    const query =
      'query ($n: Int) { namespaces(first: $n) { nodes { deployments(first: $n) { nodes { instances(first: $n) { nodes { id } } } } } } }';
    expect((await ask(query, { n: 10 })).status).toBe(200);
    const { status, body } = await ask(query, { n: 100 });
    expect(status).toBe(400);
    // 100 × (1 + 100 × (1 + 100))
    expect(body.errors[0]).toMatchObject({
      message: expect.stringContaining('1010100'),
      extensions: { code: 'COST_EXCEEDED', cost: 1_010_100, limit: 5000 },
    });
  });

  it('is taken from the budget of the tenant, and of no other', async () => {
    await platform.restartGateway({ tenantPointsPerMinute: 300 });
    const globex = await platform.tenant('globex');
    const query = '{ namespaces(first: 100) { nodes { id } } }';
    for (let n = 0; n < 3; n += 1) expect((await ask(query)).status).toBe(200);
    const { status, body, headers } = await ask(query);
    expect(status).toBe(429);
    expect(body.errors[0].extensions).toMatchObject({
      code: 'BUDGET_EXCEEDED',
      retry: 'later',
      retryAfter: expect.any(Number),
    });
    expect(Number(headers.get('retry-after'))).toBe(body.errors[0].extensions.retryAfter);
    expect((await platform.query(globex.admin, query)).status).toBe(200);
    await platform.restartGateway();
  });
});

describe('what is not in the read models', () => {
  it('introspection gives the whole schema to whoever is signed in', async () => {
    const { body } = await ask(getIntrospectionQuery());
    const shown = buildClientSchema(body.data);
    expect(Object.keys(shown.getTypeMap()).sort()).toEqual(Object.keys(loadSchema().getTypeMap()).sort());
    expect((await platform.query(null, '{ __schema { types { name } } }')).status).toBe(401);
  });

  it('one document may ask for rows, live fields and the schema together, in its own order', async () => {
    const { text } = await ask(
      `query ($id: ID!) {
      z: __type(name: "Namespace") { kind name } a: namespace(id: $id) { name __typename } viewer { role } t: __typename b: namespace(id: $id) { id } }`,
      { id: ids.namespace },
    );
    expect(text).toBe(
      `{"data":{"z":{"kind":"OBJECT","name":"Namespace"},"a":{"name":"shop","__typename":"Namespace"},"viewer":{"role":"admin"},"t":"Query","b":{"id":"${ids.namespace}"}}}`,
    );
  });

  it('a non-null relation that leads nowhere makes null of the nearest nullable place, and says so', async () => {
    await platform.database.owner.query('update read.deployment set namespace_id = $1 where id = $2', [
      'ns_gone',
      ids.deployment,
    ]);
    const { body, status } = await ask(
      'query ($id: ID!) { ok: deployment(id: $id) { id } deployment(id: $id) { id namespace { id } } }',
      { id: ids.deployment },
    );
    expect(status).toBe(200);
    expect(body.data).toEqual({ ok: { id: ids.deployment }, deployment: null });
    expect(body.errors).toEqual([
      {
        message: expect.stringContaining('Cannot return null for non-nullable field Deployment.namespace'),
        locations: [{ line: 1, column: 76 }],
        path: ['deployment', 'namespace'],
        extensions: { code: 'UNAVAILABLE', retry: 'later' },
      },
    ]);
    await platform.database.owner.query('update read.deployment set namespace_id = $1 where id = $2', [
      ids.namespace,
      ids.deployment,
    ]);
  });

  it('what nobody planned is masked, and logged under the number that is told', async () => {
    await platform.database.owner.query('alter table read.subnet rename column ipv4 to was_ipv4');
    const { status, body, text } = await ask('{ subnets { nodes { ipv4 } } }');
    await platform.database.owner.query('alter table read.subnet rename column was_ipv4 to ipv4');
    expect(status).toBe(500);
    expect(body.errors[0].extensions).toEqual({
      code: 'INTERNAL_SERVER_ERROR',
      retry: 'same-key',
      correlation: expect.any(String),
    });
    expect(body.errors[0].message).toContain(body.errors[0].extensions.correlation);
    expect(text).not.toMatch(/column|ipv4|subnet|select/);
    expect((await ask('{ subnets { nodes { ipv4 } } }')).status).toBe(200);
  });
});

describe('probes', () => {
  it('ask the node of the instance', async () => {
    const subjects: string[] = [];
    const subscription = platform.nc.subscribe('node.*.live.probe', {
      callback(_error, message) {
        subjects.push(message.subject);
        const reply = { outcome: 'TIMED_OUT', millis: 5, httpStatus: null, httpBody: null, simulated: true };
        message.respond(JSON.stringify(reply));
      },
    });
    await platform.nc.flush();
    const { body } = await ask(
      `query ($id: ID!) { probe(from: $id, address: "10.64.0.9", port: 80) { outcome millis simulated httpStatus } }`,
      { id: ids.instance },
    );
    subscription.unsubscribe();
    expect(body.data).toEqual({ probe: { outcome: 'TIMED_OUT', millis: 5, simulated: true, httpStatus: null } });
    expect(subjects).toEqual([`node.${ids.node}.live.probe`]);
  });

  it('say so where the node is not there, or the question is no question', async () => {
    const away = await ask('query ($id: ID!) { probe(from: $id, address: "10.64.0.9", port: 80) { outcome } }', {
      id: ids.instance,
    });
    expect(away.body.errors[0]).toMatchObject({ extensions: { code: 'UNAVAILABLE' }, path: ['probe'] });
    const bad = { address: ['10.64.0', 80, 2000], port: ['10.64.0.1', 70_000, 2000], timeoutMs: ['10.64.0.1', 80, 50] };
    for (const [name, [address, port, timeoutMs]] of Object.entries(bad)) {
      const { body } = await ask(
        'query ($f: ID!, $a: String!, $p: Int!, $t: Int) { probe(from: $f, address: $a, port: $p, timeoutMs: $t) { outcome } }',
        { f: ids.instance, a: address, p: port, t: timeoutMs },
      );
      expect(body.errors[0]).toMatchObject({
        message: expect.stringContaining(name),
        extensions: { code: 'BAD_USER_INPUT' },
      });
    }
    expect(
      (
        await platform.query(
          acme.viewer,
          'query ($id: ID!) { probe(from: $id, address: "10.64.0.1", port: 1) { outcome } }',
          { id: ids.instance },
        )
      ).body.errors[0].extensions.code,
    ).toBe('FORBIDDEN');
  });
});

describe('pages', () => {
  it('the explorer is served from files of its own alone, under a policy that allows no other', async () => {
    const page = await fetch(`${platform.url}/graphql`, { headers: { accept: 'text/html,application/xhtml+xml' } });
    const html = await page.text();
    expect(page.headers.get('content-type')).toContain('text/html');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => String(link));
    expect(links.length).toBeGreaterThan(3);
    expect(html).not.toMatch(/<script(?![^>]*src=)[^>]*>|https?:/);
    for (const link of [
      ...links,
      '/explorer/worker-editor.js',
      '/explorer/worker-json.js',
      '/explorer/worker-graphql.js',
    ]) {
      expect(link).toMatch(/^\/explorer\//);
      const file = await fetch(`${platform.url}${link}`);
      expect(file.status, link).toBe(200);
      expect(file.headers.get('x-content-type-options')).toBe('nosniff');
      expect((await file.text()).length).toBeGreaterThan(100);
      const again = await fetch(`${platform.url}${link}`, {
        headers: { 'if-none-match': String(file.headers.get('etag')) },
      });
      expect(again.status).toBe(304);
    }
    expect((await fetch(`${platform.url}/explorer`)).status).toBe(200);
    expect((await fetch(`${platform.url}/explorer/..%2f..%2fpackage.json`)).status).toBe(404);
  });

  it('health', async () => {
    expect((await fetch(`${platform.url}/livez`)).status).toBe(200);
    expect(await (await fetch(`${platform.url}/readyz`)).json()).toEqual({ status: 'ready' });
    expect((await fetch(`${platform.url}/nothing`)).status).toBe(404);
  });
});
