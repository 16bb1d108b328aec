import { startTestNats, type TestNats } from '@atoll/infra/testing/nats';
import { id, type Tenant } from '@atoll/schema/ids';
import { eventStream } from '@atoll/schema/subjects';
import { newId } from '@atoll/service/ids';
import { connectNats, type NatsConnection } from '@atoll/service/nats';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Consumer, startConsumer } from '../src/consumer.ts';
import { listParked, retryParked } from '../src/parked.ts';
import { createRemoteOpener, serveKeys } from '../src/personal/key-service.ts';
import { type Relay, startRelay } from '../src/relay.ts';
import type { EventStore } from '../src/store.ts';
import { testMasterKeys } from '../src/testing/master-keys.ts';
import { openTestStores, type TestStores, testLog } from '../src/testing/open-store.ts';
import { peopleEvents } from '../src/testing/people.ts';

const patient = { timeout: 25_000, interval: 20 };
const tenant: Tenant = id('tenant').parse(newId('tenant'));
const masterKeys = testMasterKeys();
let stores: TestStores;
let store: EventStore;
let pool: Pool;
let nats: TestNats;
let nc: NatsConnection;
let relay: Relay;
let keys: { stop(): Promise<void> };
let consumer: Consumer;
/** What the consumer's table has: the read model, as it were. */
const told: string[] = [];
let fails: ((name: string) => Error) | null = null;

const serve = () => {
  if (!store.personal) throw new Error('no master keys');
  return serveKeys({ nc, context: 'deploy', personal: store.personal, log: testLog });
};

beforeAll(async () => {
  [stores, nats] = await Promise.all([openTestStores(), startTestNats()]);
  ({ store, pool } = stores.open({ registry: peopleEvents, masterKeys }));
  nc = await connectNats({ url: nats.url, name: 'test', log: testLog });
  relay = await startRelay({ store, nc, log: testLog });
  keys = serve();
  const open = createRemoteOpener({ nc, context: 'deploy', registry: peopleEvents });
  consumer = await startConsumer({
    name: 'people',
    source: { kind: 'stream', nc, context: 'deploy', registry: peopleEvents, open },
    pool,
    schema: 'deploy',
    handler: {
      kind: 'project',
      async apply(tx, events) {
        for (const { data } of events) {
          const { name } = data as { name?: string | null };
          if (name === undefined) continue;
          if (fails) throw fails(name ?? '');
          if (name === 'no number') await tx.query('select $1::text::integer', [name]);
          told.push(name ?? '(erased)');
        }
      },
    },
    log: testLog,
  });
}, 60_000);
afterAll(async () => {
  await consumer?.stop();
  await keys?.stop();
  await relay?.stop();
  await nc?.close();
  await nats?.stop();
  await stores?.close();
});

let people = 0;
async function rename(name: string, erases: string[] = []) {
  const subject = `p-${++people}`;
  const stream = `club:${subject}`;
  const outcome = await store.append({
    ...{ stream, expected: { kind: 'any' }, claims: [], erases },
    events: [{ type: 'Renamed', data: { subject, name } }],
    origin: { tenant, actor: 'user:x', cause: null, correlation: 'c', traceparent: null },
  });
  if (outcome.outcome !== 'appended') throw new Error(outcome.outcome);
  return { subject, stream, position: outcome.position };
}
const erase = (subject: string) =>
  store.append({
    ...{ stream: `club:${subject}`, expected: { kind: 'any' }, claims: [], erases: [subject] },
    events: [{ type: 'Forgotten', data: { subject } }],
    origin: { tenant, actor: 'user:x', cause: null, correlation: 'c', traceparent: null },
  });
const parked = () => listParked({ pool, schema: 'deploy' }, { limit: 100 });

