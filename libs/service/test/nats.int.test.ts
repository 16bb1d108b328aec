import { startTestNats, type TestNats } from '@atoll/infra/testing/nats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../src/log.ts';
import {
  connectNats,
  type NatsConnection,
  natsReadiness,
  RpcTimeout,
  RpcUnavailable,
  requestJson,
  serveJson,
} from '../src/nats.ts';

const written: string[] = [];
const log = createLogger('test', { write: (line: string) => written.push(line) });
let server: TestNats;
let nc: NatsConnection;

const authorization = `authorization { users: [
  { user: "svc", password: "hunter2", permissions: { publish: [">"], subscribe: [">"] } }
] }`;

beforeAll(async () => {
  server = await startTestNats({ config: authorization });
  nc = await connectNats({
    url: server.url.replace('//', '//svc:hunter2@'),
    name: 'test',
    inboxPrefix: '_INBOX_test',
    log,
  });
});
afterAll(async () => {
  await nc.close();
  await server.stop();
});

describe('request and reply', () => {
  test('carries JSON both ways, with the concrete subject', async () => {
    const service = serveJson(nc, { subject: 'node.*.pull', queue: 'q', log }, async (body, subject) => ({
      body,
      subject,
    }));
    expect(await requestJson(nc, 'node.7.pull', { generation: 0 }, { timeoutMs: 10_000 })).toEqual({
      body: { generation: 0 },
      subject: 'node.7.pull',
    });
    await service.stop();
  });

  test('nobody there is RpcUnavailable, at once', async () => {
    const began = Date.now();
    await expect(requestJson(nc, 'nobody', {}, { timeoutMs: 20_000 })).rejects.toBeInstanceOf(RpcUnavailable);
    expect(Date.now() - began).toBeLessThan(10_000);
  });

  test('no answer in time is RpcTimeout: it may have been done', async () => {
    const done = Promise.withResolvers<void>();
    const service = serveJson(nc, { subject: 'slow', log }, () => done.promise);
    await expect(requestJson(nc, 'slow', {}, { timeoutMs: 100 })).rejects.toBeInstanceOf(RpcTimeout);
    done.resolve();
    await service.stop();
  });

  test('a handler that throws, and a body that is no JSON, are answered as faults', async () => {
    const service = serveJson(nc, { subject: 'broken', log }, async () => {
      throw new Error('inner details');
    });
    const answer = await requestJson(nc, 'broken', {}, { timeoutMs: 10_000 });
    expect(answer).toMatchObject({ error: { code: 'INTERNAL_SERVER_ERROR' } });
    expect(JSON.stringify(answer)).not.toContain('inner details');
    expect((await nc.request('broken', '{', { timeout: 10_000 })).json()).toMatchObject({
      error: { code: 'BAD_REQUEST' },
    });
    await service.stop();
  });

  test('runs at most `concurrency` at once, and all in the end', async () => {
    let inside = 0;
    let most = 0;
    const service = serveJson(nc, { subject: 'crowd', concurrency: 3, log }, async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside -= 1;
      return 'done';
    });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => requestJson(nc, 'crowd', {}, { timeoutMs: 10_000 })),
    );
    expect(answers).toEqual(Array.from({ length: 20 }, () => 'done'));
    expect(most).toBe(3);
    await service.stop();
  });

  test('stop waits for what it has begun', async () => {
    const begun = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<string>();
    const service = serveJson(nc, { subject: 'last', log }, () => {
      begun.resolve();
      return finish.promise;
    });
    const answer = requestJson(nc, 'last', {}, { timeoutMs: 10_000 });
    await begun.promise;
    const stopped = service.stop();
    finish.resolve('kept');
    await stopped;
    expect(await answer).toBe('kept');
  });
});

describe('the connection', () => {
  test('comes back by itself after kill -9 of the server; what never left meanwhile is RpcUnavailable', async () => {
    const ready = natsReadiness(nc);
    const service = serveJson(nc, { subject: 'here', log }, async () => 'yes');
    expect(await ready()).toBeNull();
    await server.kill();
    await expect.poll(ready).toBe('not connected to NATS');
    await expect(requestJson(nc, 'here', {}, { timeoutMs: 100 })).rejects.toBeInstanceOf(RpcUnavailable);
    const waiting = requestJson(nc, 'here', {}, { timeoutMs: 10_000 });
    await server.restart();
    expect(await waiting).toBe('yes');
    expect(await ready()).toBeNull();
    await service.stop();
  });

  test('waits for a server that is not there yet', async () => {
    const later = await startTestNats();
    await later.kill();
    const connecting = connectNats({ url: later.url, name: 'early', log });
    await later.restart();
    const early = await connecting;
    expect(early.isClosed()).toBe(false);
    await early.close();
    await later.stop();
  });

  test('never logs its password', () => {
    expect(written.length).toBeGreaterThan(0);
    expect(written.join()).not.toContain('hunter2');
  });
});
