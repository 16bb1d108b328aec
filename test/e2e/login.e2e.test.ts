/** Logging in as a person does: with a browser and PKCE, again by refresh token, by a device's code; and joining a tenant. */
import { createHash, randomBytes } from 'node:crypto';
import { createAtoll } from '@atoll/sdk/client';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operatorOf, unique } from '../platform/clients.ts';
import { Platform } from '../platform/platform.ts';
import { until } from '../platform/waiting.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await Platform.start({ args: ['--no-node'], env: { ATOLL_RUNTIME: 'simulated' } });
});
afterAll(() => platform.discard());

/** Follows redirects by hand and keeps cookies, as a browser does. */
function browser() {
  const cookies = new Map<string, string>();
  return async (url: string, body?: URLSearchParams): Promise<{ url: string; status: number; text: string }> => {
    let next = url;
    let form = body;
    for (let hop = 0; hop < 10; hop += 1) {
      const response = await fetch(next, {
        method: form ? 'POST' : 'GET',
        redirect: 'manual',
        headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
        ...(form && { body: form }),
      });
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === '') cookies.delete(name);
        else cookies.set(name, value);
      }
      const location = response.headers.get('location');
      const text = await response.text();
      if (location === null) return { url: next, status: response.status, text };
      next = new URL(location, next).href;
      form = undefined;
      if (new URL(next).pathname === '/callback') return { url: next, status: response.status, text };
    }
    throw new Error('too many redirects');
  };
}

const userOf = (login: string) => {
  const found = platform.ready.login.users.find((user) => user.login === login);
  if (!found) throw new Error(login);
  return found;
};

async function tokens(form: Record<string, string>) {
  const { issuer } = platform.ready.login;
  const response = await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams(form) });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

async function logIn(login: string, password = userOf(login).password) {
  const { issuer, clientId } = platform.ready.login;
  const verifier = randomBytes(32).toString('base64url');
  const redirect = 'http://127.0.0.1:49152/callback';
  const go = browser();
  const query = new URLSearchParams({
    ...{ client_id: clientId, response_type: 'code', redirect_uri: redirect, scope: 'openid offline_access api' },
    ...{ code_challenge_method: 'S256', state: 'abc' },
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  });
  const form = await go(`${issuer}/auth?${query}`);
  let back = await go(form.url, new URLSearchParams({ login, password }));
  // A program on the person's machine is let in by a click of its own.
  if (back.text.includes('Go on as')) back = await go(back.url, new URLSearchParams());
  const code = new URL(back.url).searchParams.get('code');
  if (code === null) return { form, back, answer: null, exchange: null };
  const exchange = { grant_type: 'authorization_code', client_id: clientId, redirect_uri: redirect, code };
  const answer = await tokens({ ...exchange, code_verifier: verifier });
  return { form, back, answer, exchange: { ...exchange, code_verifier: verifier } };
}

const viewer = (token: string) => createAtoll({ url: platform.ready.graphqlUrl, token }).query.viewer();

describe('a person', () => {
  test('logs in with a browser, and is the member of their tenant with their role', async () => {
    for (const [login, role] of [
      ['acme-owner', 'owner'],
      ['acme-developer', 'developer'],
      ['globex-viewer', 'viewer'],
    ] as const) {
      const { form, answer } = await logIn(login);
      expect(form.text).toContain('type="password"');
      expect(answer?.body).toMatchObject({ token_type: 'Bearer', expires_in: 3600 });
      const me = await viewer(answer?.body.access_token);
      expect(me.role).toBe(role);
      expect(me.subject).toMatch(new RegExp(`^iss_.*:${login}$`));
      const tenant = platform.ready.tokens.tenants.find(({ name }) => login.startsWith(name));
      expect(me.tenantId).toBe(tenant?.id);
    }
  });

  test('with a wrong password, without the verifier, or with a code that was used, gets nothing', async () => {
    const wrong = await logIn('acme-owner', 'guess');
    expect(wrong.back.status).toBe(401);
    expect(wrong.answer).toBeNull();
    const { exchange } = await logIn('acme-owner');
    expect((await tokens({ ...exchange })).body.error).toBe('invalid_grant');
    const { code_verifier: _, ...without } = exchange ?? { code_verifier: '' };
    expect((await tokens(without as Record<string, string>)).status).toBe(400);
  });

  test('stays logged in over a kill of issuer and gateway, and tokens from before are believed', async () => {
    const { answer } = await logIn('acme-admin');
    const { clientId } = platform.ready.login;
    await Promise.all([platform.killAndAwait('issuer'), platform.killAndAwait('gateway')]);
    await until('both are back', 60_000, async () => {
      const ready = await viewer(answer?.body.access_token).catch(() => null);
      const alive = await fetch(`${platform.ready.login.issuer}/jwks`).catch(() => null);
      return ready !== null && alive?.ok === true;
    });
    const form = { grant_type: 'refresh_token', client_id: clientId, refresh_token: answer?.body.refresh_token };
    const fresh = await tokens(form);
    expect(fresh.status).toBe(200);
    expect((await viewer(fresh.body.access_token)).role).toBe('admin');
    // Each refresh token is good once.
    expect((await tokens(form)).body.error).toBe('invalid_grant');
  });

  test('logs a device in by its code', async () => {
    const { issuer, clientId } = platform.ready.login;
    const body = new URLSearchParams({ client_id: clientId, scope: 'openid api' });
    const asked = JSON.parse(await (await fetch(`${issuer}/device/auth`, { method: 'POST', body })).text());
    expect(asked).toMatchObject({ user_code: expect.any(String), verification_uri: `${issuer}/device` });
    const poll = {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id: clientId,
      device_code: asked.device_code,
    };
    expect((await tokens(poll)).body.error).toBe('authorization_pending');
  });
});

