/** API keys and service accounts at the gateway, as they are while they are created, restricted, rotated and ended. */
import { createHash, randomBytes } from 'node:crypto';
import { formatSecret, secretText } from '@atoll/schema/credentials';
import { newId } from '@atoll/service/ids';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createUses } from '../src/auth/uses.ts';
import { log } from './database.ts';
import { eventually, type Platform, startPlatform, type TestTenant } from './platform.ts';

const me = '{ viewer { subject role tenantId permissions } }';

let platform: Platform;
let acme: TestTenant;
let globex: TestTenant;
beforeAll(async () => {
  platform = await startPlatform();
  acme = await platform.tenant('acme');
  globex = await platform.tenant('globex');
});
afterAll(() => platform.stop());

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const made: string[] = [];

async function createKey(
  tenant: TestTenant,
  subject: string,
  options: { scopes?: readonly string[]; expiresAt?: string } = {},
) {
  const apiKeyId = newId('apiKey');
  const secret = secretText(randomBytes(32));
  const key = formatSecret('apiKey', apiKeyId, secret);
  made.push(key, secret);
  const { scopes = null, expiresAt = null } = options;
  await platform.append(tenant.id, 'tenancy', `apiKey:${apiKeyId}`, {
    type: 'ApiKeyCreated',
    data: { tenantId: tenant.id, apiKeyId, name: 'ci', subject, scopes, expiresAt, secretHash: sha256(secret) },
  });
  return { apiKeyId, key };
}

const revoke = (tenant: TestTenant, apiKeyId: string, subject: string) =>
  platform.append(tenant.id, 'tenancy', `apiKey:${apiKeyId}`, {
    type: 'ApiKeyRevoked',
    data: { tenantId: tenant.id, apiKeyId, subject },
  });

async function outcome(token: string, query = me, headers: Record<string, string> = {}) {
  const { status, body, text } = await platform.query(token, query, {}, headers);
  const [error] = body.errors ?? [];
  return { status, text, viewer: body.data?.viewer, code: error?.extensions.code, message: error?.message };
}

/** Until it is closed, with the code of the closing. */
async function openSocket(token: string): Promise<{ closed: Promise<number> }> {
  const url = `${platform.url.replace('http', 'ws')}/graphql`;
  let opened = () => {};
  let ended = (_code: number) => {};
  const open = new Promise<void>((resolve) => {
    opened = resolve;
  });
  const closed = new Promise<number>((resolve) => {
    ended = resolve;
  });
  const client = createClient({
    ...{ url, webSocketImpl: WebSocket, retryAttempts: 0, lazy: false, onNonLazyError: () => {} },
    connectionParams: { authorization: `Bearer ${token}` },
    on: { connected: () => opened(), closed: (event) => ended((event as { code: number }).code) },
  });
  client.subscribe({ query: 'subscription { events { cursor } }' }, { next() {}, error() {}, complete() {} });
  await open;
  return { closed };
}

