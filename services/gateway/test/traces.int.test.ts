import { randomBytes } from 'node:crypto';
import type { CommandEnvelope } from '@atoll/schema/envelope';
import { newId } from '@atoll/service/ids';
import { serveJson } from '@atoll/service/nats';
import { withSpan } from '@atoll/service/spans';
import { orphans, type Recording, recordSpans } from '@atoll/service/testing/recording';
import { type Client, createClient } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { log } from './database.ts';
import { eventually, type Platform, startPlatform, type TestTenant } from './platform.ts';

let recording: Recording;
let platform: Platform;
let acme: TestTenant;
beforeAll(async () => {
  recording = recordSpans('gateway');
  platform = await startPlatform();
  acme = await platform.tenant('acme');
});
afterAll(async () => {
  await platform.stop();
  await recording.stop();
});
const serving: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(serving.splice(0).map((service) => service.stop()));
});

function clientTrace(flags = '01') {
  const traceId = randomBytes(16).toString('hex');
  const spanId = randomBytes(8).toString('hex');
  return { traceId, spanId, header: { traceparent: `00-${traceId}-${spanId}-${flags}` } };
}

/** Of one trace, once it has spans of those names. */
const ended = (traceId: string, ...names: readonly string[]) => {
  const last = names.length > 0 ? names : ['POST /graphql'];
  return eventually(`${last} of ${traceId}`, async () => {
    const mine = (await recording.spans()).filter((span) => span.traceId === traceId);
    return last.every((wanted) => mine.some(({ name }) => name === wanted)) && mine;
  });
};

/** Answers the command with a refusal, and keeps what it was asked. */
async function refusing(): Promise<CommandEnvelope[]> {
  const asked: CommandEnvelope[] = [];
  serving.push(
    serveJson(platform.nc, { subject: 'cmd.tenancy.CreateEnvironment', log }, async (body) => {
      asked.push(body as CommandEnvelope);
      return { ok: false, error: { code: 'NAME_TAKEN', message: 'There is one.', field: 'name' } };
    }),
  );
  await platform.nc.flush();
  return asked;
}
const create =
  'mutation ($name: String!) { createEnvironment(input: {name: $name, kind: TEST}) { userErrors { code } } }';

describe('a request', () => {
  it('goes on in the trace of the client, and tells its id', async () => {
    const { traceId, spanId, header } = clientTrace();
    const { headers } = await platform.query(acme.admin, '{ viewer { subject } }', {}, header);
    expect(headers.get('atoll-trace-id')).toBe(traceId);
    const spans = await ended(traceId);
    expect(spans.map(({ name }) => name).sort()).toEqual(['POST /graphql', 'query viewer']);
    expect(orphans(spans, [spanId])).toEqual([]);
  });

  it.each([
    ['none', undefined],
    ['garbage', 'Robert; drop table'],
    ['zeros', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`],
    ['another version', `cc-${'a'.repeat(32)}-${'b'.repeat(16)}-01`],
    ['the forbidden version', `ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`],
    ['more than one', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01, 00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`],
    ['eight thousand letters', `00-${'a'.repeat(8000)}`],
  ])('whose traceparent is %s begins a trace of its own', async (_what, traceparent) => {
    const answer = await platform.query(acme.admin, '{ viewer { role } }', {}, traceparent ? { traceparent } : {});
    expect(answer.status).toBe(200);
    const traceId = answer.headers.get('atoll-trace-id') ?? '';
    expect(traceId).toMatch(/^(?!0{32}|a{32}|c{32})[0-9a-f]{32}$/);
    const spans = await ended(traceId);
    expect(spans.find(({ name }) => name === 'POST /graphql')?.parentSpanId).toBeNull();
    expect(orphans(spans)).toEqual([]);
  });

  it('carries the trace in the command, as a child of the call, and a refusal is no error of ours', async () => {
    const asked = await refusing();
    const { traceId, spanId, header } = clientTrace();
    const { body } = await platform.query(acme.admin, create, { name: 'x' }, header);
    expect(body.data.createEnvironment.userErrors).toEqual([{ code: 'NAME_TAKEN' }]);
    const spans = await ended(traceId);
    const call = spans.find(({ name }) => name === 'call tenancy.CreateEnvironment');
    expect(asked[0]?.traceparent).toBe(`00-${traceId}-${call?.spanId}-01`);
    expect(call).toMatchObject({
      failed: false,
      attributes: { 'atoll.outcome': 'NAME_TAKEN', 'atoll.tenant': acme.id },
    });
    expect(spans.map(({ name }) => name)).toContain('mutation createEnvironment');
    expect(orphans(spans, [spanId])).toEqual([]);
  });

  it('of a client that wants no recording leaves no span, and its trace goes on in the command', async () => {
    const asked = await refusing();
    const { traceId, header } = clientTrace('00');
    const { headers } = await platform.query(acme.admin, create, { name: 'x' }, header);
    expect(headers.get('atoll-trace-id')).toBe(traceId);
    expect(asked[0]?.traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
    expect((await recording.spans()).filter((span) => span.traceId === traceId)).toEqual([]);
  });

  it('that is refused or fails tells the id, too, and what is masked has it in the error', async () => {
    const { traceId, header } = clientTrace();
    const refused = await platform.query('no token', '{ viewer { subject } }', {}, header);
    expect([refused.status, refused.headers.get('atoll-trace-id')]).toEqual([401, traceId]);

    const second = clientTrace();
    await platform.database.owner.query('alter table read.subnet rename column ipv4 to was_ipv4');
    const failed = await platform.query(acme.admin, '{ subnets { nodes { ipv4 } } }', {}, second.header);
    await platform.database.owner.query('alter table read.subnet rename column was_ipv4 to ipv4');
    expect(failed.body.errors[0].extensions).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', traceId: second.traceId });
    const spans = await ended(second.traceId);
    expect(spans.filter((span) => span.failed).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['POST /graphql', 'query subnets', 'read']),
    );
  });
});

