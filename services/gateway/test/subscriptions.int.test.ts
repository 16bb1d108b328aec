import { createHash } from 'node:crypto';
import { newId } from '@atoll/service/ids';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { followLog, type Told } from './follow.ts';
import { eventually, type Platform, startPlatform, type TestTenant } from './platform.ts';

let platform: Platform;
let acme: TestTenant;
let globex: TestTenant;
beforeAll(async () => {
  platform = await startPlatform();
  acme = await platform.tenant('acme');
  globex = await platform.tenant('globex');
});
afterAll(() => platform.stop());

const socketUrl = () => `${platform.url.replace('http', 'ws')}/graphql`;
const follow = (token: string, after: string | null = null) => followLog(platform, token, after);

async function environments(tenant: TestTenant, count: number, prefix = 'e'): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const environmentId = newId('environment');
    await platform.appendOnly(tenant.id, 'tenancy', `environment:${environmentId}`, {
      type: 'EnvironmentCreated',
      data: { environmentId, name: `${prefix}-${n}`, kind: 'TEST' },
    });
  }
}

const head = async (tenant: TestTenant) =>
  (await platform.query(tenant.admin, '{ eventCursor }')).body.data.eventCursor as string;
const contiguous = (told: readonly Told[], from: number) =>
  told.map(({ cursor }) => Number(cursor)).every((cursor, n) => cursor === from + n);

describe('events', () => {
  it('come as they happen, from now on, and of the own tenant alone', async () => {
    const start = Number(await head(acme));
    const following = follow(acme.viewer);
    await following.connected;
    // Nothing tells a client that its subscription stands: a first event does.
    await eventually('the subscription stands', async () => {
      await environments(acme, 1, 'ping');
      await platform.settled();
      return following.told.length > 0;
    });
    const before = following.told.length;
    await Promise.all([environments(globex, 20), environments(acme, 20)]);
    await following.until(before + 20);
    const first = Number(following.told[0]?.cursor);
    expect(first).toBeGreaterThan(start);
    expect(contiguous(following.told, first)).toBe(true);
    expect(following.told.every(({ type }) => type === 'tenancy.EnvironmentCreated')).toBe(true);
    following.stop();
  });

  it('resume after a cursor with neither gap nor duplicate, while more come, over many connections', async () => {
    const start = await head(acme);
    const total = 400;
    const writing = environments(acme, total, 'resume');
    const all: Told[] = [];
    let cursor = start;
    while (all.length < total) {
      const following = follow(acme.viewer, cursor);
      const want = Math.min(37, total - all.length);
      await following.until(want);
      following.stop();
      const got = following.told.slice(0, want);
      all.push(...got);
      cursor = got.at(-1)?.cursor ?? cursor;
    }
    await writing;
    expect(contiguous(all, Number(start) + 1)).toBe(true);
    expect(new Set(all.map(({ resourceId }) => resourceId)).size).toBe(total);
  });

  it('are the same for many who follow at once, wherever they begin', async () => {
    const start = Number(await head(acme));
    const followers = Array.from({ length: 20 }, (_, n) => follow(acme.viewer, String(Math.max(0, start - n * 10))));
    await environments(acme, 50, 'many');
    for (const [n, { until }] of followers.entries()) await until(50 + n * 10);
    for (const [n, { told, stop }] of followers.entries()) {
      expect(contiguous(told, start - n * 10 + 1)).toBe(true);
      stop();
    }
  });

  it('are the query `events`, page by page, too', async () => {
    const read: Told[] = [];
    let after: string | null = null;
    for (;;) {
      const { body } = await platform.query(
        acme.viewer,
        'query ($after: String) { events(first: 100, after: $after) { nodes { cursor type resourceId } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }',
        { after },
      );
      const {
        nodes,
        edges,
        pageInfo,
      }: { nodes: Told[]; edges: { cursor: string }[]; pageInfo: Record<string, string | boolean> } = body.data.events;
      expect(edges.map(({ cursor }) => cursor)).toEqual(nodes.map(({ cursor }) => cursor));
      expect(pageInfo.hasPreviousPage).toBe(after !== null);
      read.push(...nodes);
      if (!pageInfo.hasNextPage) break;
      after = String(pageInfo.endCursor);
    }
    expect(contiguous(read, 1)).toBe(true);
    expect(read.at(-1)?.cursor).toBe(await head(acme));
    expect(read[0]?.type).toBe('tenancy.TenantCreated');
  });

  it('of the platform are the operator’s', async () => {
    const following = follow(platform.operator, '0');
    const node = newId('node');
    const machine = { name: 'n', runtime: 'docker', capacity: { cpuMillis: 2000, memoryMiB: 4096 }, maxInstances: 50 };
    await platform.append('platform', 'deploy', `node:${node}`, {
      type: 'NodeRegistered',
      data: { nodeId: node, ...machine },
    });
    await following.until(1);
    expect(following.told).toEqual([{ cursor: '1', type: 'deploy.NodeRegistered', resourceId: node }]);
    following.stop();
  });

  it('after a cursor that is none, or of a longer log, are refused; after one that was trimmed, too, with the oldest place', async () => {
    const refusal = async (after: string, token = acme.viewer) => {
      const following = follow(token, after);
      await eventually('it is refused', async () => following.failures.length > 0);
      following.stop();
      return following.failures[0];
    };
    for (const after of ['x', '-1', '', '999999999']) {
      expect(await refusal(after), after).toMatchObject({ extensions: { code: 'CURSOR_MALFORMED' } });
    }
    const old = globex;
    await environments(old, 10, 'old');
    await platform.settled();
    await platform.database.owner.query('delete from read.tenant_log where tenant_id = $1 and cursor <= 5', [old.id]);
    await platform.database.owner.query('update read.tenant_log_head set trimmed = 5 where tenant_id = $1', [old.id]);
    expect(await refusal('4', old.viewer)).toMatchObject({ extensions: { code: 'CURSOR_TRIMMED', oldest: '5' } });
    const query = 'query ($after: String) { events(first: 2, after: $after) { nodes { cursor } } }';
    expect((await platform.query(old.viewer, query, { after: '0' })).body.errors[0].extensions.code).toBe(
      'CURSOR_TRIMMED',
    );
    expect((await platform.query(old.viewer, query, { after: '5' })).body.data.events.nodes).toEqual([
      { cursor: '6' },
      { cursor: '7' },
    ]);
    expect((await platform.query(old.viewer, query)).body.data.events.nodes).toEqual([
      { cursor: '6' },
      { cursor: '7' },
    ]);
  });

  it('come also where no gateway was told: it looks for itself', async () => {
    const following = follow(acme.viewer);
    await following.connected;
    await eventually('a record that nobody announced', async () => {
      await platform.database.owner.query(
        `with head as (update read.tenant_log_head set cursor = cursor + 1 where tenant_id = $1 returning cursor)
         insert into read.tenant_log select $1, cursor, $2, 'test.Silent', 'x', '', 'user:x', null, 'x', '{}' from head`,
        [acme.id, newId('event')],
      );
      return following.told.some(({ type }) => type === 'test.Silent');
    });
    following.stop();
  });

  it('go on after the gateway was away, from the last cursor', async () => {
    const start = await head(acme);
    const first = follow(acme.viewer, start);
    await environments(acme, 5, 'before');
    await first.until(5);
    await platform.restartGateway();
    await environments(acme, 5, 'after');
    const second = follow(acme.viewer, first.told.at(-1)?.cursor);
    await second.until(5);
    expect(contiguous([...first.told, ...second.told], Number(start) + 1)).toBe(true);
    first.stop();
    second.stop();
  });
});