describe('consumers of personal data', () => {
  it('get it opened by its owner; the stream holds the sealed form alone', async () => {
    const { position } = await rename('Quirin');
    await consumer.waitFor(position, Date.now() + 25_000);
    expect(told).toContain('Quirin');
    const jsm = await jetstreamManager(nc);
    // The consumer may have fetched it from the owner before it was published.
    const state = await vi.waitFor(async () => {
      const info = await jsm.streams.info(eventStream('deploy'));
      expect(info.state.messages).toBeGreaterThanOrEqual(position);
      return info.state;
    }, patient);
    let all = '';
    for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
      all +=
        (
          await jetstream(nc)
            .streams.get(eventStream('deploy'))
            .then((s) => s.getMessage({ seq }))
        )?.string() ?? '';
    }
    expect(all).toContain('$sealed');
    expect(all).not.toContain('Quirin');
  });

  it('wait for the owner of the keys where it is away, and park nothing', async () => {
    await keys.stop();
    const { position } = await rename('Roswitha');
    await vi.waitFor(() => expect(consumer.problem()).toContain('key.deploy.data'), patient);
    expect(consumer.position()).toBeLessThan(position);
    keys = serve();
    expect(await consumer.waitFor(position, Date.now() + 25_000)).toBe(true);
    expect(told).toContain('Roswitha');
    expect(await parked()).toEqual([]);
  });

  it('park what can not be opened, and go on with everything else', async () => {
    const { subject, position } = await rename('Siegfried');
    await consumer.waitFor(position, Date.now() + 25_000);
    // As one who can write to the database would: a value moved to another stream.
    await relay.stop();
    const moved = await rename('Theodora');
    await pool.query(
      `update deploy.event set data = jsonb_set(data, '{name}', (select data -> 'name' from deploy.event where stream = $1 limit 1))
        where stream = $2`,
      [`club:${subject}`, moved.stream],
    );
    relay = await startRelay({ store, nc, log: testLog });
    const after = await rename('Ulrich');
    expect(await consumer.waitFor(after.position, Date.now() + 25_000)).toBe(true);
    expect(told).toContain('Ulrich');
    const found = await parked();
    expect(found).toMatchObject([
      { stream: moved.stream, error: expect.stringContaining("can't be opened: It was changed") },
    ]);
    expect(JSON.stringify(found)).not.toMatch(/Siegfried|Theodora/);
    await pool.query('delete from deploy.parked_event');
  });

  it('tell nothing of it in what they park: neither the event nor the error that quotes it', async () => {
    const fatal = Object.assign(new Error('is "Viktoria \\"V\\"" a name?'), { detail: 'Key (name)=(Viktoria "V")' });
    fails = (name) => (name.startsWith('Viktoria') ? fatal : new Error('another'));
    const { stream, subject } = await rename('Viktoria "V"');
    await vi.waitFor(async () => expect(await parked()).toHaveLength(1), patient);
    const [one] = await parked();
    expect(one?.error).toBe('Error: is "(personal)" a name?');
    expect(fatal.detail).toBe('Key (name)=((personal))');
    expect(fatal.stack).not.toContain('Viktoria');
    expect(JSON.stringify(one)).not.toContain('Viktoria');

    // Erased before it is tried again: nothing of it comes back.
    await erase(subject);
    await vi.waitFor(async () => expect(await parked()).toHaveLength(2), patient);
    const open = createRemoteOpener({ nc, context: 'deploy', registry: peopleEvents });
    const [opened] = await open((await parked()).map(({ event }) => event));
    expect(opened?.data).toMatchObject({ name: null });
    fails = null;
    await retryParked({ pool, schema: 'deploy' }, { consumer: 'people', stream });
    await vi.waitFor(async () => expect(await parked()).toEqual([]), patient);
  });

  it('have the values that PostgreSQL quotes taken out, too', async () => {
    await rename('no number');
    await vi.waitFor(async () => expect(await parked()).toHaveLength(1), patient);
    const [one] = await parked();
    expect(one?.error).toContain('invalid input syntax for type integer: "(personal)"');
    await pool.query('delete from deploy.parked_event');
  });
});
