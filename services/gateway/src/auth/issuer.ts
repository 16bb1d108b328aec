/** The platform's own issuer of tokens: one Ed25519 key, its public half as JWKS, and secrets derived from it. */
import { createHmac, hkdfSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type CryptoKey, calculateJwkThumbprint, importJWK, type JWK, SignJWT } from 'jose';
import { z } from 'zod';

export const algorithm = 'EdDSA';
export const audience = 'atoll';
/** Media type of access tokens (RFC 9068): no other kind of JWT passes for one. */
export const accessTokenType = 'at+jwt';

const privateJwk = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string().min(1),
  d: z.string().min(1),
  kid: z.string().min(1).optional(),
});

export interface TokenClaims {
  readonly subject: string;
  /** Absent for the operator. */
  readonly tenant?: string;
  readonly operator?: true;
  /** Of the secret that a service account shows. */
  readonly mark?: string;
}

export interface Issuer {
  readonly url: string;
  readonly jwks: { readonly keys: readonly [JWK] };
  sign(claims: TokenClaims, lifetimeSeconds: number): Promise<string>;
  /** The same for the same parts, and to be guessed by nobody without the key. */
  secretOf(...parts: readonly string[]): string;
}

export async function createIssuer(jwk: unknown, url: string): Promise<Issuer> {
  const parsed = privateJwk.safeParse(jwk);
  if (!parsed.success) throw new Error('The issuer key is not a private JWK of kty OKP, crv Ed25519.');
  const { d, kid: named, ...rest } = parsed.data;
  const kid = named ?? (await calculateJwkThumbprint(rest));
  const key = await importJWK({ ...rest, d }, algorithm);
  if (!isCryptoKey(key)) throw new Error('The issuer key is no asymmetric key.');
  const derived = Buffer.from(hkdfSync('sha256', Buffer.from(d, 'base64url'), '', 'atoll service account secrets', 32));
  return {
    url,
    jwks: { keys: [{ ...rest, kid, alg: algorithm, use: 'sig' }] },
    sign: ({ subject, tenant, operator, mark }, lifetimeSeconds) =>
      new SignJWT({
        ...(tenant ? { atoll_tenant: tenant } : {}),
        ...(operator ? { atoll_operator: true } : {}),
        ...(mark ? { atoll_mark: mark } : {}),
      })
        .setProtectedHeader({ alg: algorithm, typ: accessTokenType, kid })
        .setIssuer(url)
        .setAudience(audience)
        .setSubject(subject)
        .setIssuedAt()
        .setExpirationTime(`${lifetimeSeconds}s`)
        .sign(key),
    secretOf: (...parts) => createHmac('sha256', derived).update(JSON.stringify(parts)).digest('base64url'),
  };
}

const isCryptoKey = (key: CryptoKey | Uint8Array): key is CryptoKey => !(key instanceof Uint8Array);

export async function readIssuer(file: string, url: string): Promise<Issuer> {
  let jwk: unknown;
  try {
    jwk = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new Error(`The issuer key file ${file} can't be read as JSON.`, { cause: error });
  }
  return createIssuer(jwk, url);
}
