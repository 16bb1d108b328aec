/** The proxy does to real clients of PostgreSQL, NATS and HTTP what it says. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { createTestDatabase, type TestDatabase } from '@atoll/infra/testing/database';
import { startTestNats } from '@atoll/infra/testing/nats';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FaultProxy, startProxy } from './proxy.ts';

describe('HTTP', () => {
  let server: Server;
  let proxy: FaultProxy;
  let asked = 0;
  beforeAll(async () => {
    server = createServer((_request, response) => {
      asked += 1;
      response.end('x'.repeat(50_000));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    proxy = await startProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { seed: 7 });
  });
  afterEach(() => proxy.clear());
  afterAll(async () => {
    await proxy.stop();
    server.closeAllConnections();
    server.close();
  });

  /** Each on a connection of its own. */
  const get = async (timeoutMs = 5000, path = '') => {
    const began = performance.now();
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(`${proxy.url}${path}`, { headers: { connection: 'close' }, signal });
    const { length } = await response.text();
    return { length, took: performance.now() - began };
  };
  const failure = (promise: Promise<unknown>) =>
    promise.then(
      () => 'it came through',
      (error: Error) =>
        `${error.name} ${error.cause instanceof Error && 'code' in error.cause ? error.cause.code : ''}`,
    );

  test('whole, it changes nothing', async () => {
    expect((await get()).length).toBe(50_000);
  });

  test('latency delays each direction, bandwidth makes it thin, and nothing is lost or out of order', async () => {
    await proxy.set({ kind: 'latency', ms: 60, jitterMs: 20 });
    expect(await get()).toMatchObject({ length: 50_000, took: expect.toSatisfy((took: number) => took >= 120) });
    await proxy.set({ kind: 'bandwidth', bytesPerSecond: 200_000, direction: 'to-client' });
    expect(await get()).toMatchObject({ length: 50_000, took: expect.toSatisfy((took: number) => took >= 230) });
  });

  test('a black hole accepts and swallows; of one direction, the server still hears', async () => {
    await proxy.set({ kind: 'black-hole' });
    const before = asked;
    expect(await failure(get(200))).toContain('TimeoutError');
    expect(asked).toBe(before);
    await proxy.set({ kind: 'black-hole', direction: 'to-client' });
    expect(await failure(get(1000))).toContain('TimeoutError');
    expect(asked).toBe(before + 1);
    await proxy.clear();
    expect((await get()).length).toBe(50_000);
  });

  test('refused is refused, and the port is the same afterwards', async () => {
    await proxy.set({ kind: 'refuse' });
    expect(await failure(get())).toContain('ECONNREFUSED');
    await proxy.clear();
    expect((await get()).length).toBe(50_000);
  });

  test('a slow close comes late, behind what was sent', async () => {
    await proxy.set({ kind: 'slow-close', ms: 600 });
    const socket = connectTcp(proxy.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    let length = 0;
    let lastAt = 0;
    socket.on('data', (chunk) => {
      length += chunk.length;
      lastAt = performance.now();
    });
    await once(socket, 'end');
    expect(performance.now() - lastAt).toBeGreaterThan(300);
    expect(length).toBeGreaterThan(50_000);
    await expect.poll(() => proxy.connections(), { timeout: 15_000 }).toBe(0);
  });

  test('cuts at a request, before or after the server had it, and at a share of them by the seed', async () => {
    for (const [cut, heard] of [
      ['before', 0],
      ['received', 1],
      ['after', 1],
    ] as const) {
      const before = asked;
      const done = proxy.cutAt(`GET /${cut}`, cut);
      expect(await failure(get(5000, cut)), cut).toContain('ECONNRESET');
      await done;
      await expect.poll(() => asked - before, { timeout: 15_000 }).toBe(heard);
    }
    const other = await startProxy(proxy.url, { seed: 3 });
    await other.set({ kind: 'cut-requests', text: 'GET /', cut: 'before', share: 0.5 });
    let cuts = 0;
    for (let round = 0; round < 20; round++) {
      const result = await failure(fetch(other.url, { headers: { connection: 'close' } }).then((r) => r.text()));
      if (result !== 'it came through') cuts += 1;
    }
    await other.stop();
    expect(cuts).toBeGreaterThan(4);
    expect(cuts).toBeLessThan(16);
  });
});

describe('PostgreSQL', () => {
  let database: TestDatabase;
  let proxy: FaultProxy;
  let direct: pg.Client;
  beforeAll(async () => {
    database = await createTestDatabase();
    proxy = await startProxy(database.url);
    direct = new pg.Client({ connectionString: database.url });
    await direct.connect();
    await direct.query('create table t (a text)');
  });
  afterAll(async () => {
    await direct.end();
    await proxy.stop();
    await database.drop();
  });
  const far = async () => {
    const client = new pg.Client({ connectionString: proxy.url });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  const has = async (a: string) => (await direct.query('select from t where a = $1', [a])).rowCount;

  test.each([
    ['before', 0],
    ['after', 1],
  ] as const)('the COMMIT is cut %s the server has it: the client knows nothing, the server %s', async (cut, rows) => {
    const client = await far();
    await client.query('begin');
    await client.query('insert into t values ($1)', [cut]);
    const done = proxy.cutAt('commit', cut);
    await expect(client.query('commit')).rejects.toThrow();
    await done;
    expect(await has(cut)).toBe(rows);
  });

  test('an answer is over when the server is ready for the next query, and not when its first rows come', async () => {
    const client = await far();
    const done = proxy.cutAt('insert into t', 'after');
    // Its rows fill the server's buffer, and are sent, long before it commits.
    await expect(
      client.query(`with r as (insert into t select repeat('x', 20000) || n from generate_series(1, 20) n returning a),
        s as (select count(pg_sleep(0.2))) select a from r, s`),
    ).rejects.toThrow();
    await done;
    expect((await direct.query(`select from t where a like 'xxx%'`)).rowCount).toBe(20);
  });

  test('cut again and again, a client that connects anew gets on', async () => {
    await proxy.set({ kind: 'cut-every', ms: 40 });
    let failures = 0;
    for (const deadline = Date.now() + 20_000; failures < 3; ) {
      expect(Date.now()).toBeLessThan(deadline);
      const client = await far().catch(() => null);
      await client?.query('select pg_sleep(0.1)').catch(() => {});
      failures += 1;
    }
    await proxy.clear();
    const client = await far();
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await client.end();
  });
});

describe('NATS', () => {
  let nats: Awaited<ReturnType<typeof startTestNats>>;
  let proxy: FaultProxy;
  beforeEach(async () => {
    nats = await startTestNats();
    proxy = await startProxy(nats.url);
  });
  afterEach(async () => {
    await proxy.stop();
    await nats.stop();
  });

  test('the acknowledgement of a publish is swallowed: stored, and not known to be', async () => {
    const direct = await connect({ servers: nats.url });
    const jsm = await jetstreamManager(direct);
    await jsm.streams.add({ name: 'S', subjects: ['s.>'] });
    const far = await connect({ servers: proxy.url.replace('nats://', ''), maxReconnectAttempts: 0 });
    const done = proxy.cutAt('PUB s.one', 'after');
    await expect(jetstream(far).publish('s.one', 'x', { timeout: 1000, retries: 0 })).rejects.toThrow();
    await done;
    expect((await jsm.streams.info('S')).state.messages).toBe(1);
    await far.close();
    await direct.close();
  });
});
