/** Who commits wakes the other processes of its context at once. */
import { eventWakeSubject } from '@atoll/schema/subjects';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, openPipeline, type Pipeline, within } from './pipeline.ts';

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
  const took: number[] = [];
  for (let round = 0; round < 11; round++) {
    const position = await pipeline.append(1);
    const began = performance.now();
    expect(await consumer.waitFor(position, within(5000))).toBe(true);
    took.push(performance.now() - began);
  }
  // By looking four times a second it would be more than a hundred each time.
  expect(took.toSorted((a, b) => a - b)[5]).toBeLessThan(100);
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