test('somebody who is invited becomes a member once, and may do what they were invited for', async () => {
  const { ready } = platform;
  const operator = operatorOf(ready);
  const { tenant } = await operator.mutate.createTenant({ name: unique('guests'), admins: ['host'] });
  const { issuer } = ready.login;
  await operator.mutate.registerIssuer({
    ...{ tenantId: tenant.id, name: 'login', url: issuer, audience: 'atoll-api' },
    claims: { subject: 'sub', email: 'email', name: 'name' },
  });
  const invited = await operator.mutate.inviteMember({
    tenantId: tenant.id,
    role: 'DEVELOPER',
    email: 'x@example.com',
  });
  expect(invited.token).toMatch(/^ati_/);
  const { answer } = await logIn('globex-developer');
  const globex = createAtoll({ url: ready.graphqlUrl, token: answer?.body.access_token });
  const joined = await globex.mutate.acceptInvitation({ token: invited.token });
  expect(joined).toMatchObject({ tenantId: tenant.id, role: 'DEVELOPER' });
  const again = globex.mutate.acceptInvitation({ token: invited.token });
  await expect(again).rejects.toMatchObject({ code: 'INVITATION_USED' });
  const ask = async (headers: Record<string, string>) => {
    const response = await fetch(ready.graphqlUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${answer?.body.access_token}`, ...headers },
      body: JSON.stringify({ query: '{ viewer { role tenantId } }' }),
    });
    return JSON.parse(await response.text());
  };
  expect((await ask({})).errors[0].message).toMatch(/atoll-tenant/);
  expect((await ask({ 'atoll-tenant': tenant.id })).data.viewer).toEqual({ role: 'developer', tenantId: tenant.id });
  const { members } = await operator.request<
    { members: { nodes: { subject: string; displayName: string }[] } },
    object
  >('{ members(first: 100) { nodes { subject displayName email } } }');
  const member = members.nodes.find(
    ({ subject }) => subject.endsWith(':globex-developer') && subject.startsWith('iss'),
  );
  expect(member).toBeDefined();
});

test('a key of an admin does what its scopes allow, and its checksum is checked by anybody', async () => {
  const { answer } = await logIn('acme-admin');
  const atoll = createAtoll({ url: platform.ready.graphqlUrl, token: answer?.body.access_token });
  const { key, apiKey } = await atoll.mutate.createApiKey({
    name: 'ci',
    scopes: ['viewer:read', 'environment:read', 'member:create'],
  });
  const limited = createAtoll({ url: platform.ready.graphqlUrl, apiKey: key });
  expect([...(await limited.query.viewer()).permissions].sort()).toEqual([
    'environment:read',
    'member:create',
    'viewer:read',
  ]);
  await expect(limited.mutate.createEnvironment({ name: 'x', kind: 'TEST' })).rejects.toMatchObject({
    code: 'FORBIDDEN',
  });
  // What a key leaves out can't be given away by it either.
  const { addMember } = await limited.request<{ addMember: { userErrors: { code: string }[] } }, object>(
    'mutation ($input: AddMemberInput!) { addMember(input: $input) { userErrors { code } } }',
    { input: { subject: unique('friend'), role: 'ADMIN' } },
  );
  expect(addMember.userErrors).toEqual([{ code: 'GRANT_EXCEEDS_OWN' }]);
  await expect(limited.mutate.createApiKey({ name: 'more' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await atoll.mutate.revokeApiKey({ apiKeyId: apiKey.id });
  await expect(limited.query.viewer()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('neither codes nor refresh tokens stand in the database of the issuer in clear', async () => {
  const { answer } = await logIn('acme-viewer');
  const client = new pg.Client({ connectionString: platform.ready.databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query(
      `select t::text as text, encode(payload, 'escape') as payload from issuer.stored t`,
    );
    expect(rows.length).toBeGreaterThan(3);
    const all = rows.map(({ text, payload }) => `${text}\n${payload}`).join('\n');
    expect(all).not.toContain(answer?.body.refresh_token);
    expect(all).not.toContain('acme-viewer');
  } finally {
    await client.end();
  }
});
