import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAtoll } from '../src/client.ts';
import {
  AtollAccessError,
  AtollFaultError,
  AtollNetworkError,
  AtollRequestError,
  AtollUserError,
} from '../src/errors.ts';
import { type Clock, systemClock } from '../src/retry.ts';
import { type Received, type Reply, startServer, type TestServer } from './server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(async () => {
  await server.close();
});

/** Waits are counted, not waited. */
function fastClock() {
  const waits: number[] = [];
  let skipped = 0;
  const clock: Clock = {
    now: () => systemClock.now() + skipped,
    random: () => 0.5,
    sleep: async (ms) => {
      waits.push(ms);
      skipped += ms;
    },
  };
  return { clock, waits };
}
const client = (
  more: { clock?: Clock; token?: string | (() => string); traceparent?: () => string | undefined } = {},
) => createAtoll({ url: server.url, token: 'secret', ...more });

const environment = { id: 'env_1', name: 'test', kind: 'TEST', createdAt: '2026-11-23T08:30:00.000Z' };
const created = (): Reply => ({
  json: { data: { createEnvironment: { environment, userErrors: [], position: 'tenancy:7' } } },
});
const refused = (code: string) => (): Reply => ({
  json: {
    data: {
      createEnvironment: {
        environment: null,
        userErrors: [{ code, message: `no: ${code}`, field: ['input', 'name'] }],
        position: null,
      },
    },
  },
});
const thrown =
  (code: string, status = 200, headers: Record<string, string> = {}) =>
  (): Reply => ({
    status,
    headers,
    json: { errors: [{ message: `no: ${code}`, extensions: { code } }], data: null },
  });
const keyOf = (request: Received | undefined) => request?.variables.input?.idempotencyKey;
const create = { name: 'test', kind: 'TEST' } as const;

test('a call goes on in the trace that it is told of, each attempt anew, and begins none by itself', async () => {
  const header = (index: number) => server.received[index]?.headers.traceparent;
  server.answer(created);
  await client().mutate.createEnvironment(create);
  expect(header(0)).toBeUndefined();
  const spans = ['b7ad6b7169203331', 'b7ad6b7169203332'].map((id) => `00-0af7651916cd43dd8448eb211c80319c-${id}-01`);
  const told = [...spans, undefined, '00-0af7-b7ad-01'];
  const { clock } = fastClock();
  const traced = client({ clock, traceparent: () => told.shift() });
  server.answer(thrown('UNAVAILABLE', 503), created);
  await traced.mutate.createEnvironment(create);
  expect([header(1), header(2)]).toEqual(spans);
  await traced.mutate.createEnvironment(create);
  await traced.mutate.createEnvironment(create);
  expect([header(3), header(4)]).toEqual([undefined, undefined]);
  expect(told).toEqual([]);
});

test('a mutation answers with its payload, and sends token and key', async () => {
  server.answer(created);
  const done = await client().mutate.createEnvironment(create);
  expect(done.environment).toEqual(environment);
  expect(done.position).toBe('tenancy:7');
  expect(server.received[0]?.headers.authorization).toBe('Bearer secret');
  expect(keyOf(server.received[0])).toMatch(/^[0-9a-f]{32}$/);
});

test('every retry of a mutation carries the same key, and two mutations carry different ones', async () => {
  const { clock } = fastClock();
  server.answer(
    thrown('UNAVAILABLE', 503),
    () => 'reset',
    thrown('UNKNOWN_OUTCOME'),
    refused('IDEMPOTENCY_KEY_IN_FLIGHT'),
    created,
  );
  const atoll = client({ clock });
  await atoll.mutate.createEnvironment(create);
  expect(server.received).toHaveLength(5);
  expect(new Set(server.received.map(keyOf)).size).toBe(1);
  await atoll.mutate.createEnvironment(create);
  expect(new Set(server.received.map(keyOf)).size).toBe(2);
});

test('a key of the caller is kept, from the input or from the options', async () => {
  server.answer(created);
  await client().mutate.createEnvironment({ ...create, idempotencyKey: 'mine' });
  await client().mutate.createEnvironment(create, { idempotencyKey: 'ours' });
  expect(server.received.map(keyOf)).toEqual(['mine', 'ours']);
});

