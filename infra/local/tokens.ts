/** The local issuer's key, and the tokens it gives at each start. */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import { z } from 'zod';
import { readJson, writeJson } from '../process/files.ts';

const jwkSchema = z.looseObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), d: z.string(), kid: z.string() });
const algorithm = 'EdDSA';
const lifetime = '30 days';

/** Makes the key at the first start: an Ed25519 private JWK with its thumbprint as `kid`. */
export async function ensureSigningKey(file: string): Promise<void> {
  if (readJson(file, jwkSchema)) return;
  const { privateKey } = await generateKeyPair(algorithm, { crv: 'Ed25519', extractable: true });
  const jwk = await exportJWK(privateKey);
  writeJson(file, { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: algorithm, use: 'sig' });
}

export interface TokenClaims {
  readonly subject: string;
  /** Absent for the operator. */
  readonly tenant?: string;
}

/** Signs tokens in the name of the issuer. */
export async function openIssuer(file: string, issuer: string): Promise<(claims: TokenClaims) => Promise<string>> {
  const jwk = readJson(file, jwkSchema);
  if (!jwk) throw new Error(`There is no issuer key at ${file}.`);
  const key = await importJWK(jwk, algorithm);
  return ({ subject, tenant }) =>
    new SignJWT(tenant === undefined ? { atoll_operator: true } : { atoll_tenant: tenant })
      .setProtectedHeader({ alg: algorithm, typ: 'at+jwt', kid: jwk.kid })
      .setSubject(subject)
      .setIssuer(issuer)
      .setAudience('atoll')
      .setIssuedAt()
      .setExpirationTime(lifetime)
      .sign(key);
}
