/** What is said of idempotency keys. */
import { PLATFORM } from '@atoll/schema/ids';
import { newId } from '@atoll/service/ids';
import { beforeAll, describe, expect, test } from 'vitest';
import type { AppendRequest, EventStore } from '../../store.ts';
import { appended, count, existing, moves, opening, originOf, unique } from '../requests.ts';
import type { OpenedStores } from './opened-stores.ts';

export function keysContract(opened: () => OpenedStores): void {
  describe('idempotency keys', () => {
    let a: EventStore;
    let b: EventStore;
    beforeAll(() => {
      ({ a, b } = opened());
    });

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
}
