/** Streams and NATS servers that aren't as the relay needs them: set right, made anew, or refused with a text. */
import { startTestNats } from '@atoll/infra/testing/nats';
import { eventStream, eventSubjects } from '@atoll/schema/subjects';
import { connectNats } from '@atoll/service/nats';
import {
  DiscardPolicy,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRelay } from '../src/relay.ts';
import { checkNatsServer } from '../src/stream/stream-care.ts';
import { testLog } from '../src/testing/open-store.ts';
import { eventually, openPipeline, type Pipeline, upTo, within } from './pipeline.ts';

const name = eventStream('deploy');
let pipeline: Pipeline;
let jsm: JetStreamManager;
beforeEach(async () => {
  pipeline = await openPipeline();
  jsm = await jetstreamManager(await pipeline.connect());
});
afterEach(() => pipeline.close());

const make = (config: Partial<StreamConfig>) =>
  jsm.streams.add({ name, subjects: [eventSubjects('deploy')], ...config } as Parameters<typeof jsm.streams.add>[0]);
const configNow = async () => (await jsm.streams.info(name)).config;
const sound = {
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  discard: DiscardPolicy.Old,
  subjects: [eventSubjects('deploy')],
  max_age: 0,
  max_msgs: -1,
  duplicate_window: 120_000_000_000,
};

/** All events come to a consumer, whatever there was before. */
async function everythingArrives(): Promise<void> {
  await pipeline.append(20);
  const relay = await pipeline.relay();
  const consumer = await pipeline.consume({ name: 'c', source: pipeline.stream(await pipeline.connect()) });
  const last = await pipeline.append(20);
  await eventually('all is published', () => relay.published() === last);
  expect(await consumer.waitFor(last, within(15_000))).toBe(true);
  expect(await pipeline.effects('c')).toEqual(upTo(last));
  expect(relay.problem()).toBeNull();
  expect(await configNow()).toMatchObject(sound);
}

describe('a stream that was made by somebody else', () => {
  test.each<[string, Partial<StreamConfig>]>([
    ['refuses new messages when full', { discard: DiscardPolicy.New, max_msgs: 5 }],
    ['forgets by age', { max_age: 3_600_000_000_000 }],
    ['keeps one message of each subject', { max_msgs_per_subject: 1 }],
    ['takes small messages only', { max_msg_size: 100 }],
    ['acknowledges nothing', { no_ack: true }],
    ['takes less of our subjects, and others', { subjects: ['evt.deploy.platform.>', 'other.>'] }],
  ])('and %s is set right', async (_, config) => {
    await make(config);
    await everythingArrives();
  });

  test.each<[string, Partial<StreamConfig>]>([
    ['is kept in memory', { storage: StorageType.Memory }],
    ['forgets what was acknowledged', { retention: RetentionPolicy.Workqueue }],
    ['allows no consumers', { max_consumers: 1 }],
  ])('and %s is made anew', async (_, config) => {
    await make(config);
    await jetstream(await pipeline.connect()).publish('evt.deploy.platform.account.a.Opened', '{}');
    await everythingArrives();
  });

  test.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'has only other subjects',
      () => make({ subjects: ['orders.>'] }),
      /EVENTS_DEPLOY takes orders\.>.*Remove or rename/,
    ],
    [
      'mirrors another',
      async () => {
        await jsm.streams.add({ name: 'ELSEWHERE', subjects: ['elsewhere.>'] });
        await jsm.streams.add({ name, mirror: { name: 'ELSEWHERE' } });
      },
      /is a mirror of ELSEWHERE/,
    ],
    [
      'has our subjects under another name',
      () => jsm.streams.add({ name: 'AUDIT', subjects: ['evt.>'] }),
      /streams AUDIT already take evt\.deploy\.>.*NATS account of its own/,
    ],
  ])('and %s is left alone, and told until somebody acts', async (_, prepare, text) => {
    await prepare();
    const before = await Promise.all((await jsm.streams.names().next()).map((one) => jsm.streams.info(one)));
    const last = await pipeline.append(3);
    const relay = await pipeline.relay();
    await eventually('it is told', () => text.test(relay.problem() ?? ''));
    const after = await Promise.all((await jsm.streams.names().next()).map((one) => jsm.streams.info(one)));
    expect(after.map(({ config, state }) => ({ config, messages: state.messages }))).toEqual(
      before.map(({ config, state }) => ({ config, messages: state.messages })),
    );
    // Consumers have their events all the same, from the owner.
    const consumer = await pipeline.consume({ name: 'c', source: pipeline.stream(await pipeline.connect()) });
    expect(await consumer.waitFor(last, within(15_000))).toBe(true);
    for (const one of await jsm.streams.names().next()) await jsm.streams.delete(one);
    await eventually('it publishes', () => relay.published() === last && relay.problem() === null);
  });
});

test('settings that somebody changes while the relay runs are set right', async () => {
  const relay = await pipeline.relay();
  const first = await pipeline.append(5);
  await eventually('it publishes', () => relay.published() === first);
  await jsm.streams.update(name, { max_age: 3_600_000_000_000, discard: DiscardPolicy.New });
  await eventually('they are set right', async () => {
    const { max_age, discard } = await configNow();
    return max_age === 0 && discard === DiscardPolicy.Old;
  });
  const last = await pipeline.append(5);
  await eventually('it goes on', () => relay.published() === last);
});

test('a NATS server without JetStream is named, and consumers have their events from the owner', async () => {
  const plain = await startTestNats({ config: 'jetstream: disabled' });
  const nc = await connectNats({ url: plain.url, name: 'test', log: testLog });
  const relay = await startRelay({ store: pipeline.store, nc, log: testLog });
  try {
    await eventually('it is told', () => /has no JetStream.*jetstream \{ store_dir/.test(relay.problem() ?? ''));
    const last = await pipeline.append(3);
    const consumer = await pipeline.consume({ name: 'plain', source: pipeline.stream(nc) });
    expect(await consumer.waitFor(last, within(15_000))).toBe(true);
    await consumer.stop();
  } finally {
    await relay.stop();
    await nc.close();
    await plain.stop();
  }
});

test('a NATS server that takes small messages only is named', async () => {
  const plain = await startTestNats({ config: 'max_payload: 65536' });
  const nc = await connectNats({ url: plain.url, name: 'test', log: testLog });
  try {
    expect(() => checkNatsServer({ ...nc.info, jetstream: true })).toThrow(/65536 bytes at most.*max_payload: 1MB/);
    expect(() => checkNatsServer({ jetstream: true, max_payload: 1_048_576 })).not.toThrow();
  } finally {
    await nc.close();
    await plain.stop();
  }
});