describe('over a WebSocket', () => {
  let client: Client;
  beforeAll(() => {
    client = createClient({
      url: `${platform.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${acme.admin}` },
    });
  });
  afterAll(() => client.dispose());

  it('an operation goes on in the trace that its extensions name', async () => {
    const { traceId, spanId, header } = clientTrace();
    for await (const _answer of client.iterate({ query: '{ viewer { subject } }', extensions: header })) break;
    const spans = await ended(traceId, 'WS /graphql');
    expect(spans.map(({ name }) => name).sort()).toEqual(['WS /graphql', 'query viewer']);
    expect(orphans(spans, [spanId])).toEqual([]);
  });

  it('an event is applied and delivered in the trace of what it follows from', async () => {
    const { traceId, spanId, header } = clientTrace();
    const events = client.iterate<{ events: { type: string } }>({ query: 'subscription { events { type } }' });
    // What was refused before is told here, too, and may still be on its way.
    const added = (async () => {
      for await (const { data } of events) if (data?.events.type === 'tenancy.MemberAdded') return data.events.type;
    })();
    await eventually('it is subscribed', async () =>
      (await recording.spans()).some(({ name }) => name === 'subscription events'),
    );
    await withSpan('somebody', header, async () => {
      const person = { subject: 'ann', displayName: null, email: null };
      const data = { tenantId: acme.id, memberId: newId('member'), role: 'viewer', ...person };
      await platform.append(acme.id, 'tenancy', `tenant:${acme.id}`, { type: 'MemberAdded', data });
    });
    expect(await added).toBe('tenancy.MemberAdded');
    const names = [
      ...['somebody', 'append', 'commit', 'publish tenancy.MemberAdded'],
      ...['apply read tenancy.MemberAdded', 'deliver tenancy.MemberAdded'],
    ];
    const spans = await ended(traceId, ...names);
    expect(new Set(spans.map(({ name }) => name))).toEqual(new Set(names));
    expect(orphans(spans, [spanId])).toEqual([]);
  });
});

it('nothing that somebody sent is in any span', async () => {
  await refusing();
  const { traceId, header } = clientTrace();
  await platform.query(acme.admin, create, { name: 'hush-hush' }, { ...header, 'x-secret': 'hush-hush' });
  await platform.query(acme.admin, `{ namespace(id: "hush-hush") { id } }`, {}, clientTrace().header);
  await ended(traceId);
  const text = await recording.text();
  expect(text).toContain('query namespace');
  for (const secret of ['hush-hush', acme.admin, acme.admin.split('.')[2] ?? '', 'createEnvironment(input', 'Bearer']) {
    expect(text).not.toContain(secret);
  }
});
