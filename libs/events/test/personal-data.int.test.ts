import { PLATFORM, type Tenant } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accept, type DomainEvent } from '../src/decider.ts';
import { SubjectErased } from '../src/errors.ts';
import { checkMasterKeys } from '../src/personal/data-keys.ts';
import { buryAgain, readTombstones, type Tombstone } from '../src/personal/erased.ts';
import { openedWith } from '../src/personal/personal-data.ts';
import { rewrapKeys } from '../src/personal/rewrap.ts';
import { SealBroken } from '../src/personal/seal.ts';
import type { EventStore } from '../src/store.ts';
import { testMasterKeys } from '../src/testing/master-keys.ts';
import { openTestStores, type TestStores } from '../src/testing/open-store.ts';
import { newerPeopleEvents, peopleEvents } from '../src/testing/people.ts';

let stores: TestStores;
let store: EventStore;
let other: EventStore;
let pool: Pool;
const masterKeys = testMasterKeys();

beforeAll(async () => {
  stores = await openTestStores();
  ({ store, pool } = stores.open({ registry: peopleEvents, masterKeys }));
  other = stores.open({ registry: peopleEvents, masterKeys }).store;
});
afterAll(() => stores.close());

const tenantA: Tenant = newId('tenant');
const tenantB: Tenant = newId('tenant');
/** As a process that has just started: with nothing in memory. */
const fresh = () => stores.open({ registry: peopleEvents, masterKeys }).store;
let clubs = 0;
const freshStream = () => `club:${++clubs}`;

const joined = (subject: string, name: string, guests: { guest: string; nickname: string }[] = []): DomainEvent => ({
  type: 'Joined',
  data: { subject, role: 'player', name, contact: { email: `${name}@example.com`, age: 42 }, guests },
});

const append = (
  on: EventStore,
  stream: string,
  events: DomainEvent[],
  more: { tenant?: Tenant; erases?: string[]; key?: string; personal?: { subject: string; data: unknown } } = {},
) =>
  on.append({
    ...{ stream, expected: { kind: 'any' }, events, claims: [] },
    ...(more.erases && { erases: more.erases }),
    ...(more.key && {
      idempotency: { key: more.key, request: { join: 1 }, ...(more.personal && { personal: more.personal }) },
    }),
    origin: { tenant: more.tenant ?? tenantA, actor: 'user:x', cause: null, correlation: 'c', traceparent: null },
  });

const erase = (on: EventStore, stream: string, subject: string, tenant = tenantA) =>
  append(on, stream, [{ type: 'Forgotten', data: { subject } }], { tenant, erases: [subject] });

const dataOf = async (on: EventStore, stream: string) => (await on.readStream(stream)).map(({ data }) => data);
const storedText = async () => {
  const { rows } = await pool.query<{ all: string }>(
    `select coalesce(string_agg(e::text, ' '), '') as all from deploy.event e`,
  );
  return rows[0]?.all ?? '';
};

