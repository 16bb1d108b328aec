import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createKeyCache } from '../src/personal/key-cache.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('how long a key is remembered does not follow a clock that is set', async () => {
  let reads = 0;
  const cache = createKeyCache(async (ids) => {
    reads += 1;
    return ids.map((id) => ({ status: 'destroyed', id, tenant: 't', subject: 's' }));
  });
  await cache.byId(['key_1']);
  // Set ahead it would be forgotten at once, and so remembered for an hour where it is set back.
  vi.setSystemTime(Date.now() + 3_600_000);
  await cache.byId(['key_1']);
  expect(reads).toBe(1);
});
