/**
 * What every event store must do, whatever it stands on. `open` gives two processes' stores over the same empty log, with
 * the registry `bankEvents`.
 */
import { PLATFORM, type Tenant } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Claim } from '../decider.ts';
import { InvalidAppend } from '../errors.ts';
import type { AppendOutcome, AppendRequest, EventStore, Origin } from '../store.ts';

export interface OpenedStores {
  readonly a: EventStore;
  readonly b: EventStore;
  close(): Promise<void>;
}

export const originOf = (tenant: Tenant = PLATFORM): Origin => ({
  tenant,
  actor: 'user:ann',
  cause: null,
  correlation: 'corr',
  traceparent: null,
});

let streams = 0;
export const newStream = () => `account:${process.pid}-${++streams}`;

/** One event on a new stream, unless told otherwise. */
export const opening = (changes: Partial<AppendRequest> = {}): AppendRequest => ({
  stream: newStream(),
  expected: { kind: 'none' },
  events: [{ type: 'Opened', data: { owner: 'ann' } }],
  claims: [],
  origin: originOf(),
  ...changes,
});

export function appended(outcome: AppendOutcome): Extract<AppendOutcome, { outcome: 'appended' }> {
  if (outcome.outcome !== 'appended') throw new Error(`Not appended: ${JSON.stringify(outcome)}`);
  return outcome;
}

const count = (outcomes: readonly AppendOutcome[], wanted: AppendOutcome['outcome']) =>
  outcomes.filter(({ outcome }) => outcome === wanted).length;

const unique = (key: string, owner: string): Claim => ({ op: 'take', kind: 'unique', set: 'name', key, owner });
const range = (cidr: string, owner: string): Claim => ({ op: 'take', kind: 'range', set: 'ip', range: cidr, owner });
const amount = (key: string, owner: string, held: number, limit: number): Claim => ({
  op: 'take',
  kind: 'amount',
  set: 'cpu',
  key,
  owner,
  amount: held,
  limit,
});
const release = (kind: 'unique' | 'range' | 'amount', set: string, key: string, owner: string): Claim => ({
  op: 'release',
  kind,
  set,
  key,
  owner,
});