describe('personal data in the store', () => {
  it('is sealed in the database and in what consumers are given, and open to the domain', async () => {
    const stream = freshStream();
    const event = joined('s-1', 'Zacharias', [{ guest: 'g-1', nickname: 'Wilhelmina' }]);
    const outcome = await append(store, stream, [event, { type: 'Noted', data: { text: 'plain' } }]);
    if (outcome.outcome !== 'appended') throw new Error(outcome.outcome);
    expect(await dataOf(store, stream)).toEqual([event.data, { text: 'plain' }]);
    expect(await dataOf(other, stream)).toEqual([event.data, { text: 'plain' }]);

    const [raw, plain] = await store.readStored(outcome.position - 2, 2);
    const sealed = { $sealed: expect.stringMatching(/^1\.key_[a-z0-9]{26}\.[A-Za-z0-9_-]+$/) };
    expect(raw?.data).toEqual({
      ...{ subject: 's-1', role: 'player', name: sealed, contact: { email: sealed, age: sealed } },
      guests: [{ guest: 'g-1', nickname: sealed }],
    });
    expect(plain?.data).toEqual({ text: 'plain' });
    const text = await storedText();
    expect(text).not.toMatch(/Zacharias|Wilhelmina/);
  });

  it('of the same person is sealed with one key, whichever process is first, and never twice alike', async () => {
    const streams = Array.from({ length: 20 }, freshStream);
    await Promise.all(
      streams.map((stream, n) =>
        append(n % 2 === 0 ? store : other, stream, [{ type: 'Renamed', data: { subject: 's-race', name: 'Same' } }]),
      ),
    );
    const { rows } = await pool.query('select id from deploy.subject_key where subject = $1', ['s-race']);
    expect(rows).toHaveLength(1);
    const sealed = new Set<unknown>();
    for (const { stream, data } of await store.readStored(0, 5000)) {
      if (streams.includes(stream)) sealed.add(JSON.stringify(data));
    }
    expect(sealed.size).toBe(20);
  });

  it('is opened before it is upcast, so that it may move', async () => {
    const stream = freshStream();
    await append(store, stream, [{ type: 'Renamed', data: { subject: 's-up', name: 'Upton' } }]);
    const newer = stores.open({ registry: newerPeopleEvents, masterKeys }).store;
    expect(await dataOf(newer, stream)).toEqual([{ subject: 's-up', person: { called: 'Upton' } }]);
  });

  it('is not read where the store has no master keys', () => {
    expect(() => stores.open({ registry: peopleEvents })).toThrow('ATOLL_DATA_KEY_FILE');
  });
});

