/** What is said of expected versions, and whose a stream is. */
import { newId } from '@atoll/service/ids';
import { beforeAll, describe, expect, test } from 'vitest';
import type { EventStore } from '../../store.ts';
import { appended, count, existing, moves, newStream, opening, originOf, unique } from '../requests.ts';
import type { OpenedStores } from './opened-stores.ts';

export function versionsContract(opened: () => OpenedStores): void {
  describe('expected version', () => {
    let a: EventStore;
    let b: EventStore;
    beforeAll(() => {
      ({ a, b } = opened());
    });

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
}
