import { createHmac } from 'node:crypto';
import { newId } from '@atoll/service/ids';
import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createIssuer } from '../src/auth/issuer.ts';
import { type Answer, eventually, type Platform, startPlatform, type TestTenant } from './platform.ts';
import { everything, type Scenario } from './scenario.ts';

let platform: Platform;
let acme: TestTenant;
let globex: TestTenant;
let theirs: Scenario;
beforeAll(async () => {
  platform = await startPlatform();
  acme = await platform.tenant('acme');
  globex = await platform.tenant('globex');
  await everything(platform, acme, 'ours');
  theirs = await everything(platform, globex, 'theirs');
});
afterAll(() => platform.stop());

const me = '{ viewer { subject role tenantId permissions } }';

function expectRefused(answer: Answer, status: number, code: string, message: RegExp): void {
  expect(answer.text).toContain(code);
  expect(answer.status).toBe(status);
  expect(answer.body.data).toBeUndefined();
  expect(answer.body.errors).toHaveLength(1);
  expect(answer.body.errors[0].extensions.code).toBe(code);
  expect(answer.body.errors[0].message).toMatch(message);
}

describe('tokens', () => {
  const base = (typ: string | undefined = 'at+jwt') => {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      sub: 'acme-admin',
      atoll_tenant: acme.id,
      iss: 'http://gateway.test',
      aud: 'atoll',
      iat: now,
      exp: now + 600,
    };
    return { claims, header: { alg: 'EdDSA', ...(typ ? { typ } : {}) } };
  };
  const signed = async (change: object = {}, header: object = {}) => {
    const { importJWK } = await import('jose');
    const { claims, header: usual } = base();
    return new SignJWT({ ...claims, ...change })
      .setProtectedHeader({ ...usual, ...header })
      .sign(await importJWK(platform.key, 'EdDSA'));
  };

  it('a good one is answered with who it is', async () => {
    const { body } = await platform.query(await signed(), me);
    expect(body.data.viewer).toMatchObject({ subject: 'acme-admin', role: 'admin', tenantId: acme.id });
    const operator = await platform.query(platform.operator, me);
    expect(operator.body.data.viewer).toMatchObject({ role: 'operator', tenantId: null });
  });

  it('none at all, and what is no token', async () => {
    for (const token of [null, 'x', 'a.b.c', '..', 'ünï']) {
      expectRefused(
        await platform.query(token === 'ünï' ? '%FC' : token, me),
        401,
        'UNAUTHENTICATED',
        /access token|bearer token/,
      );
    }
  });

  it('an expired one', async () => {
    const past = Math.floor(Date.now() / 1000) - 10;
    expectRefused(await platform.query(await signed({ exp: past }), me), 401, 'TOKEN_EXPIRED', /get a new one/);
  });

  it('one that expires after it was accepted once', async () => {
    const soon = await signed({ exp: Math.floor(Date.now() / 1000) + 4 });
    expect((await platform.query(soon, me)).status).toBe(200);
    await eventually('it expires', async () => (await platform.query(soon, me)).status === 401);
    expectRefused(await platform.query(soon, me), 401, 'TOKEN_EXPIRED', /get a new one/);
  });

  it('forged ones: another key, no algorithm, the public key as an HMAC secret, another issuer, audience or kind', async () => {
    const { claims } = base();
    const other = await createIssuer(
      await (async () => {
        const { exportJWK } = await import('jose');
        return exportJWK((await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })).privateKey);
      })(),
      'http://gateway.test',
    );
    const text = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const publicKey = Buffer.from(String(platform.key.x), 'base64url');
    const hmac = (secret: Buffer | string) => {
      const content = `${text({ alg: 'HS256', typ: 'at+jwt' })}.${text(claims)}`;
      return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`;
    };
    const good = await signed();
    const [head, body, signature] = good.split('.');
    const forged = {
      otherKey: await other.sign({ subject: 'acme-admin', tenant: acme.id }, 60),
      none: new UnsecuredJWT(claims).encode(),
      noneWithSignature: `${text({ alg: 'none', typ: 'at+jwt' })}.${body}.${signature}`,
      hmacRaw: hmac(publicKey),
      hmacText: hmac(String(platform.key.x)),
      hmacJwk: hmac(JSON.stringify(platform.issuer.jwks.keys[0])),
      changedClaims: `${head}.${text({ ...claims, atoll_tenant: globex.id })}.${signature}`,
      otherIssuer: await signed({ iss: 'http://elsewhere.test' }),
      otherAudience: await signed({ aud: 'else' }),
      otherKind: await signed({}, { typ: 'JWT' }),
      noKind: await signed({}, { typ: undefined }),
      noExpiry: await signed({ exp: undefined }),
      noSubject: await signed({ sub: undefined }),
      notYet: await signed({ nbf: Math.floor(Date.now() / 1000) + 600 }),
      badTenant: await signed({ atoll_tenant: 'acme' }),
      nobody: await signed({ atoll_tenant: undefined }),
      both: await signed({ atoll_operator: true }),
      unknownCritical: await signed({}, { crit: ['x'], x: 1 }).catch(() => 'a.b.c'),
    };
    for (const [what, token] of Object.entries(forged)) {
      const answer = await platform.query(token, me);
      expect(answer.status, what).toBe(401);
      expect(answer.body.errors[0].extensions, what).toEqual({ code: 'UNAUTHENTICATED', retry: 'never' });
      expect(answer.headers.get('www-authenticate'), what).toContain('Bearer');
    }
  });

  it('a good one without a membership, in this tenant or in one that is not there', async () => {
    const stranger = await platform.issuer.sign({ subject: 'stranger', tenant: acme.id }, 60);
    const nowhere = await platform.issuer.sign({ subject: 'acme-admin', tenant: newId('tenant') }, 60);
    const [a, b] = [await platform.query(stranger, me), await platform.query(nowhere, me)];
    expectRefused(a, 403, 'FORBIDDEN', /no member/);
    expect(a.text).toBe(b.text);
  });

  it('the role comes from the membership, whatever the token says', async () => {
    const { importJWK } = await import('jose');
    const { claims, header } = base();
    const token = await new SignJWT({ ...claims, sub: 'acme-viewer', role: 'admin', permissions: ['deployment:write'] })
      .setProtectedHeader(header)
      .sign(await importJWK(platform.key, 'EdDSA'));
    expect((await platform.query(token, me)).body.data.viewer.role).toBe('viewer');
  });
});

describe('permissions', () => {
  it('what a role lacks is FORBIDDEN and named', async () => {
    const make = 'mutation { createEnvironment(input: {name: "x", kind: TEST}) { position } }';
    expectRefused(
      await platform.query(acme.viewer, make),
      403,
      'FORBIDDEN',
      /Mutation\.createEnvironment.*environment:create.*"viewer"/,
    );
    expectRefused(await platform.query(acme.admin, '{ tenants { nodes { id } } }'), 403, 'FORBIDDEN', /tenant:create/);
    expectRefused(await platform.query(acme.admin, '{ computeNodes { nodes { id } } }'), 403, 'FORBIDDEN', /node:read/);
    expectRefused(
      await platform.query(platform.operator, '{ deployments { nodes { id } } }'),
      403,
      'FORBIDDEN',
      /deployment:read/,
    );
  });

  it('a relation leads past none: the operator sees tenants, and not what they run', async () => {
    const tenants = await platform.query(platform.operator, '{ tenants { nodes { id name } } }');
    expect(tenants.body.data.tenants.nodes.map(({ name }: { name: string }) => name)).toEqual(['acme', 'globex']);
    const inside = '{ tenants { nodes { environments { nodes { name } } } } }';
    expectRefused(
      await platform.query(platform.operator, inside),
      403,
      'FORBIDDEN',
      /Tenant\.environments.*environment:read/,
    );
    const node = await platform.query(platform.operator, 'query ($id: ID!) { node(id: $id) { id } }', {
      id: theirs.deployment,
    });
    expect(node.body).toEqual({ data: { node: null } });
  });

  it('a foreign id is answered as a missing one, by node, by probe and by each field', async () => {
    const ids = { deployment: theirs.deployment, instance: theirs.instance, namespace: theirs.namespace };
    const nobodys = { deployment: newId('deployment'), instance: newId('instance'), namespace: newId('namespace') };
    const text = `query ($deployment: ID!, $instance: ID!, $namespace: ID!) {
      deployment(id: $deployment) { id } instance(id: $instance) { id } namespace(id: $namespace) { id } node(id: $instance) { id } }`;
    const probe = `query ($instance: ID!) { probe(from: $instance, address: "10.64.0.1", port: 80) { outcome } }`;
    for (const query of [text, probe]) {
      const [foreign, missing] = [
        await platform.query(acme.admin, query, ids),
        await platform.query(acme.admin, query, nobodys),
      ];
      expect(foreign.text).toBe(missing.text);
      expect(foreign.status).toBe(missing.status);
    }
    expect((await platform.query(acme.admin, probe, ids)).body.errors[0].extensions.code).toBe('NOT_FOUND');
  });

  it('each tenant sees its own names only', async () => {
    const names = async (token: string) =>
      (await platform.query(token, '{ namespaces { nodes { name } } }')).body.data.namespaces.nodes.map(
        (n: { name: string }) => n.name,
      );
    expect(await names(acme.admin)).toEqual(['ours']);
    expect(await names(globex.viewer)).toEqual(['theirs']);
  });
});

describe('service accounts', () => {
  it('exchange their credentials for a token, by header or body; whoever has none is refused alike', async () => {
    const { createHash } = await import('node:crypto');
    const id = newId('serviceAccount');
    const secret = 'ats_sécret:with+colon';
    await platform.append(acme.id, 'tenancy', `tenant:${acme.id}`, {
      type: 'ServiceAccountCreated',
      data: {
        tenantId: acme.id,
        serviceAccountId: id,
        name: 'robot',
        role: 'viewer',
        secretHash: createHash('sha256').update(secret).digest('hex'),
      },
    });
    const post = async (body: Record<string, string> | string, headers: Record<string, string> = {}) => {
      const form = typeof body !== 'string';
      const response = await fetch(`${platform.url}/oauth/token`, {
        method: 'POST',
        headers: { ...(form ? {} : { 'content-type': 'application/json' }), ...headers },
        body: form ? new URLSearchParams(body) : body,
      });
      const answer = JSON.parse(await response.text());
      return { status: response.status, headers: response.headers, body: answer };
    };
    const grant = { grant_type: 'client_credentials' };
    const basic = (a: string, b: string) => ({
      authorization: `Basic ${btoa(`${encodeURIComponent(a)}:${encodeURIComponent(b)}`)}`,
    });

    const byBody = await post({ ...grant, client_id: id, client_secret: secret });
    const byHeader = await post(grant, basic(id, secret));
    for (const { status, body, headers } of [byBody, byHeader]) {
      expect(status).toBe(200);
      expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3600 });
      expect(headers.get('cache-control')).toBe('no-store');
      const { body: viewer } = await platform.query(body.access_token, me);
      expect(viewer.data.viewer).toMatchObject({ subject: id, role: 'viewer', tenantId: acme.id });
    }

    const wrong = [
      await post({ ...grant, client_id: id, client_secret: 'else' }),
      await post({ ...grant, client_id: newId('serviceAccount'), client_secret: secret }),
      await post({ ...grant, client_id: 'nobody', client_secret: '' }),
      await post(grant, basic(id, '')),
      await post(grant, { authorization: 'Basic ???' }),
      await post(grant),
    ];
    for (const { status, body, headers } of wrong) {
      expect(status).toBe(401);
      expect(body).toEqual(wrong[0]?.body);
      expect(body.error).toBe('invalid_client');
      expect(headers.get('www-authenticate')).toContain('Basic');
    }
    expect((await post({ grant_type: 'password' })).body.error).toBe('unsupported_grant_type');
    expect((await post({})).body.error).toBe('invalid_request');
    expect((await post('{}')).body.error).toBe('invalid_request');
  });

  it('the issuer says where its keys and its endpoint are', async () => {
    const get = async (path: string) => JSON.parse(await (await fetch(`${platform.url}${path}`)).text());
    const about = await get('/.well-known/openid-configuration');
    expect(about).toMatchObject({ issuer: 'http://gateway.test', token_endpoint: 'http://gateway.test/oauth/token' });
    const { keys } = await get('/.well-known/jwks.json');
    expect(keys).toHaveLength(1);
    expect(keys[0]).toMatchObject({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' });
    expect(keys[0]).not.toHaveProperty('d');
  });
});

describe('a tenant that is suspended', () => {
  const change = `mutation { createEnvironment(input: { name: "late", kind: TEST }) { userErrors { code } } }`;

  it('reads, and changes nothing, from the moment that the gateway has read it, with the reason', async () => {
    const tenant = await platform.tenant('initech');
    const suspend = { type: 'TenantSuspended', data: { tenantId: tenant.id, reason: 'unpaid' } };
    await platform.append(tenant.id, 'tenancy', `tenant:${tenant.id}`, suspend);
    expectRefused(await platform.query(tenant.admin, change), 403, 'TENANT_SUSPENDED', /unpaid/);
    const { body } = await platform.query(tenant.admin, '{ tenant { status suspension { reason since } } }');
    expect(body.data.tenant).toMatchObject({ status: 'SUSPENDED', suspension: { reason: 'unpaid' } });
    // Nobody else is.
    expect((await platform.query(acme.admin, '{ tenant { status suspension { reason } } }')).body.data.tenant).toEqual({
      status: 'ACTIVE',
      suspension: null,
    });
    await platform.append(tenant.id, 'tenancy', `tenant:${tenant.id}`, {
      type: 'TenantResumed',
      data: { tenantId: tenant.id },
    });
    expect((await platform.query(tenant.admin, change)).text).not.toContain('TENANT_SUSPENDED');
  });

  it('is so by the operator alone', async () => {
    const suspend = `mutation ($id: ID!) { suspendTenant(input: { tenantId: $id, reason: "x" }) { userErrors { code } } }`;
    const resume = `mutation ($id: ID!) { resumeTenant(input: { tenantId: $id }) { userErrors { code } } }`;
    for (const text of [suspend, resume]) {
      for (const token of [acme.admin, globex.admin, acme.viewer]) {
        expectRefused(await platform.query(token, text, { id: acme.id }), 403, 'FORBIDDEN', /tenant:suspend/);
      }
    }
    const { body } = await platform.query(platform.operator, suspend, { id: 'ns_01h455vb4pex5vsknk084sn02q' });
    expect(body.data.suspendTenant.userErrors).toEqual([{ code: 'NOT_FOUND' }]);
  });
});