describe('erasing', () => {
  it('makes it null for every process, in one commit with its event, and is repeatable', async () => {
    const stream = freshStream();
    const event = joined('s-2', 'Barnabas', [{ guest: 'g-2', nickname: 'Kept' }]);
    await append(store, stream, [event]);
    await erase(store, stream, 's-2');
    await erase(other, stream, 's-2');
    const erased = { ...{ subject: 's-2', role: 'player', name: null }, contact: { email: null, age: null } };
    const rest = { guests: [{ guest: 'g-2', nickname: 'Kept' }] };
    expect((await dataOf(store, stream))[0]).toEqual({ ...erased, ...rest });
    expect((await dataOf(fresh(), stream))[0]).toEqual({
      ...erased,
      ...rest,
    });
    const { rows } = await pool.query('select wrapped, destroyed_at from deploy.subject_key where subject = $1', [
      's-2',
    ]);
    expect(rows).toEqual([{ wrapped: null, destroyed_at: expect.any(Date) }]);
  });

  it('does not happen where the commit does not', async () => {
    const stream = freshStream();
    await append(store, stream, [joined('s-3', 'Caspar')]);
    const failed = await store.append({
      ...{ stream, expected: { kind: 'at', version: 7 }, claims: [], erases: ['s-3'] },
      events: [{ type: 'Forgotten', data: { subject: 's-3' } }],
      origin: { tenant: tenantA, actor: 'user:x', cause: null, correlation: 'c', traceparent: null },
    });
    expect(failed.outcome).toBe('version-conflict');
    expect((await dataOf(fresh(), stream))[0]).toMatchObject({ name: 'Caspar' });
    const refused = await store.append({
      ...{ stream, expected: { kind: 'any' }, erases: ['s-3'] },
      claims: [{ op: 'require', set: 'never', key: 'there' }],
      events: [{ type: 'Forgotten', data: { subject: 's-3' } }],
      origin: { tenant: tenantA, actor: 'user:x', cause: null, correlation: 'c', traceparent: null },
    });
    expect(refused).toMatchObject({ outcome: 'claim-conflict', conflict: { claim: { op: 'require' } } });
    expect(await dataOf(store, stream)).toHaveLength(1);
    expect((await dataOf(fresh(), stream))[0]).toMatchObject({ name: 'Caspar' });
  });

  it('touches one tenant alone', async () => {
    const [a, b] = [freshStream(), freshStream()];
    await append(store, a, [joined('s-4', 'Diana')], { tenant: tenantA });
    await append(store, b, [joined('s-4', 'Diana')], { tenant: tenantB });
    await erase(store, b, 's-4', tenantB);
    expect((await dataOf(fresh(), a))[0]).toMatchObject({ name: 'Diana' });
    expect((await dataOf(fresh(), b))[0]).toMatchObject({ name: null });
  });

  it('refuses whatever comes after it, also from a process that has the key in memory', async () => {
    const stream = freshStream();
    await append(store, stream, [joined('s-5', 'Emil')]);
    await append(other, stream, [joined('s-5', 'Emil')]);
    await erase(store, stream, 's-5');
    await expect(append(other, stream, [joined('s-5', 'Emil')])).rejects.toThrow(SubjectErased);
    await expect(append(store, stream, [joined('s-5', 'Emil')])).rejects.toThrow('was erased');
    // What isn't personal may still be told of them.
    await append(store, stream, [{ type: 'Renamed', data: { subject: 's-5', name: null } }]);
    expect(await dataOf(store, stream)).toHaveLength(4);
  });

  it('drops what another process has in memory of a stream, once it has heard of the key', async () => {
    const decider = {
      initial: [] as readonly unknown[],
      decide: () => accept([]),
      evolve: (state: readonly unknown[], { data }: DomainEvent) => [...state, data],
    };
    const stream = freshStream();
    await append(store, stream, [joined('s-13', 'Ruth')]);
    const remembered = async () => JSON.stringify((await other.states.load(decider, stream)).state);
    expect(await remembered()).toContain('Ruth');
    // Told in another stream: nothing comes to this one that its decider could notice.
    await erase(store, freshStream(), 's-13');
    other.personal?.forgetAll();
    expect(other.states.recall(decider, stream)).toBeNull();
    expect(await remembered()).not.toContain('Ruth');
  });

  it('of somebody of whom nothing was kept holds for what comes', async () => {
    const stream = freshStream();
    await erase(store, stream, 's-never');
    await expect(append(store, stream, [joined('s-never', 'Fritz')])).rejects.toThrow(SubjectErased);
  });

  it('leaves no state of before in a snapshot', async () => {
    const stream = freshStream();
    await append(store, stream, [joined('s-6', 'Gundula', [{ guest: 'g-6', nickname: 'Hedwig' }])]);
    const [event] = await store.readStream(stream);
    if (!event || !store.personal || !other.personal) throw new Error('nothing was read');
    const at = { tenant: tenantA, stream, version: 1 };
    const keys = openedWith(event);
    expect(keys).toHaveLength(2);
    const snapshot = await store.personal.sealSnapshot(at, keys, event.data);
    expect(JSON.stringify(snapshot)).not.toMatch(/Gundula|Hedwig/);
    expect(await other.personal.openSnapshot(at, snapshot?.stored)).toEqual({
      state: event.data,
      keyIds: [...keys].sort(),
    });
    await expect(store.personal.openSnapshot({ ...at, version: 2 }, snapshot?.stored)).rejects.toThrow(SealBroken);
    expect(await store.personal.sealSnapshot(at, [], { plain: 1 })).toEqual({ stored: { plain: 1 } });

    await erase(store, stream, 'g-6');
    expect(await store.personal.openSnapshot(at, snapshot?.stored)).toBeNull();
    // Folded before, kept after: it would hold what was erased.
    expect(await store.personal.sealSnapshot(at, keys, event.data)).toBeNull();
    const [again] = await store.readStream(stream);
    expect(again && openedWith(again)).toHaveLength(1);
  });
});

