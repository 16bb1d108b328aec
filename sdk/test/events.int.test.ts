import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createAtoll } from '../src/client.ts';
import type { Event } from '../src/generated/resources.ts';
import { systemClock } from '../src/retry.ts';
import { startServer, type TestServer } from './server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
  server.answer(() => ({ json: { data: { eventCursor: server.log.end } } }));
});
afterEach(async () => {
  await server.close();
});
const quick = { ...systemClock, random: () => 0 };
const client = (token: string | (() => string) = 'secret') =>
  createAtoll({ url: server.url, token, webSocket: WebSocket, clock: quick });

async function take(events: AsyncGenerator<Event>, count: number) {
  const cursors: number[] = [];
  while (cursors.length < count) {
    const next = await events.next();
    if (next.done) throw new Error('the log ended');
    cursors.push(Number(next.value.cursor));
  }
  return cursors;
}
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

test('all records after a cursor, then those to come', async () => {
  server.log.append(5);
  const events = client().events({ after: '2' });
  expect(await take(events, 3)).toEqual([3, 4, 5]);
  server.log.append(2);
  expect(await take(events, 2)).toEqual([6, 7]);
  await events.return();
  expect(server.connections).toEqual(['Bearer secret']);
});

test('lost connections leave neither gap nor duplicate, wherever they are cut', async () => {
  server.log.append(10);
  const events = client().events({ after: '0' });
  const seen: number[] = [];
  for (let cut = 0; cut < 20; cut++) {
    seen.push(...(await take(events, 3)));
    server.cut();
    server.log.append(3);
  }
  expect(seen).toEqual(numbers(1, 60));
  expect(server.subscriptions.length).toBeGreaterThan(5);
  await events.return();
});

test('without a cursor, what comes after the loop began: also when the first connection is lost before any record', async () => {
  server.log.append(4);
  const disconnects: string[] = [];
  const events = client().events({ onDisconnect: (error) => disconnects.push(error.code) });
  const first = events.next();
  await expect.poll(() => server.subscriptions.length).toBe(1);
  server.cut();
  server.log.append(2);
  expect((await first).value?.cursor).toBe('5');
  expect(await take(events, 1)).toEqual([6]);
  expect(server.subscriptions).toEqual(['4', '4']);
  expect(disconnects).toEqual(['NO_ANSWER']);
  await events.return();
});

test('a slow loop holds a bounded number of records, and still gets all of them', async () => {
  server.log.append(5_000);
  const events = client().events({ after: '0' });
  expect(await take(events, 1)).toEqual([1]);
  // More than it holds has come: it has given the connection up, and nothing waits in the server either.
  await expect.poll(() => server.open()).toBe(0);
  expect(await take(events, 4_999)).toEqual(numbers(2, 5_000));
  expect(server.subscriptions.length).toBeGreaterThan(1);
  await events.return();
});

test('the signal ends the loop without an error, while it waits and before it begins', async () => {
  const abort = new AbortController();
  const events = client().events({ signal: abort.signal, after: '0' });
  const waiting = events.next();
  await expect.poll(() => server.subscriptions.length).toBe(1);
  abort.abort();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(await client().events({ signal: abort.signal }).next()).toEqual({ done: true, value: undefined });
});

test('a refused token is replaced once; a second refusal ends the loop', async () => {
  server.log.append(1);
  server.refusedTokens.add('Bearer old');
  const tokens = ['old', 'new'];
  const events = client(() => tokens.shift() ?? 'none').events({ after: '0' });
  expect(await take(events, 1)).toEqual([1]);
  expect(server.connections).toEqual(['Bearer old', 'Bearer new']);
  await events.return();
  await expect(client('old').events({ after: '0' }).next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('where there is no WebSocket, it says what to pass', async () => {
  vi.stubGlobal('WebSocket', undefined);
  try {
    const events = createAtoll({ url: server.url, token: 't' }).events({ after: '0' });
    await expect(events.next()).rejects.toThrow('pass one as `webSocket`');
  } finally {
    vi.unstubAllGlobals();
  }
});

test('with no connection for long enough, the loop ends with the last error', async () => {
  const { url } = server;
  await server.close();
  const events = createAtoll({ url, token: 't', webSocket: WebSocket, clock: quick }).events({
    after: '0',
    giveUpAfterMs: 50,
  });
  await expect(events.next()).rejects.toMatchObject({ name: 'AtollNetworkError', code: 'NO_ANSWER' });
  server = await startServer();
});
