/** What is said of positions, versions and times. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { EventStore } from '../../store.ts';
import { appended, count, moves, newStream, opening, originOf, readAll } from '../requests.ts';
import type { OpenedStores } from './opened-stores.ts';

export function positionsContract(opened: () => OpenedStores): void {
  describe('positions and versions', () => {
    let a: EventStore;
    let b: EventStore;
    beforeAll(() => {
      ({ a, b } = opened());
    });

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
}