describe('requests with personal data', () => {
  it('are compared by a hash that goes with the key', async () => {
    const stream = freshStream();
    const personal = { subject: 's-7', data: { email: 'Ida@example.com' } };
    await append(store, stream, [joined('s-7', 'Ida')], { key: 'k-7', personal });
    const { rows } = await pool.query<{ request_hash: string }>(
      'select request_hash from deploy.idempotency where key = $1',
      ['k-7'],
    );
    expect(rows[0]?.request_hash).toMatch(/^[0-9a-f]{64}\.[0-9a-f]{64}$/);
    const asked = (data: unknown) =>
      other.storedAnswer(tenantA, { key: 'k-7', request: { join: 1 }, personal: { subject: 's-7', data } });
    expect(await asked(personal.data)).toMatchObject({ outcome: 'replayed' });
    expect(await asked({ email: 'ida@example.com' })).toEqual({ outcome: 'key-reused' });
    // In the commit as well.
    expect(
      await append(store, stream, [joined('s-7', 'Ida')], { key: 'k-7', personal: { subject: 's-7', data: 1 } }),
    ).toEqual({ outcome: 'key-reused' });
    await erase(store, stream, 's-7');
    other.personal?.forgetAll();
    expect(await asked(personal.data)).toMatchObject({ outcome: 'replayed' });
    const different = { key: 'k-7', request: { join: 2 }, personal };
    expect(await other.storedAnswer(tenantA, different)).toEqual({ outcome: 'key-reused' });
  });
});

describe('what was tampered with is refused, and says where', () => {
  async function twoEvents(tenants: [Tenant, Tenant] = [tenantA, tenantA]) {
    const [from, to] = [freshStream(), freshStream()];
    await append(store, from, [joined(`s-${from}`, 'Konrad')], { tenant: tenants[0] });
    await append(store, to, [joined(`s-${to}`, 'Ludwig')], { tenant: tenants[1] });
    return { from, to };
  }
  const overwrite = (stream: string, path: string, value: string) =>
    pool.query(`update deploy.event set data = jsonb_set(data, $2, ${value}) where stream = $1`, [stream, path]);
  const sealedAt = (stream: string, path: string) =>
    `(select data #> '${path}' from deploy.event where stream = '${stream}')`;

  it('moved to another stream', async () => {
    const { from, to } = await twoEvents();
    await overwrite(to, '{name}', sealedAt(from, '{name}'));
    await expect(store.readStream(to)).rejects.toThrow(
      /^name of event deploy:\d+ \(Joined\) can't be opened: It was ch/,
    );
  });

  it('moved to another field', async () => {
    const { from } = await twoEvents();
    await overwrite(from, '{name}', sealedAt(from, '{contact,email}'));
    await expect(store.readStream(from)).rejects.toThrow(SealBroken);
  });

  it('moved to another event of the stream', async () => {
    const stream = freshStream();
    await append(store, stream, [joined('s-8', 'Max'), joined('s-9', 'Moritz')]);
    await pool.query(
      `update deploy.event set data = jsonb_set(data, '{name}', (select data -> 'name' from deploy.event where stream = $1 and version = 1))
        where stream = $1 and version = 2`,
      [stream],
    );
    await expect(store.readStream(stream)).rejects.toThrow(SealBroken);
  });

  it('moved to another tenant', async () => {
    const { from, to } = await twoEvents([tenantA, tenantB]);
    await overwrite(to, '{name}', sealedAt(from, '{name}'));
    await expect(store.readStream(to)).rejects.toThrow('another tenant');
  });

  it('changed by one bit, cut off, or naming no key', async () => {
    for (const change of [
      (sealed: string) => sealed.slice(0, -2) + (sealed.endsWith('A') ? 'BB' : 'AA'),
      (sealed: string) => sealed.slice(0, 50),
      (sealed: string) => sealed.replace(/key_[a-z0-9]{26}/, 'key_01h455vb4pex5vsknk084sn02q'),
      () => 'nonsense',
    ]) {
      const { from } = await twoEvents();
      const { rows } = await pool.query<{ sealed: string }>(
        `select data #>> '{name,$sealed}' as sealed from deploy.event where stream = $1`,
        [from],
      );
      await overwrite(from, '{name,$sealed}', `'${JSON.stringify(change(rows[0]?.sealed ?? ''))}'`);
      await expect(store.readStream(from)).rejects.toThrow(SealBroken);
    }
  });

  it('with another master key, or without it: at the start, and at each use', async () => {
    const stream = freshStream();
    await append(store, stream, [joined('s-10', 'Norbert')]);
    const wrong = stores.open({ registry: peopleEvents, masterKeys: testMasterKeys() });
    await expect(wrong.store.readStream(stream)).rejects.toThrow("the master key test of the file doesn't open it");
    await expect(append(wrong.store, stream, [joined('s-10', 'Norbert')])).rejects.toThrow(SealBroken);
    const missing = stores.open({ registry: peopleEvents, masterKeys: testMasterKeys('later') });
    await expect(missing.store.readStream(stream)).rejects.toThrow("which the file of master keys doesn't have");
    const check = (masters: ReturnType<typeof testMasterKeys>) => checkMasterKeys({ pool, schema: 'deploy', masters });
    await check(masterKeys);
    await expect(check(testMasterKeys())).rejects.toThrow("The personal data of deploy can't be opened");
    await expect(check(testMasterKeys('later'))).rejects.toThrow('Put it back');
  });

  it('is wrapped anew by a new master key, page by page, and opens with that alone', async () => {
    const stream = freshStream();
    await append(store, stream, [joined('s-11', 'Otto')]);
    const next = testMasterKeys('next');
    const both = { current: next.current, byId: (id: string) => next.byId(id) ?? masterKeys.byId(id) };
    const { rewrapped } = await rewrapKeys({ pool, schema: 'deploy', masters: both, page: 3 });
    expect(rewrapped).toBeGreaterThan(10);
    expect(await rewrapKeys({ pool, schema: 'deploy', masters: both })).toEqual({ rewrapped: 0, broken: [] });
    const after = stores.open({ registry: peopleEvents, masterKeys: next }).store;
    expect(await dataOf(after, stream)).toMatchObject([{ name: 'Otto' }]);
    // And back, for the tests that come after.
    const back = { current: masterKeys.current, byId: both.byId };
    await rewrapKeys({ pool, schema: 'deploy', masters: back });
  });
});

