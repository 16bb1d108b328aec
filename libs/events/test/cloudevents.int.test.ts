/** What the relay publishes is CloudEvents by the specification's own SDK, and not only by ours. */
import { eventStream, eventSubject } from '@atoll/schema/subjects';
import { newId } from '@atoll/service/ids';
import { jetstreamManager } from '@nats-io/jetstream';
import { CloudEvent, HTTP } from 'cloudevents';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fromCloudEvent, toCloudEvent } from '../src/cloudevents.ts';
import { goldenReleases, readGolden } from '../src/testing/golden.ts';
import { eventually, openPipeline, type Pipeline } from './pipeline.ts';

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline();
});
afterAll(() => pipeline.close());

/** Names of attributes: lower-case letters and digits, 20 at most; reserved ones are CloudEvents' own. */
const legalName = /^[a-z0-9]{1,20}$/;
const extensions = [
  ...['tenant', 'streamversion', 'position', 'schemaversion', 'actor', 'correlation', 'cause', 'traceparent'],
];

/** Parsed and checked by the SDK; throws where it is none. */
function parseStrictly(headers: Record<string, string>, body: string): CloudEvent<unknown> {
  const parsed = HTTP.toEvent<unknown>({ headers, body });
  if (Array.isArray(parsed)) throw new Error('One event, please.');
  const event = new CloudEvent({ ...parsed }, true);
  event.validate();
  return event;
}

test('messages of the relay are parsed by the SDK, attribute by attribute, and come back as they went', async () => {
  const { store } = pipeline;
  await pipeline.relay();
  const tenant = newId('tenant');
  const caused = { cause: newId('event'), traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' };
  const origin = { tenant, actor: 'user:ann', correlation: 'c', cause: null, traceparent: null };
  const append = (stream: string, more: object, ...types: ('Opened' | 'Moved')[]) =>
    store.append({
      ...{ stream, expected: { kind: 'any' }, claims: [], origin: { ...origin, ...more } },
      events: types.map((type) => ({
        type,
        data: type === 'Opened' ? { owner: 'Grüße, “quoted” \\ 👋\n' } : { amount: Number.MAX_SAFE_INTEGER },
      })),
    });
  await append('account:plain', {}, 'Opened');
  await append('account:caused', caused, 'Opened', 'Moved');
  await eventually('all are published', async () => (await store.lastPosition()) === 3);

  const jsm = await jetstreamManager(await pipeline.connect());
  const stored = await store.readStored(0, 10);
  expect(stored).toHaveLength(3);
  for (const record of stored) {
    await eventually(`${record.position} is in the stream`, async () => {
      const { state } = await jsm.streams.info(eventStream('deploy')).catch(() => ({ state: { last_seq: 0 } }));
      return state.last_seq >= record.position;
    });
    const message = await jsm.streams.getMessage(eventStream('deploy'), { seq: record.position });
    if (message === null) throw new Error('It is not there.');
    const contentType = message.header.get('content-type');
    expect(contentType).toBe('application/cloudevents+json');
    expect(message.subject).toBe(eventSubject(record));
    expect(message.header.get('Nats-Msg-Id')).toBe(`deploy:${record.position}`);

    const event = parseStrictly({ 'content-type': contentType }, message.string());
    expect(event).toMatchObject({
      specversion: '1.0',
      id: record.id,
      source: '/atoll/deploy',
      type: `atoll.deploy.${record.type}`,
      subject: record.stream,
      time: record.time,
      datacontenttype: 'application/json',
      tenant,
      streamversion: record.version,
      position: String(record.position),
      schemaversion: 1,
      actor: 'user:ann',
      correlation: 'c',
      data: record.data,
      ...(record.cause === null ? {} : caused),
    });
    const own = Object.keys(message.json<object>()).filter((name) => !['data', 'id'].includes(name));
    for (const name of own) expect(name).toMatch(legalName);
    const standard = ['specversion', 'source', 'type', 'subject', 'time', 'datacontenttype'];
    expect(own.filter((name) => !standard.includes(name)).every((name) => extensions.includes(name))).toBe(true);
    // Without a cause there is no attribute, rather than an empty one.
    expect(own.includes('cause')).toBe(record.cause !== null);

    const again = HTTP.structured(event);
    expect(fromCloudEvent(JSON.parse(String(again.body)))).toEqual(record);
  }
});

describe.each(goldenReleases())('what release %s wrote', (release) => {
  test.each(['tenancy', 'deploy', 'network'] as const)('of %s is CloudEvents, and reads back the same', (context) => {
    const events = readGolden(release, context);
    expect(events.length).toBeGreaterThan(0);
    for (const record of events) {
      const wire = JSON.stringify(toCloudEvent(record));
      const event = parseStrictly({ 'content-type': 'application/cloudevents+json' }, wire);
      expect(fromCloudEvent(JSON.parse(JSON.stringify(event.toJSON())))).toEqual(record);
    }
  });
});

test.each([
  ['no source', { source: '' }],
  ['no type', { type: '' }],
  ['an attribute with a hyphen', { 'stream-version': 1 }],
  ['an attribute in capitals', { Position: '1' }],
])('the check is one: the SDK refuses %s', (_, change) => {
  const [record] = readGolden(goldenReleases()[0] ?? '', 'tenancy');
  if (record === undefined) throw new Error('There are no golden events.');
  const bad = JSON.stringify({ ...toCloudEvent(record), ...change });
  expect(() => parseStrictly({ 'content-type': 'application/cloudevents+json' }, bad)).toThrow();
});
