/** Tokens that the platform's issuer, or somebody else, could have signed. */
import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

export interface Claims {
  readonly sub: string;
  readonly iss: string;
  readonly aud?: string;
  readonly exp?: number;
  readonly atoll_tenant?: string;
  readonly atoll_operator?: boolean;
}

const nowSeconds = () => Math.floor(Date.now() / 1000);

function tokenOf(key: KeyObject, kid: string, claims: Claims): string {
  const body = { aud: 'atoll', iat: nowSeconds() - 120, exp: nowSeconds() + 600, ...claims };
  const text = `${encode({ alg: 'EdDSA', typ: 'at+jwt', kid })}.${encode(body)}`;
  return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`;
}

interface IssuerJwk {
  readonly kid: string;
  readonly [name: string]: string;
}

function issuerJwk(home: string): IssuerJwk {
  const jwk: IssuerJwk = JSON.parse(readFileSync(join(home, 'issuer.jwk.json'), 'utf8'));
  return jwk;
}

/** With the local issuer's own key: what it would sign, if it were asked to. */
export function issuedToken(home: string, claims: Claims): string {
  const jwk = issuerJwk(home);
  return tokenOf(createPrivateKey({ key: { ...jwk }, format: 'jwk' }), jwk.kid, claims);
}

/** With another key under the issuer's key id. */
export function forgedToken(home: string, claims: Claims): string {
  return tokenOf(generateKeyPairSync('ed25519').privateKey, issuerJwk(home).kid, claims);
}

/** Without any signature, as old libraries let through. */
export const unsignedToken = (claims: Claims): string =>
  `${encode({ alg: 'none', typ: 'at+jwt' })}.${encode({ aud: 'atoll', exp: nowSeconds() + 600, ...claims })}.`;