test('user errors are thrown as one AtollUserError with code, field, key and retry', async () => {
  server.answer(refused('NAME_TAKEN'));
  const error = await client()
    .mutate.createEnvironment(create)
    .catch((e: unknown) => e);
  expect(error).toBeInstanceOf(AtollUserError);
  expect(error).toMatchObject({
    code: 'NAME_TAKEN',
    field: ['input', 'name'],
    retry: 'never',
    message: 'no: NAME_TAKEN',
    idempotencyKey: keyOf(server.received[0]),
  });
  expect(server.received).toHaveLength(1);
});

test('a code that this version does not know is told as it came', async () => {
  server.answer(refused('FULL_MOON'));
  await expect(client().mutate.createEnvironment(create)).rejects.toMatchObject({
    name: 'AtollUserError',
    code: 'UNKNOWN_CODE',
    serverCode: 'FULL_MOON',
  });
});

test.each([
  ['FORBIDDEN', AtollAccessError],
  ['GRAPHQL_VALIDATION_FAILED', AtollRequestError],
  ['INTERNAL_SERVER_ERROR', AtollFaultError],
  ['ALIEN', AtollFaultError],
])('%s is thrown at once as %o', async (code, kind) => {
  server.answer(thrown(code));
  await expect(client().query.viewer()).rejects.toBeInstanceOf(kind);
  expect(server.received).toHaveLength(1);
});

test('an answer of something else than Atoll is not taken for one', async () => {
  server.answer(() => ({ status: 200, text: '<html>welcome to the hotel</html>' }));
  await expect(client().query.viewer()).rejects.toMatchObject({ name: 'AtollNetworkError', code: 'NOT_ATOLL' });
});

test('retry-after is waited for', async () => {
  const { clock, waits } = fastClock();
  server.answer(thrown('BUDGET_EXCEEDED', 429, { 'retry-after': '3' }), () => ({
    json: { data: { tenant: { id: 'ten_1' } } },
  }));
  await client({ clock }).query.tenant();
  expect(waits).toEqual([3050]);
});

test('retries end with the deadline, and the last error is what is thrown', async () => {
  const { clock, waits } = fastClock();
  server.answer(thrown('UNAVAILABLE', 503));
  const started = clock.now();
  await expect(client({ clock }).query.tenant({}, { deadlineMs: 2_000 })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  });
  expect(waits.length).toBeGreaterThan(2);
  expect(clock.now() - started).toBeLessThan(2_500);
});

test('an attempt that gets no answer is given up, and tried again', async () => {
  server.answer(
    () => 'hang',
    () => ({ json: { data: { tenant: { id: 'ten_1' } } } }),
  );
  await client().query.tenant({}, { attemptMs: 100 });
  expect(server.received).toHaveLength(2);
});

test('a mutation without a variable for its input is repeated only where it surely was not done', async () => {
  const { clock } = fastClock();
  const text = 'mutation { createEnvironment(input: {name: "a", kind: TEST}) { position } }';
  server.answer(thrown('UNKNOWN_OUTCOME'));
  await expect(client({ clock }).request(text)).rejects.toMatchObject({ code: 'UNKNOWN_OUTCOME' });
  expect(server.received).toHaveLength(1);
  server.answer(thrown('UNAVAILABLE'), created);
  await client({ clock }).request(text);
  expect(server.received).toHaveLength(3);
});

test('request gives the payload as it is, user errors included', async () => {
  server.answer(refused('NAME_TAKEN'));
  const data = await client().request<{ createEnvironment: { userErrors: { code: string }[] } }, { input: object }>(
    'mutation C($input: CreateEnvironmentInput!) { createEnvironment(input: $input) { userErrors { code message field } } }',
    { input: create },
  );
  expect(data.createEnvironment.userErrors[0]?.code).toBe('NAME_TAKEN');
  expect(keyOf(server.received[0])).toMatch(/^[0-9a-f]{32}$/);
});