describe('a socket', () => {
  const closed = async (following: ReturnType<typeof follow>) => {
    await eventually('it is closed', async () => following.closes.length > 0);
    following.stop();
    return following.closes[0];
  };

  it('is refused without a good token, with 4401, or without a membership, with 4403', async () => {
    expect(await closed(follow('nonsense'))).toMatchObject({
      code: 4401,
      reason: expect.stringContaining('UNAUTHENTICATED'),
    });
    const stranger = await platform.issuer.sign({ subject: 'stranger', tenant: acme.id }, 60);
    expect(await closed(follow(stranger))).toMatchObject({ code: 4403, reason: expect.stringContaining('FORBIDDEN') });
  });

  it('is closed when its token ends', async () => {
    const soon = await platform.issuer.sign({ subject: 'acme-viewer', tenant: acme.id }, 5);
    const following = follow(soon);
    await following.connected;
    const started = Date.now();
    expect(await closed(following)).toMatchObject({ code: 4401, reason: expect.stringContaining('TOKEN_EXPIRED') });
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  it.each([
    ['when its membership ends', false],
    ['where no gateway was told of it: it looks for itself', true],
  ])('is closed within 5 s %s', async (_when, silently) => {
    const subject = `guest-${silently}`;
    const guest = await platform.issuer.sign({ subject, tenant: acme.id }, 3600);
    const memberId = newId('member');
    const membership = { tenantId: acme.id, memberId, subject };
    const stream = `tenant:${acme.id}`;
    await platform.append(acme.id, 'tenancy', stream, {
      type: 'MemberAdded',
      data: { ...membership, role: 'viewer', displayName: null, email: null },
    });
    const following = follow(guest, '0');
    await following.until(1);
    if (silently) {
      await platform.database.owner.query('delete from read.member where id = $1', [memberId]);
      await platform.database.owner.query(
        `insert into read.access_change values ($1, nextval('read.access_change_seq'))
         on conflict (tenant_id) do update set seq = excluded.seq`,
        [acme.id],
      );
    } else {
      await platform.append(acme.id, 'tenancy', stream, { type: 'MemberRemoved', data: membership });
    }
    const started = Date.now();
    expect(await closed(following)).toMatchObject({ code: 4403 });
    expect(Date.now() - started).toBeLessThan(5000);
  });

  it('may say who it is in the header of the upgrade, and ask queries and mutations as well', async () => {
    const client = createClient({
      url: socketUrl(),
      webSocketImpl: class extends WebSocket {
        constructor(url: string, protocols: string) {
          super(url, protocols, { headers: { authorization: `Bearer ${acme.admin}` } });
        }
      },
    });
    const ask = async (query: string) => {
      for await (const answer of client.iterate({ query })) return answer;
      return undefined;
    };
    expect(await ask('{ tenant { name } viewer { role } }')).toEqual({
      data: { tenant: { name: 'acme' }, viewer: { role: 'admin' } },
    });
    await expect(ask('{ nonsense }')).rejects.toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
    expect(await ask('{ tenants { nodes { id } } }')).toMatchObject({
      errors: [{ extensions: { code: 'FORBIDDEN' } }],
    });
    void client.dispose();
  });

  it('that says nothing, nonsense or too much is closed', async () => {
    const open = async () => {
      const socket = new WebSocket(socketUrl(), 'graphql-transport-ws');
      const closing = new Promise<number>((resolve) => socket.on('close', (code) => resolve(code)));
      await new Promise((resolve) => socket.on('open', resolve));
      return { socket, closing };
    };
    const silent = await open();
    const nonsense = await open();
    nonsense.socket.send('nonsense');
    expect(await nonsense.closing).toBe(4400);
    const early = await open();
    early.socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: '{ viewer { role } }' } }));
    expect(await early.closing).toBe(4401);
    const large = await open();
    large.socket.send('x'.repeat(2 * 1024 * 1024));
    expect(await large.closing).toBe(1009);
    expect(await silent.closing).toBe(4408);
  });

  it('more than a tenant may have is closed and told so, and other tenants have theirs', async () => {
    await platform.restartGateway({ socketsPerTenant: 2 });
    const opened: WebSocket[] = [];
    const said = (token: string) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(socketUrl(), 'graphql-transport-ws');
        opened.push(socket);
        socket.on('message', (data) => resolve(JSON.parse(String(data)).type));
        socket.on('close', (code, text) => resolve(`${code} ${text}`));
        socket.on('open', () =>
          socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } })),
        );
      });
    expect([await said(acme.admin), await said(acme.viewer)]).toEqual(['connection_ack', 'connection_ack']);
    expect(await said(acme.admin)).toMatch(/^4429 RATE_LIMITED: A tenant has at most 2 sockets/);
    expect(await said(globex.admin)).toBe('connection_ack');
    opened[0]?.close();
    await eventually('there is room again', async () => (await said(acme.admin)) === 'connection_ack');
    for (const socket of opened) socket.close();
    await platform.restartGateway({});
  });

  it('that leaves what it was sent lying is closed with its last cursor, and the others go on', {
    timeout: 60_000,
  }, async () => {
    await platform.restartGateway({ slowSocketMs: 1000 });
    const start = await head(acme);
    // Reads nothing after its first record: the records wait in front of it.
    const socket = new WebSocket(socketUrl(), 'graphql-transport-ws');
    const closing = new Promise<{ code: number; reason: string }>((resolve) =>
      socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })),
    );
    await new Promise((resolve) => socket.on('open', resolve));
    const say = (message: object) => socket.send(JSON.stringify(message));
    say({ type: 'connection_init', payload: { authorization: `Bearer ${acme.viewer}` } });
    await new Promise((resolve) => socket.once('message', resolve));
    say({ type: 'subscribe', id: '1', payload: { query: 'subscription { events { cursor data } }' } });
    const brisk = follow(acme.viewer, start);
    await brisk.connected;
    // Large records, so that the buffers between fill soon.
    const bulk = createHash('sha512').update('x').digest('hex').repeat(2000);
    const write = (count: number) =>
      platform.database.owner.query(
        `insert into read.tenant_log
         select $1, h.cursor + n, gen_random_uuid()::text, 'test.Bulk', 'x', '', 'user:x', null, 'x', json_build_object('bulk', $2::text)
         from read.tenant_log_head h, generate_series(1, $3::int) n where h.tenant_id = $1`,
        [acme.id, bulk, count],
      );
    await write(80);
    await platform.database.owner.query('update read.tenant_log_head set cursor = cursor + 80 where tenant_id = $1', [
      acme.id,
    ]);
    await new Promise((resolve) => socket.once('message', resolve));
    socket.pause();
    await brisk.until(80);
    expect(contiguous(brisk.told, Number(start) + 1)).toBe(true);
    // It wakes up after its time is over, and finds the place to go on from behind what was on its way.
    const timer = setTimeout(() => socket.resume(), 2000);
    const { code, reason } = await closing;
    clearTimeout(timer);
    expect(code).toBe(4290);
    const { cursor } = JSON.parse(reason);
    expect(Number(cursor)).toBeGreaterThanOrEqual(Number(start));
    expect(Number(cursor)).toBeLessThan(Number(start) + 80);
    brisk.stop();
  });
});