it('what a restored database has brought back is destroyed again, by the tombstones kept beside its backups', async () => {
  const stream = freshStream();
  await append(store, stream, [joined('s-14', 'Simon')]);
  const { rows: backup } = await pool.query('select id, wrapped from deploy.subject_key where subject = $1', ['s-14']);
  await erase(store, stream, 's-14');
  const tombstones: Tombstone[] = [];
  for await (const page of readTombstones(pool, 'deploy')) tombstones.push(...page);
  expect(tombstones).toContainEqual({
    ...{ schema: 'deploy', tenant: tenantA, subject: 's-14' },
    erasedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  });
  const [kept] = backup;
  await pool.query('update deploy.subject_key set wrapped = $2, destroyed_at = null where id = $1', [
    kept.id,
    kept.wrapped,
  ]);
  expect((await dataOf(fresh(), stream))[0]).toMatchObject({ name: 'Simon' });

  const unheardOf = { schema: 'deploy', tenant: tenantB, subject: 's-15', erasedAt: new Date(0).toISOString() };
  expect(await buryAgain(pool, 'deploy', [...tombstones, unheardOf])).toBe(2);
  expect((await dataOf(fresh(), stream))[0]).toMatchObject({ name: null });
  expect(await buryAgain(pool, 'deploy', [...tombstones, unheardOf])).toBe(0);
  await expect(append(store, freshStream(), [joined('s-15', 'Tim')], { tenant: tenantB })).rejects.toThrow(
    SubjectErased,
  );
});

it('events of the platform have keys of their own, too', async () => {
  const stream = freshStream();
  await append(store, stream, [joined('s-12', 'Paula')], { tenant: PLATFORM });
  expect(await dataOf(store, stream)).toMatchObject([{ name: 'Paula' }]);
});