describe('an API key', () => {
  it('is its owner, with no more than the owner has and no more than its scopes', async () => {
    const all = await createKey(acme, 'acme-admin');
    expect((await outcome(all.key)).viewer).toMatchObject({ subject: 'acme-admin', role: 'admin', tenantId: acme.id });
    const scoped = await createKey(acme, 'acme-viewer', { scopes: ['viewer:read', 'environment:create'] });
    expect((await outcome(scoped.key)).viewer.permissions).toEqual(['viewer:read']);
    const make = 'mutation { createEnvironment(input: { name: "x", kind: TEST }) { position } }';
    expect(await outcome(scoped.key, make)).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    const reading = await createKey(acme, 'acme-admin', { scopes: ['viewer:read', 'environment:read'] });
    expect(await outcome(reading.key, make)).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    expect(await outcome(reading.key, '{ environments { nodes { id } } }')).toMatchObject({ status: 200 });
    // The same document by the same role without scopes is not answered from what was compiled for the key.
    const node = `{ members { nodes { subject } } }`;
    expect(await outcome(reading.key, node)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await outcome(all.key, node)).toMatchObject({ status: 200 });
    expect(await outcome(reading.key, node)).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('ends no membership: whoever may only read must not', async () => {
    const leave = 'mutation { leaveTenant(input: {}) { userErrors { code } } }';
    for (const scopes of [{}, { scopes: ['viewer:read'] }]) {
      const { key } = await createKey(acme, 'acme-admin', scopes);
      const { body } = await platform.query(key, leave);
      expect(body.data?.leaveTenant.userErrors).toEqual([{ code: 'ILLEGAL_STATE' }]);
    }
  });

  it('mistyped or cut off, is refused without a look into the database', async () => {
    const { key } = await createKey(acme, 'acme-admin');
    const asked: unknown[] = [];
    await platform.stopGateway();
    await platform.restartGateway();
    const { pool } = { pool: platform.database.superuser };
    const calls = async () => {
      const { rows } = await pool.query(
        `select coalesce(sum(idx_scan + seq_scan), 0)::int as n from pg_stat_all_tables where relname = 'api_key_secret'`,
      );
      return rows[0].n as number;
    };
    await pool.query('select pg_stat_force_next_flush()');
    const before = await calls();
    const flipped = `${key.slice(0, 40)}${key[40] === 'a' ? 'b' : 'a'}${key.slice(41)}`;
    for (let n = 0; n < 20; n += 1) asked.push(await outcome(flipped), await outcome(key.slice(0, -1)));
    expect(asked[0]).toMatchObject({
      status: 401,
      code: 'UNAUTHENTICATED',
      message: expect.stringMatching(/checksum/),
    });
    expect(asked[1]).toMatchObject({
      status: 401,
      code: 'UNAUTHENTICATED',
      message: expect.stringMatching(/not whole/),
    });
    await pool.query('select pg_stat_force_next_flush()');
    expect(await calls()).toBe(before);
    expect(await outcome(key)).toMatchObject({ status: 200 });
  });

  it('never created, with a wrong secret, or revoked, is answered alike', async () => {
    const { key, apiKeyId } = await createKey(acme, 'acme-admin');
    expect(await outcome(key)).toMatchObject({ status: 200 });
    const wrong = await outcome(formatSecret('apiKey', apiKeyId, secretText(randomBytes(32))));
    const never = await outcome(formatSecret('apiKey', newId('apiKey'), secretText(randomBytes(32))));
    await revoke(acme, apiKeyId, 'acme-admin');
    const revoked = await outcome(key);
    expect(revoked).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
    expect(new Set([wrong.text, never.text, revoked.text]).size).toBe(1);
  });

  it('expired is told so, to whoever has it', async () => {
    const { key } = await createKey(acme, 'acme-admin', { expiresAt: new Date(Date.now() - 1000).toISOString() });
    expect(await outcome(key)).toMatchObject({ status: 401, code: 'TOKEN_EXPIRED' });
    const soon = await createKey(acme, 'acme-admin', { expiresAt: new Date(Date.now() + 4000).toISOString() });
    expect(await outcome(soon.key)).toMatchObject({ status: 200 });
    await eventually('it expires', async () => (await outcome(soon.key)).code === 'TOKEN_EXPIRED');
  });

  it('is of its tenant alone', async () => {
    const { key, apiKeyId } = await createKey(globex, 'globex-admin');
    expect((await outcome(key)).viewer.tenantId).toBe(globex.id);
    expect(await outcome(key, me, { 'atoll-tenant': acme.id })).toMatchObject({ code: 'FORBIDDEN' });
    const byNode = `{ node(id: "${apiKeyId}") { id } }`;
    const missing = await platform.query(acme.admin, `{ node(id: "${newId('apiKey')}") { id } }`);
    expect((await platform.query(acme.admin, byNode)).text).toBe(missing.text);
    const { body } = await platform.query(acme.admin, '{ apiKeys(first: 100) { nodes { id subject prefix scopes } } }');
    expect(body.data.apiKeys.nodes.every(({ subject }: { subject: string }) => subject.startsWith('acme-'))).toBe(true);
    const foreign = await createKey(acme, 'globex-admin');
    expect(await outcome(foreign.key)).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('ends open subscriptions within 5 s when it is revoked, and with its owner', async () => {
    const first = await createKey(acme, 'acme-viewer');
    const socket = await openSocket(first.key);
    const began = Date.now();
    await revoke(acme, first.apiKeyId, 'acme-viewer');
    expect(await socket.closed).toBe(4401);
    expect(Date.now() - began).toBeLessThan(5000);
    const memberId = newId('member');
    const member = { tenantId: acme.id, memberId, subject: 'leaver' };
    const about = { role: 'viewer', displayName: null, email: null };
    const stream = `tenant:${acme.id}`;
    await platform.append(acme.id, 'tenancy', stream, { type: 'MemberAdded', data: { ...member, ...about } });
    const second = await createKey(acme, 'leaver');
    const following = await openSocket(second.key);
    await platform.append(acme.id, 'tenancy', stream, { type: 'MemberRemoved', data: member });
    expect(await following.closed).toBe(4403);
    expect(await outcome(second.key)).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('stays ended where its owner is removed and comes back', async () => {
    const stream = `tenant:${acme.id}`;
    const about = { tenantId: acme.id, subject: 'returner' };
    const added = async () => {
      const memberId = newId('member');
      const data = { ...about, memberId, role: 'viewer', displayName: null, email: null };
      await platform.append(acme.id, 'tenancy', stream, { type: 'MemberAdded', data });
      return memberId;
    };
    const first = await added();
    const { key } = await createKey(acme, 'returner');
    expect(await outcome(key)).toMatchObject({ status: 200 });
    await platform.append(acme.id, 'tenancy', stream, { type: 'MemberRemoved', data: { ...about, memberId: first } });
    await eventually('it ends', async () => (await outcome(key)).status !== 200);
    await added();
    const token = await platform.issuer.sign({ subject: 'returner', tenant: acme.id }, 60);
    expect(await outcome(token)).toMatchObject({ status: 200 });
    expect(await outcome(key)).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
    const renewed = await createKey(acme, 'returner');
    expect(await outcome(renewed.key)).toMatchObject({ status: 200 });
  });

  it('tells when it was used last, to the minute', async () => {
    const { key, apiKeyId } = await createKey(acme, 'acme-admin');
    const lastUse = async () => {
      const { body } = await platform.query(
        acme.admin,
        '{ apiKeys(first: 1) { nodes { id lastUse { lastUsedAt } } } }',
      );
      return body.data.apiKeys.nodes[0];
    };
    expect(await lastUse()).toEqual({ id: apiKeyId, lastUse: null });
    await outcome(key);
    await platform.restartGateway();
    const used = (await lastUse()).lastUse.lastUsedAt;
    expect(used).toMatch(/:00\.000Z$/);
    expect(Math.abs(Date.now() - Date.parse(used))).toBeLessThan(120_000);
  });
});

it('the last use of a key goes with its tenant, and is not told after that', async () => {
  const gone = await platform.tenant('initech');
  const { key, apiKeyId } = await createKey(gone, 'initech-admin');
  const { owner } = platform.database;
  const uses = createUses(owner, log);
  const told = async () =>
    (await owner.query('select id from read.credential_use where tenant_id = $1', [gone.id])).rows.length;
  expect((await outcome(key)).status).toBe(200);
  uses.used(apiKeyId, gone.id);
  await uses.flush();
  expect(await told()).toBe(1);
  await platform.append(gone.id, 'tenancy', `tenant:${gone.id}`, {
    type: 'TenantDeleted',
    data: { tenantId: gone.id, name: 'initech', deletionId: newId('deletion') },
  });
  await eventually('its use is gone', async () => (await told()) === 0);
  const late = newId('apiKey');
  uses.used(late, gone.id);
  await uses.stop();
  expect(await told()).toBe(0);
});

describe('a service account', () => {
  const post = async (id: string, secret: string) => {
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret });
    const response = await fetch(`${platform.url}/oauth/token`, { method: 'POST', body });
    return { status: response.status, body: JSON.parse(await response.text()) };
  };
  const create = async (secret: string) => {
    const id = newId('serviceAccount');
    await platform.append(acme.id, 'tenancy', `tenant:${acme.id}`, {
      type: 'ServiceAccountCreated',
      data: {
        tenantId: acme.id,
        serviceAccountId: id,
        name: `robot-${made.length}`,
        role: 'viewer',
        secretHash: sha256(secret),
      },
    });
    made.push(secret);
    return id;
  };
  const change = (id: string, type: string, data: object = {}) =>
    platform.append(acme.id, 'tenancy', `serviceAccount:${id}`, {
      type,
      data: { tenantId: acme.id, serviceAccountId: id, ...data },
    });

  it('has two secrets for the overlap, and what the first one got ends with it', async () => {
    const id = await create('ats_first');
    const old = (await post(id, 'ats_first')).body.access_token;
    expect(await outcome(old)).toMatchObject({ status: 200 });
    const soon = new Date(Date.now() + 5000).toISOString();
    const secrets = [
      { hash: sha256('ats_second'), expiresAt: null },
      { hash: sha256('ats_first'), expiresAt: soon },
    ];
    await change(id, 'ServiceAccountSecretRotated', { secrets });
    const fresh = (await post(id, 'ats_second')).body.access_token;
    expect((await post(id, 'ats_first')).status).toBe(200);
    expect(await outcome(old)).toMatchObject({ status: 200 });
    await eventually('the overlap ends', async () => (await post(id, 'ats_first')).status === 401);
    expect(await outcome(old)).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
    expect(await outcome(fresh)).toMatchObject({ status: 200 });
    made.push(old, fresh);
  });

  it('that is disabled or deleted opens nothing from the next request on, though its token lives on', async () => {
    const id = await create('ats_third');
    const token = (await post(id, 'ats_third')).body.access_token;
    const { key } = await createKey(acme, id);
    expect([(await outcome(token)).status, (await outcome(key)).status]).toEqual([200, 200]);
    const socket = await openSocket(token);
    await change(id, 'ServiceAccountDisabled');
    expect(await outcome(token)).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    expect(await outcome(key)).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    expect((await post(id, 'ats_third')).status).toBe(401);
    expect(await socket.closed).toBe(4403);
    await change(id, 'ServiceAccountEnabled');
    expect([(await outcome(token)).status, (await outcome(key)).status]).toEqual([200, 200]);
    await change(id, 'ServiceAccountDeleted');
    expect(await outcome(token)).toMatchObject({ status: 403 });
    expect(await outcome(key)).toMatchObject({ code: expect.stringMatching(/FORBIDDEN|UNAUTHENTICATED/) });
    made.push(token);
  });
});

it('no key, secret or token that was used here stands in the database in clear', async () => {
  const { rows: columns } = await platform.database.superuser.query(
    `select table_schema, table_name from information_schema.tables
     where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
  );
  expect(made.length).toBeGreaterThan(10);
  for (const { table_schema, table_name } of columns) {
    const { rows } = await platform.database.superuser.query(
      `select t::text as text from ${table_schema}."${table_name}" t`,
    );
    const all = rows.map(({ text }) => text).join('\n');
    for (const secret of made) expect(all.includes(secret), `${table_schema}.${table_name}`).toBe(false);
  }
});
