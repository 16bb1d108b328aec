import { startTestNats, type TestNats } from '@atoll/infra/testing/nats';
import { createLogger } from '@atoll/service/log';
import { connectNats, type NatsConnection } from '@atoll/service/nats';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { asking } from '../src/link/asking.ts';

const log = createLogger('test');
log.level = 'silent';
let nats: TestNats;
let nc: NatsConnection;
beforeAll(async () => {
  nats = await startTestNats();
  nc = await connectNats({ url: nats.url, name: 'test', log });
});
afterAll(async () => {
  await nc?.close();
  await nats?.stop();
});

/** Takes requests and answers those that it is told to. */
function server(subject: string) {
  const taken: { answer: () => void }[] = [];
  const serving = nc.subscribe(subject, {
    callback: (_error, message) => void taken.push({ answer: () => message.respond('{"here":true}') }),
  });
  return { taken, stop: () => serving.unsubscribe() };
}
const patient = { timeout: 15_000, interval: 10 };
const soon = <T>(work: Promise<T>) =>
  Promise.race([work, new Promise((_, reject) => setTimeout(() => reject(new Error('it still waits')), 2500))]);

test('what was asked of a process that is gone is asked anew, and only once in a row', async () => {
  const { taken, stop } = server('asked.a');
  const ask = asking(nc, 'asked.a', log);
  const first = ask({});
  await vi.waitFor(() => expect(taken).toHaveLength(1), patient);
  expect(ask.giveUp(60_000)).toBe(false);
  expect(ask.giveUp(0)).toBe(true);
  expect(await soon(first)).toBeUndefined();
  const second = ask({});
  await vi.waitFor(() => expect(taken).toHaveLength(2), patient);
  // A service that is slow comes to its answer, however often it wakes.
  expect(ask.giveUp(0)).toBe(false);
  taken[1]?.answer();
  expect(await soon(second)).toEqual({ here: true });
  expect(ask.giveUp(0)).toBe(false);
  const third = ask({});
  await vi.waitFor(() => expect(taken).toHaveLength(3), patient);
  expect(ask.giveUp(0)).toBe(true);
  expect(await soon(third)).toBeUndefined();
  stop();
});
