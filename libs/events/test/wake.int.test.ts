/** Who commits wakes the other processes of its context at once. */
import { eventWakeSubject } from '@atoll/schema/subjects';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, median, openPipeline, type Pipeline, within } from './pipeline.ts';

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline();
});
afterAll(() => pipeline.close());

test('a consumer of the store hears at once of what another process appends', async () => {
  const other = pipeline.stores.open();
  await pipeline.relay();
  await pipeline.relay({ store: other.store });
  const consumer = await pipeline.consume({ name: 'woken', source: { kind: 'store', store: other.store } });
  const took = { own: [] as number[], other: [] as number[] };
  for (let round = 0; round < 11; round++) {
    for (const [whose, store] of [['own', other.store] as const, ['other', pipeline.store] as const]) {
      const position = await pipeline.append(1, store);
      const began = performance.now();
      expect(await consumer.waitFor(position, within(15_000))).toBe(true);
      took[whose].push(performance.now() - began);
    }
  }
  // About as soon as of its own, however busy the machine is; by looking four times a second it would be later than this.
  expect(median(took.other) - median(took.own)).toBeLessThan(100);
});

test('many commits are told together', async () => {
  const nc = await pipeline.connect();
  let told = 0;
  nc.subscribe(eventWakeSubject('deploy'), { callback: () => void told++ });
  await nc.flush();
  const began = performance.now();
  for (let round = 0; round < 100; round++) await pipeline.append(1);
  // One for each 5 ms; a timer may be a millisecond early.
  const most = (performance.now() - began) / 4 + 2;
  await eventually('the commits are told', () => told > 0);
  expect(told).toBeLessThanOrEqual(most);
});
