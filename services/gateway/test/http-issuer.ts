/** An issuer of OpenID Connect on loopback, as a test wants it to be: its keys, its documents, and who has asked for them. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly publicJwk: JWK;
  sign(claims: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): Promise<string>;
}

export async function signingKey(kid: string, alg = 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return {
    kid,
    alg,
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' },
    sign: (claims, header = {}) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg, kid, typ: 'at+jwt', ...header }).sign(privateKey),
  };
}

export interface HttpIssuer {
  readonly url: string;
  /** What its key set says now. */
  keys: readonly JWK[];
  /** Answers in place of the documents, where a test wants another one. */
  instead: RequestListener | null;
  /** Paths that were asked for. */
  readonly asked: string[];
  /** Whether it answers at all. */
  down(): Promise<void>;
  stop(): Promise<void>;
}

export async function startHttpIssuer(keys: readonly JWK[] = []): Promise<HttpIssuer> {
  const issuer: HttpIssuer & { url: string } = {
    url: '',
    keys,
    instead: null,
    asked: [],
    async down() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    async stop() {
      if (server.listening) await issuer.down();
    },
  };
  const server = createServer((request, response) => {
    issuer.asked.push(request.url ?? '');
    if (issuer.instead) return issuer.instead(request, response);
    const body =
      request.url === '/.well-known/openid-configuration'
        ? { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` }
        : { keys: issuer.keys };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return issuer;
}