test('positions that were seen go with every later request, the newest of each context', async () => {
  const atoll = client();
  server.answer(created);
  await atoll.mutate.createEnvironment(create);
  server.answer(() => ({
    json: { data: { createSubnet: { subnet: { id: 'sub_1' }, userErrors: [], position: 'network:3' } } },
  }));
  await atoll.mutate.createSubnet({ namespaceId: 'ns_1' });
  server.answer(() => ({ json: { data: { tenant: { id: 'ten_1' } } } }));
  await atoll.query.tenant();
  expect(server.received.map((r) => r.headers['atoll-position'])).toEqual([
    undefined,
    'tenancy:7',
    'network:3,tenancy:7',
  ]);
});

test('the caller’s abort ends the call with the caller’s reason', async () => {
  server.answer(() => 'hang');
  const reason = new Error('enough');
  const abort = new AbortController();
  const call = client().query.tenant({}, { signal: abort.signal });
  abort.abort(reason);
  await expect(call).rejects.toBe(reason);
});

test('a provider is asked once more for a refused token, and then no more', async () => {
  const tokens = ['old', 'new', 'newer'];
  server.answer(thrown('TOKEN_EXPIRED', 401));
  const atoll = client({ token: () => tokens.shift() ?? 'none' });
  await expect(atoll.query.tenant()).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
  expect(server.received.map((r) => r.headers.authorization)).toEqual(['Bearer old', 'Bearer new']);
});

test('client credentials are exchanged once for many calls, and again shortly before the token expires', async () => {
  const { clock } = fastClock();
  let issued = 0;
  server.answer((request) =>
    request.path === '/token'
      ? { json: { access_token: `t${++issued}`, token_type: 'Bearer', expires_in: 100 } }
      : { json: { data: { tenant: { id: 'ten_1' } } } },
  );
  const tokenUrl = server.url.replace('/graphql', '/token');
  const atoll = createAtoll({
    url: server.url,
    clientCredentials: { clientId: 'sa_1', clientSecret: 's:1', tokenUrl },
    clock,
  });
  await Promise.all([atoll.query.tenant(), atoll.query.tenant(), atoll.query.tenant()]);
  expect(issued).toBe(1);
  const exchange = server.received.find((r) => r.path === '/token');
  expect(exchange?.headers.authorization).toBe(`Basic ${btoa('sa_1:s%3A1')}`);
  expect(exchange?.raw).toBe('grant_type=client_credentials');
  await clock.sleep(81_000);
  await atoll.query.tenant();
  expect(issued).toBe(2);
  expect(server.received.at(-1)?.headers.authorization).toBe('Bearer t2');
});

test('a token endpoint that is away for a moment is asked again, within the deadline of the call', async () => {
  const { clock, waits } = fastClock();
  const answers: Reply[] = ['reset', { status: 503, text: 'later' }, { json: { access_token: 't', expires_in: 60 } }];
  const data: Reply = { json: { data: { tenant: { id: 'ten_1' } } } };
  server.answer((request) => (request.path === '/token' ? (answers.shift() ?? 'hang') : data));
  const tokenUrl = server.url.replace('/graphql', '/token');
  const credentials = { clientId: 'sa_1', clientSecret: 's', tokenUrl };
  await createAtoll({ url: server.url, clientCredentials: credentials, clock }).query.tenant();
  expect(waits).toHaveLength(2);
});

test('refused client credentials are an access error, an unreachable token endpoint a network error', async () => {
  server.answer(() => ({ status: 401, json: { error: 'invalid_client', error_description: 'no such client' } }));
  const tokenUrl = server.url;
  const credentials = { clientId: 'sa_1', clientSecret: 's' };
  const bad = createAtoll({ url: server.url, clientCredentials: { ...credentials, tokenUrl } });
  await expect(bad.query.tenant()).rejects.toBeInstanceOf(AtollAccessError);
  const { clock } = fastClock();
  const gone = createAtoll({
    url: server.url,
    clientCredentials: { ...credentials, tokenUrl: 'http://127.0.0.1:9/' },
    clock,
  });
  await expect(gone.query.tenant()).rejects.toBeInstanceOf(AtollNetworkError);
});