export function storeContract(name: string, open: () => Promise<OpenedStores>): void {
  describe(`${name} keeps the store's contract`, () => {
    let stores: OpenedStores;
    let a: EventStore;
    let b: EventStore;
    beforeAll(async () => {
      stores = await open();
      ({ a, b } = stores);
    });
    afterAll(() => stores.close());

    describe('positions and versions', () => {
      test('positions are contiguous from 1 over processes, versions within a stream', async () => {
        const busy = newStream();
        await Promise.all(
          Array.from({ length: 200 }, (_, index) => {
            const store = index % 2 ? a : b;
            return store.append(
              index % 3 ? opening() : opening({ stream: busy, expected: { kind: 'any' }, events: moves(index % 4) }),
            );
          }),
        );
        const all = await readAll(a);
        expect(all.map(({ position }) => position)).toEqual(all.map((_, index) => index + 1));
        const ofBusy = all.filter(({ stream }) => stream === busy);
        expect(ofBusy.length).toBeGreaterThan(50);
        expect(ofBusy.map(({ version }) => version)).toEqual(ofBusy.map((_, index) => index + 1));
      });

      test("single appends of two processes at the same moment never get in each other's way", async () => {
        for (let round = 0; round < 60; round++) {
          const outcomes = await Promise.all([a, b].map((store) => store.append(opening())));
          expect(count(outcomes, 'appended')).toBe(2);
        }
      });

      test('the answer is what is read back', async () => {
        const request = opening({
          events: [
            { type: 'Opened', data: { owner: 'Zoë \\u0000 "quoted" 漢' } },
            { type: 'Moved', data: { amount: -5 } },
          ],
          origin: { ...originOf(), cause: 'evt_x', traceparent: '00-abc-def-01' },
        });
        const outcome = appended(await a.append(request));
        expect(outcome.version).toBe(2);
        expect(outcome.events.at(-1)?.position).toBe(outcome.position);
        expect(await b.readStream(request.stream)).toEqual(outcome.events);
        expect(await b.readAfter(outcome.position - 2, 2)).toEqual(outcome.events);
        expect(await b.readStream(request.stream, 2)).toEqual(outcome.events.slice(1));
        expect(outcome.events[0]?.data).toEqual({ owner: 'Zoë \\u0000 "quoted" 漢' });
      });

      test('a later position never has an earlier time', async () => {
        const times = (await readAll(a)).map(({ time }) => time);
        expect(times).toEqual(times.toSorted());
        expect(times[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      });

      test('the last position is that of the last commit', async () => {
        const { position } = appended(await a.append(opening()));
        expect(await b.lastPosition()).toBe(position);
      });

      test('listeners hear of a commit once it can be read', async () => {
        const heard = Promise.withResolvers<number>();
        const stop = a.onAppend(heard.resolve);
        const { position } = appended(await a.append(opening()));
        expect(await heard.promise).toBe(position);
        stop();
        expect(await b.lastPosition()).toBeGreaterThanOrEqual(position);
      });
    });

    describe('expected version', () => {
      test('"none" refuses a stream that is there', async () => {
        const request = opening();
        await a.append(request);
        expect(await b.append(request)).toEqual({ outcome: 'version-conflict', actual: 1 });
      });

      test('"at" refuses any other version, and a stream that is not there', async () => {
        const { stream } = await existing(a);
        const move = (version: number) =>
          b.append(opening({ stream, expected: { kind: 'at', version }, events: moves(1) }));
        expect(await move(2)).toEqual({ outcome: 'version-conflict', actual: 1 });
        expect((await move(1)).outcome).toBe('appended');
        expect(await move(1)).toEqual({ outcome: 'version-conflict', actual: 2 });
        expect(await a.append(opening({ expected: { kind: 'at', version: 1 } }))).toEqual({
          outcome: 'version-conflict',
          actual: 0,
        });
      });

      test('"any" takes both', async () => {
        const stream = newStream();
        for (const version of [1, 2]) {
          const outcome = await a.append(opening({ stream, expected: { kind: 'any' } }));
          expect(appended(outcome).version).toBe(version);
        }
      });

      test('of 50 at once on one version exactly one is written', async () => {
        const { stream } = await existing(a);
        const outcomes = await Promise.all(
          Array.from({ length: 50 }, (_, index) =>
            (index % 2 ? a : b).append(opening({ stream, expected: { kind: 'at', version: 1 }, events: moves(1) })),
          ),
        );
        expect(count(outcomes, 'appended')).toBe(1);
        expect(count(outcomes, 'version-conflict')).toBe(49);
        expect(await a.readStream(stream)).toHaveLength(2);
      });

      test("another tenant's stream is never written to", async () => {
        const { stream } = await existing(a, newId('tenant'));
        const request = opening({ stream, expected: { kind: 'any' }, origin: originOf(newId('tenant')) });
        await expect(a.append(request)).rejects.toThrow('another tenant');
        await expect(a.append({ ...request, claims: [unique(stream, 'x')] })).rejects.toThrow('another tenant');
        expect(await a.readStream(stream)).toHaveLength(1);
      });
    });

    describe('idempotency keys', () => {
      const keyed = (key: string, request: unknown, changes: Partial<AppendRequest> = {}) =>
        opening({ idempotency: { key, request }, result: { made: key }, ...changes });

      test('the same key and request again gets the stored answer and writes nothing', async () => {
        const first = appended(await a.append(keyed('again', { b: 1, a: [2] })));
        const again = await b.append(keyed('again', { a: [2], b: 1 }));
        expect(again).toEqual({ outcome: 'replayed', position: first.position, version: 1, result: { made: 'again' } });
        expect(await a.lastPosition()).toBe(first.position);
        expect(await b.storedAnswer(PLATFORM, { key: 'again', request: { a: [2], b: 1 } })).toEqual(again);
      });

      test('a repeat is answered before its expected version and claims are looked at', async () => {
        const request = keyed('first', 1, { claims: [unique('first', 'me')] });
        await a.append(request);
        expect((await a.append({ ...request, claims: [unique('first', 'other')] })).outcome).toBe('replayed');
      });

      test('another request under the same key is refused', async () => {
        await a.append(keyed('other', 1));
        expect(await b.append(keyed('other', 2))).toEqual({ outcome: 'key-reused' });
        expect(await b.append(keyed('other', 2, { claims: [unique('o', 'o')] }))).toEqual({ outcome: 'key-reused' });
        expect(await b.storedAnswer(PLATFORM, { key: 'other', request: 2 })).toEqual({ outcome: 'key-reused' });
      });

      test('keys of two tenants have nothing to do with each other', async () => {
        const [one, two] = [newId('tenant'), newId('tenant')];
        const outcomes = await Promise.all([
          a.append(keyed('equal', 1, { origin: originOf(one) })),
          a.append(keyed('equal', 2, { origin: originOf(two) })),
          b.append(keyed('equal', 3)),
        ]);
        expect(count(outcomes, 'appended')).toBe(3);
        expect(await a.storedAnswer(newId('tenant'), { key: 'equal', request: 1 })).toBeNull();
      });

      test('of 50 at once with one key, in one batch and over processes, one is written and all get its answer', async () => {
        const outcomes = await Promise.all(
          Array.from({ length: 50 }, (_, index) => (index % 2 ? a : b).append(keyed('parallel', 'same'))),
        );
        expect(count(outcomes, 'appended')).toBe(1);
        expect(count(outcomes, 'replayed')).toBe(49);
        expect(new Set(outcomes.map((outcome) => ('position' in outcome ? outcome.position : 0))).size).toBe(1);
      });

      test('a refused command leaves no answer behind: the key can still succeed', async () => {
        const { stream } = await existing(a);
        expect((await a.append(keyed('later', 1, { stream }))).outcome).toBe('version-conflict');
        expect((await a.append(keyed('later', 1))).outcome).toBe('appended');
      });

      test('a command without events is remembered, too', async () => {
        const { stream, position } = await existing(a);
        const request = keyed('nothing', 1, { stream, expected: { kind: 'at', version: 1 }, events: [] });
        expect(appended(await a.append(request)).position).toBeGreaterThanOrEqual(position);
        await a.append(opening({ stream, expected: { kind: 'at', version: 1 }, events: moves(1) }));
        expect(await b.append(request)).toMatchObject({ outcome: 'replayed', version: 1 });
      });
    });

    describe('claims', () => {
      const claiming = (...claims: Claim[]) => opening({ claims });

      test('a unique key has one holder, who may take it again, and who is named to others', async () => {
        await a.append(claiming(unique('web', 'dep_1')));
        expect((await b.append(claiming(unique('web', 'dep_1')))).outcome).toBe('appended');
        expect(await b.append(claiming(unique('web', 'dep_2')))).toEqual({
          outcome: 'claim-conflict',
          conflict: { claim: unique('web', 'dep_2'), holders: [{ owner: 'dep_1', amount: null }], held: null },
        });
        await a.append(claiming(release('unique', 'name', 'web', 'dep_2')));
        expect((await b.append(claiming(unique('web', 'dep_2')))).outcome).toBe('claim-conflict');
        await a.append(claiming(release('unique', 'name', 'web', 'dep_1')));
        expect((await b.append(claiming(unique('web', 'dep_2')))).outcome).toBe('appended');
      });

      test('a key is handed over within one command', async () => {
        await a.append(claiming(unique('handed', 'one')));
        const swap = claiming(release('unique', 'name', 'handed', 'one'), unique('handed', 'two'));
        expect((await a.append(swap)).outcome).toBe('appended');
        expect((await a.append(claiming(unique('handed', 'one')))).outcome).toBe('claim-conflict');
      });

      test('ranges of one set never overlap, in either family; other sets are apart', async () => {
        await a.append(claiming(range('10.1.0.0/16', 'sub_1'), range('fd00:1::/48', 'sub_1')));
        for (const overlapping of ['10.1.2.0/24', '10.0.0.0/8', '10.1.0.0/16', 'fd00:1:0:5::/64', 'fd00::/16']) {
          const outcome = await b.append(claiming(range(overlapping, 'sub_2')));
          expect(outcome).toMatchObject({
            outcome: 'claim-conflict',
            conflict: { claim: { range: overlapping }, holders: [{ owner: 'sub_1', amount: null }] },
          });
        }
        const apart: Claim = { op: 'take', kind: 'range', set: 'other', range: '10.1.0.0/16', owner: 'sub_2' };
        expect((await b.append(claiming(range('10.2.0.0/16', 'sub_2'), apart))).outcome).toBe('appended');
        expect((await b.append(claiming(range('10.1.0.0/16', 'sub_1')))).outcome).toBe('appended');
        await a.append(claiming(release('range', 'ip', '10.1.0.0/16', 'sub_1')));
        expect((await b.append(claiming(range('10.1.2.0/24', 'sub_2')))).outcome).toBe('appended');
      });

      test('of 50 overlapping ranges at once one is taken', async () => {
        const outcomes = await Promise.all(
          Array.from({ length: 50 }, (_, index) =>
            index % 2
              ? a.append(claiming(range('10.9.0.0/16', `sub_${index}`)))
              : b.append(claiming(range('10.8.0.0/15', `sub_${index}`))),
          ),
        );
        expect(count(outcomes, 'appended')).toBe(1);
        expect(count(outcomes, 'claim-conflict')).toBe(49);
      });

      test('50 at once at limit - 1 leave exactly one winner, and the others are told who holds what', async () => {
        for (const index of [1, 2, 3, 4]) {
          await a.append(claiming(amount('ten_1', `held${index}`, index, 11)));
        }
        const outcomes = await Promise.all(
          Array.from({ length: 50 }, (_, index) =>
            (index % 2 ? a : b).append(claiming(amount('ten_1', `new${index}`, 1, 11))),
          ),
        );
        expect(count(outcomes, 'appended')).toBe(1);
        const refused = outcomes.find(({ outcome }) => outcome === 'claim-conflict');
        expect(refused).toMatchObject({
          conflict: { held: 11, holders: [{ owner: 'held4', amount: 4 }, {}, {}, {}, {}] },
        });
      });

      test('an owner replaces its amount; less is always fine; what is released is free', async () => {
        const key = 'ten_2';
        expect((await a.append(claiming(amount(key, 'x', 6, 10)))).outcome).toBe('appended');
        expect((await a.append(claiming(amount(key, 'y', 5, 10)))).outcome).toBe('claim-conflict');
        expect((await a.append(claiming(amount(key, 'x', 8, 10)))).outcome).toBe('appended');
        expect((await a.append(claiming(amount(key, 'y', 2, 10)))).outcome).toBe('appended');
        // The limit was lowered below what is held.
        expect((await a.append(claiming(amount(key, 'x', 7, 5)))).outcome).toBe('appended');
        expect((await a.append(claiming(amount(key, 'y', 3, 5)))).outcome).toBe('claim-conflict');
        await a.append(claiming(release('amount', 'cpu', key, 'x'), release('amount', 'cpu', key, 'nobody')));
        expect(await b.append(claiming(amount(key, 'z', 4, 5)))).toMatchObject({
          outcome: 'claim-conflict',
          conflict: { held: 2, holders: [{ owner: 'y', amount: 2 }] },
        });
        expect((await b.append(claiming(amount(key, 'z', 3, 5)))).outcome).toBe('appended');
      });

      test('what is required must be held by somebody at the commit', async () => {
        const required: Claim = { op: 'require', set: 'name', key: 'gate' };
        expect(await a.append(claiming(required))).toEqual({
          outcome: 'claim-conflict',
          conflict: { claim: required, holders: [], held: null },
        });
        await a.append(claiming(unique('gate', 'ns')));
        expect((await b.append(claiming(required))).outcome).toBe('appended');
        const closing = a.append(claiming(release('unique', 'name', 'gate', 'ns')));
        const behind = Array.from({ length: 20 }, () => a.append(claiming(required)));
        await closing;
        expect(count(await Promise.all(behind), 'appended')).toBe(0);
      });

      test('a refused command leaves none of its claims behind', async () => {
        await a.append(claiming(unique('taken', 'first')));
        const refused = claiming(
          unique('left', 'second'),
          range('10.77.0.0/16', 'second'),
          amount('k', 'second', 1, 1),
          unique('taken', 'second'),
        );
        expect((await a.append(refused)).outcome).toBe('claim-conflict');
        const after = claiming(unique('left', 'third'), range('10.77.0.0/16', 'third'), amount('k', 'third', 1, 1));
        expect((await b.append(after)).outcome).toBe('appended');
      });
    });

    describe('neighbours in a batch', () => {
      test('conflicts of some touch none of the others, and the log has no holes', async () => {
        const before = await a.lastPosition();
        const { stream } = await existing(a);
        await a.append(opening({ claims: [unique('neighbour', 'first')] }));
        const outcomes = await Promise.all(
          Array.from({ length: 60 }, (_, index) => {
            const kinds = [
              opening(),
              opening({ stream }),
              opening({ claims: [unique('neighbour', `n${index}`)] }),
              opening({ claims: [unique(`neighbour${index}`, `n${index}`)] }),
              opening({ idempotency: { key: 'neighbours', request: index } }),
              opening({ stream, expected: { kind: 'any' }, events: moves(2) }),
            ] as const;
            return a.append(kinds[index % kinds.length] ?? opening());
          }),
        );
        expect(count(outcomes, 'version-conflict')).toBe(10);
        expect(count(outcomes, 'claim-conflict')).toBe(10);
        expect(count(outcomes, 'key-reused')).toBe(9);
        expect(count(outcomes, 'appended')).toBe(31);
        const written = (await readAll(a)).slice(before);
        expect(written).toHaveLength(2 + 10 + 10 + 1 + 20);
        expect(written.map(({ position }) => position)).toEqual(written.map((_, index) => before + 1 + index));
      });

      test('what can never be written is refused before it joins a batch', async () => {
        const before = await a.lastPosition();
        const bad: [string, Partial<AppendRequest>][] = [
          ['no event type', { events: [{ type: 'Burnt', data: {} }] }],
          ['its schema', { events: [{ type: 'Opened', data: { owner: 7 } }] }],
          ['its schema', { events: [{ type: 'Opened', data: { owner: 'x', more: 1 } }] }],
          ['fit into one event', { events: [{ type: 'Opened', data: { owner: 'x'.repeat(257 * 1024) } }] }],
          ['surrogate', { events: [{ type: 'Opened', data: { owner: 'a\u0000b' } }] }],
          ['surrogate', { events: [{ type: 'Opened', data: { owner: '\ud800' } }] }],
          ['is no stream', { stream: 'evil.stream>' }],
          ['whole numbers', { expected: { kind: 'at', version: 0 } }],
          ['whole number', { claims: [amount('k', 'o', -1, 5)] }],
          ['no CIDR', { claims: [range('10.0.0.300/8', 'o')] }],
        ];
        const good = Array.from({ length: 5 }, () => a.append(opening()));
        for (const [text, changes] of bad) {
          const refusal = await a.append(opening(changes)).catch((error: unknown) => error);
          expect(refusal).toBeInstanceOf(InvalidAppend);
          expect(String(refusal)).toContain(text);
        }
        expect(count(await Promise.all(good), 'appended')).toBe(5);
        expect(await a.lastPosition()).toBe(before + 5);
      });

      test('one that the database refuses fails alone', async () => {
        const outcomes = await Promise.allSettled([
          a.append(opening()),
          // A CIDR for zod, and not for PostgreSQL: bits are set behind its mask.
          a.append(opening({ claims: [range('10.200.0.1/16', 'o')] })),
          a.append(opening()),
        ]);
        expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      });
    });

    test('pages are bounded and follow each other', async () => {
      const last = await a.lastPosition();
      const first = await a.readAfter(0, 7);
      expect(first.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6, 7]);
      expect((await a.readAfter(7, 1))[0]?.position).toBe(8);
      expect(await a.readAfter(last, 10)).toEqual([]);
      expect((await a.readAfter(0, 1_000_000)).length).toBeLessThanOrEqual(5000);
    });
  });
}

const moves = (length: number) => Array.from({ length }, () => ({ type: 'Moved', data: { amount: 1 } }));

async function existing(store: EventStore, tenant: Tenant = PLATFORM) {
  const request = opening({ origin: originOf(tenant) });
  const { position } = appended(await store.append(request));
  return { stream: request.stream, position };
}

async function readAll(store: EventStore) {
  const all = [];
  for (;;) {
    const page = await store.readAfter(all.at(-1)?.position ?? 0, 5000);
    if (page.length === 0) return all;
    all.push(...page);
  }
}
