/** What is said of commands that are written together. */
import { beforeAll, describe, expect, test } from 'vitest';
import { InvalidAppend } from '../../errors.ts';
import type { AppendRequest, EventStore } from '../../store.ts';
import { amount, count, existing, moves, opening, range, readAll, unique } from '../requests.ts';
import type { OpenedStores } from './opened-stores.ts';

export function neighboursContract(opened: () => OpenedStores): void {
  describe('neighbours in a batch', () => {
    let a: EventStore;
    beforeAll(() => {
      ({ a } = opened());
    });

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
}
