/** Tokens of tenants' own issuers: real ones over HTTP, on loopback. */
import { createHmac } from 'node:crypto';
import type { IssuerSettings } from '@atoll/schema/tenancy/identity';
import { newId } from '@atoll/service/ids';
import { type CryptoKey, exportSPKI, importJWK, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { followLog } from './follow.ts';
import { type HttpIssuer, type SigningKey, signingKey, startHttpIssuer } from './http-issuer.ts';
import { eventually, type Platform, startPlatform, type TestTenant } from './platform.ts';

const times = { cooldownMs: 400, refreshMs: 600_000, believedMs: 86_400_000 };
const me = '{ viewer { subject role tenantId } }';

let platform: Platform;
let acme: TestTenant;
let globex: TestTenant;
let issuer: HttpIssuer;
let key: SigningKey;
let acmeIssuer: string;
beforeAll(async () => {
  platform = await startPlatform({ keySetTimes: times });
  acme = await platform.tenant('acme');
  globex = await platform.tenant('globex');
  key = await signingKey('first');
  issuer = await startHttpIssuer([key.publicJwk]);
  acmeIssuer = await register(acme);
  await join(acme, `${acmeIssuer}:ann`, 'admin');
});
afterAll(async () => {
  await issuer.stop();
  await platform.stop();
});

async function register(tenant: TestTenant, change: Partial<IssuerSettings> & { url?: string } = {}): Promise<string> {
  const issuerId = newId('issuer');
  await platform.append(tenant.id, 'tenancy', `issuer:${issuerId}`, {
    type: 'IssuerRegistered',
    data: {
      ...{ tenantId: tenant.id, issuerId, url: issuer.url, name: 'own', audience: 'atoll-api' },
      ...{ algorithms: ['ES256', 'RS256'], tokenTypes: 'ACCESS_TOKEN', groupRoles: [] },
      claims: { subject: 'sub', email: null, name: null, groups: null },
      ...change,
    },
  });
  return issuerId;
}

async function join(tenant: TestTenant, subject: string, role: string): Promise<string> {
  const memberId = newId('member');
  const data = { tenantId: tenant.id, memberId, subject, role, displayName: null, email: null };
  await platform.append(tenant.id, 'tenancy', `tenant:${tenant.id}`, { type: 'MemberAdded', data });
  return memberId;
}

const now = () => Math.floor(Date.now() / 1000);
const claims = (change: object = {}) => ({
  ...{ iss: issuer.url, aud: 'atoll-api', sub: 'ann', iat: now(), exp: now() + 600 },
  ...change,
});
const ask = (token: string, headers: Record<string, string> = {}) => platform.query(token, me, {}, headers);
const codeOf = async (token: string, headers: Record<string, string> = {}) => {
  const { status, body } = await ask(token, headers);
  return status === 200 ? body.data.viewer.role : body.errors[0].extensions.code;
};

describe('a token of an issuer that a tenant has registered', () => {
  it('is its member, under a name that no other issuer can give', async () => {
    const { body } = await ask(await key.sign(claims()));
    expect(body.data.viewer).toEqual({ subject: `${acmeIssuer}:ann`, role: 'admin', tenantId: acme.id });
    // The platform's own member of that name is somebody else.
    await join(acme, 'bob', 'admin');
    expect(await codeOf(await key.sign(claims({ sub: 'bob' })))).toBe('FORBIDDEN');
    expect(await codeOf(await key.sign(claims({ sub: 'acme-admin' })))).toBe('FORBIDDEN');
  });

  it('forged ones are refused, and nothing is asked of where they point', async () => {
    const attacker = await signingKey('first');
    const trap = await startHttpIssuer([attacker.publicJwk]);
    const text = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const hmac = (secret: string | Buffer, alg = 'HS256') => {
      const content = `${text({ alg, typ: 'at+jwt', kid: 'first' })}.${text(claims())}`;
      return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`;
    };
    const spki = await exportSPKI((await importJWK(key.publicJwk, 'ES256')) as CryptoKey);
    const good = await key.sign(claims());
    const [head, body, signature] = good.split('.');
    const forged: Record<string, string> = {
      none: new UnsecuredJWT(claims()).encode(),
      noneWithSignature: `${text({ alg: 'none', typ: 'at+jwt' })}.${body}.${signature}`,
      hmacOfPem: hmac(spki),
      hmacOfJwk: hmac(JSON.stringify(key.publicJwk)),
      hmacAsEs256: hmac(spki, 'ES256'),
      otherKeySameKid: await attacker.sign(claims()),
      jku: await attacker.sign(claims(), { jku: `${trap.url}/keys` }),
      x5u: await attacker.sign(claims(), { x5u: `${trap.url}/keys` }),
      jwk: await attacker.sign(claims(), { jwk: attacker.publicJwk }),
      ownIssuer: await attacker.sign(claims({ iss: trap.url })),
      changedClaims: `${head}.${text(claims({ sub: 'root' }))}.${signature}`,
      audience: await key.sign(claims({ aud: 'else' })),
      noAudience: await key.sign(claims({ aud: undefined })),
      issuerWithSlash: await key.sign(claims({ iss: `${issuer.url}/` })),
      idToken: await key.sign(claims(), { typ: 'JWT' }),
      noType: await key.sign(claims(), { typ: undefined }),
      noExpiry: await key.sign(claims({ exp: undefined })),
      notYet: await key.sign(claims({ nbf: now() + 600 })),
      fromTheFuture: await key.sign(claims({ iat: now() + 600 })),
      noSubject: await key.sign(claims({ sub: undefined })),
      emptySubject: await key.sign(claims({ sub: '' })),
      claimsToBePlatform: await key.sign(claims({ iss: 'http://gateway.test', aud: 'atoll', atoll_tenant: acme.id })),
      critical: `${text({ alg: 'ES256', kid: 'first', typ: 'at+jwt', crit: ['x'], x: 1 })}.${body}.${signature}`,
    };
    for (const [what, token] of Object.entries(forged)) {
      const answer = await ask(token);
      expect(answer.status, what).toBe(401);
      expect(answer.body.errors[0].extensions.code, what).toBe('UNAUTHENTICATED');
    }
    expect(trap.asked).toEqual([]);
    await trap.stop();
  });

  it('an expired one is told so, and small differences of clocks are none', async () => {
    expect(await codeOf(await key.sign(claims({ exp: now() - 120 })))).toBe('TOKEN_EXPIRED');
    expect(await codeOf(await key.sign(claims({ exp: now() - 5 })))).toBe('admin');
    expect(await codeOf(await key.sign(claims({ iat: now() + 5, nbf: now() + 5 })))).toBe('admin');
  });

  it('an algorithm that the tenant does not allow is refused, though the issuer has a key for it', async () => {
    const rsa = await signingKey('rsa', 'RS256');
    const ps = await signingKey('ps', 'PS256');
    const two = await startHttpIssuer([rsa.publicJwk, ps.publicJwk]);
    const id = await register(acme, { url: two.url });
    await join(acme, `${id}:cleo`, 'viewer');
    expect(await codeOf(await rsa.sign(claims({ iss: two.url, sub: 'cleo' })))).toBe('viewer');
    expect(await codeOf(await ps.sign(claims({ iss: two.url, sub: 'cleo' })))).toBe('UNAUTHENTICATED');
    await two.stop();
  });

  it('a subject that is an address is known by its hash', async () => {
    const { body } = await platform.query(await key.sign(claims({ sub: 'ann@example.com' })), me);
    expect(JSON.stringify(body)).not.toContain('ann@');
    expect(body.errors[0].extensions.code).toBe('FORBIDDEN');
  });

  it('a group gives a role to who is no member, and a member has their own', async () => {
    const own = await startHttpIssuer([key.publicJwk]);
    const id = await register(acme, {
      url: own.url,
      claims: { subject: 'sub', email: null, name: null, groups: 'groups' },
      groupRoles: [
        { group: 'ops', role: 'admin' },
        { group: 'staff', role: 'viewer' },
      ],
    });
    await join(acme, `${id}:dora`, 'viewer');
    const token = (sub: string, groups: unknown) => key.sign(claims({ iss: own.url, sub, groups }));
    expect(await codeOf(await token('eve', ['x', 'staff', 'ops']))).toBe('admin');
    expect(await codeOf(await token('eve', ['staff']))).toBe('viewer');
    expect(await codeOf(await token('eve', ['x']))).toBe('FORBIDDEN');
    expect(await codeOf(await token('eve', 'ops'))).toBe('FORBIDDEN');
    expect(await codeOf(await token('dora', ['ops']))).toBe('viewer');
    await own.stop();
  });

  it('of a member means that tenant, also where another one has given roles to all who come by the issuer', async () => {
    const shared = await startHttpIssuer([key.publicJwk]);
    const groups = { subject: 'sub', email: null, name: null, groups: 'groups' };
    const id = await register(acme, { url: shared.url });
    const groupRoles = [{ group: 'staff', role: 'admin' as const }];
    await register(globex, { url: shared.url, claims: groups, groupRoles });
    await join(acme, `${id}:kim`, 'developer');
    const token = (sub: string) => key.sign(claims({ iss: shared.url, sub, groups: ['staff'] }));
    expect((await ask(await token('kim'))).body.data.viewer).toMatchObject({ role: 'developer', tenantId: acme.id });
    expect((await ask(await token('lee'))).body.data.viewer).toMatchObject({ role: 'admin', tenantId: globex.id });
    expect(await codeOf(await token('kim'), { 'atoll-tenant': globex.id })).toBe('admin');
    await shared.stop();
  });

  it('where two tenants accept the issuer, the membership says which; of both, the client says', async () => {
    const theirs = await register(globex);
    expect(await codeOf(await key.sign(claims()))).toBe('admin');
    expect(await codeOf(await key.sign(claims()), { 'atoll-tenant': globex.id })).toBe('FORBIDDEN');
    await join(globex, `${theirs}:ann`, 'viewer');
    const both = await ask(await key.sign(claims()));
    expect(both.body.errors[0].message).toMatch(/atoll-tenant/);
    expect(await codeOf(await key.sign(claims()), { 'atoll-tenant': globex.id })).toBe('viewer');
    expect(await codeOf(await key.sign(claims()), { 'atoll-tenant': acme.id })).toBe('admin');
    // Another tenant's id, one that never was, and no id: byte for byte.
    const other = await platform.tenant('umbrella');
    const answers = await Promise.all(
      [other.id, newId('tenant'), 'x'].map(
        async (tenant) => (await ask(await key.sign(claims()), { 'atoll-tenant': tenant })).text,
      ),
    );
    expect(new Set(answers).size).toBe(1);
    await platform.append(globex.id, 'tenancy', `issuer:${theirs}`, {
      type: 'IssuerRemoved',
      data: { tenantId: globex.id, issuerId: theirs },
    });
    expect(await codeOf(await key.sign(claims()))).toBe('admin');
  });
});

describe('the keys of an issuer', () => {
  const bad = async (number: number) => (await signingKey(`nobody-${number}`)).sign(claims({ jti: String(number) }));

  it('are asked for once or twice, however many tokens name others', async () => {
    await platform.restartGateway({ keySetTimes: { ...times, cooldownMs: 3_000 } });
    const strangers = await Promise.all(Array.from({ length: 200 }, (_, number) => bad(number)));
    await ask(await key.sign(claims()));
    issuer.asked.length = 0;
    const began = performance.now();
    const codes = await Promise.all(strangers.map((token) => codeOf(token)));
    // Once in each time that it rests after it has asked, however long all of that takes here.
    const most = 2 + Math.floor((performance.now() - began) / 3_000);
    expect(new Set(codes)).toEqual(new Set(['UNAUTHENTICATED']));
    expect(issuer.asked.filter((path) => path === '/keys').length).toBeLessThanOrEqual(most);
    expect(issuer.asked.length).toBeLessThanOrEqual(most);
  });

  it('rotate under load, while strangers knock, and no good token is refused', async () => {
    const second = await signingKey('second');
    let stop = false;
    const refused: string[] = [];
    let asked = 0;
    const clients = [key, second].map(async (mine, index) => {
      for (let n = 0; !stop; n += 1) {
        // Signed with the new key once the issuer has published it.
        const signer = index === 1 && !issuer.keys.includes(second.publicJwk) ? key : mine;
        const code = await codeOf(await signer.sign(claims({ jti: `${index}-${n}` })));
        asked += 1;
        if (code !== 'admin') refused.push(`${signer.kid}: ${code}`);
      }
    });
    const stranger = (async () => {
      for (let n = 1000; !stop; n += 1) await codeOf(await bad(n));
    })();
    await eventually('load runs', async () => asked > 20);
    issuer.keys = [key.publicJwk, second.publicJwk];
    const before = asked;
    await eventually('load goes on', async () => asked > before + 60);
    stop = true;
    await Promise.all([...clients, stranger]);
    expect(refused).toEqual([]);
  });

  it('that are known serve while the issuer is down, after a restart of the gateway as well', async () => {
    const own = await startHttpIssuer([key.publicJwk]);
    const id = await register(acme, { url: own.url });
    await join(acme, `${id}:ann`, 'viewer');
    const token = (jti: string) => key.sign(claims({ iss: own.url, jti }));
    expect(await codeOf(await token('1'))).toBe('viewer');
    await own.down();
    expect(await codeOf(await token('2'))).toBe('viewer');
    await platform.restartGateway({ keySetTimes: times });
    expect(await codeOf(await token('3'))).toBe('viewer');
    // What isn't known can't be: that is no fault of the token's.
    const stranger = await signingKey('unknown');
    expect(await codeOf(await stranger.sign(claims({ iss: own.url })))).toBe('UNAVAILABLE');
  });

  it('that an issuer takes out of its set end, with the tokens that were believed by them', async () => {
    const gone = await signingKey('gone');
    const own = await startHttpIssuer([key.publicJwk, gone.publicJwk]);
    const id = await register(acme, { url: own.url });
    await join(acme, `${id}:ann`, 'viewer');
    const token = await gone.sign(claims({ iss: own.url }));
    expect(await codeOf(token)).toBe('viewer');
    own.keys = [key.publicJwk];
    // Anything that makes the gateway look again.
    await codeOf(await (await signingKey('nobody')).sign(claims({ iss: own.url })));
    expect(await codeOf(token)).toBe('UNAUTHENTICATED');
    await own.stop();
  });

  it('that do not come in time, are too large, elsewhere or none, are a fault of the issuer and end nothing', async () => {
    const own = await startHttpIssuer([key.publicJwk]);
    const id = await register(acme, { url: own.url });
    await join(acme, `${id}:ann`, 'viewer');
    const trap = await startHttpIssuer([key.publicJwk]);
    const answers: HttpIssuer['instead'][] = [
      (_request, response) => response.writeHead(302, { location: `${trap.url}/keys` }).end(),
      (_request, response) => response.end('x'.repeat(400_000)),
      (_request, response) => response.end('<html>'),
      (_request, response) =>
        response.end(JSON.stringify({ issuer: trap.url, jwks_uri: `${trap.url}/keys`, keys: [] })),
      (_request, response) => response.writeHead(500).end(),
    ];
    for (const instead of answers) {
      own.instead = instead;
      expect(await codeOf(await key.sign(claims({ iss: own.url, jti: String(answers.indexOf(instead)) })))).toBe(
        'UNAVAILABLE',
      );
    }
    expect(trap.asked).toEqual([]);
    own.instead = null;
    expect(await codeOf(await key.sign(claims({ iss: own.url })))).toBe('viewer');
    await Promise.all([own.stop(), trap.stop()]);
  });
});

describe('an issuer that is removed', () => {
  it('lets nobody in from the next request on', async () => {
    const own = await startHttpIssuer([key.publicJwk]);
    const id = await register(acme, { url: own.url });
    await join(acme, `${id}:ann`, 'viewer');
    const token = await key.sign(claims({ iss: own.url }));
    expect(await codeOf(token)).toBe('viewer');
    const removed = { type: 'IssuerRemoved', data: { tenantId: acme.id, issuerId: id } };
    await platform.append(acme.id, 'tenancy', `issuer:${id}`, removed);
    expect(await codeOf(token)).toBe('UNAUTHENTICATED');
    await own.stop();
  });
});

describe('a socket of a token that two tenants accept', () => {
  it('is of the tenant that it was opened for, and ends with the membership there', async () => {
    const shared = await startHttpIssuer([key.publicJwk]);
    const [ours, theirs] = [await register(acme, { url: shared.url }), await register(globex, { url: shared.url })];
    const memberId = await join(acme, `${ours}:pat`, 'viewer');
    const following = followLog(platform, await key.sign(claims({ iss: shared.url, sub: 'pat' })), '0');
    await following.until(1);
    // Both before anybody looks again: the token alone means the other tenant from here on.
    const data = { tenantId: acme.id, memberId, subject: `${ours}:pat` };
    await Promise.all([
      platform.append(acme.id, 'tenancy', `tenant:${acme.id}`, { type: 'MemberRemoved', data }),
      join(globex, `${theirs}:pat`, 'admin'),
    ]);
    await eventually('it is closed', async () => following.closes.length > 0);
    expect(following.closes[0]).toMatchObject({ code: 4403 });
    following.stop();
    await shared.stop();
  });
});
