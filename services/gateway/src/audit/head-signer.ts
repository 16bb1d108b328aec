/** Signs the ends of logs: whoever keeps a signed head can prove later that the log was like that then. */
import { readFile } from 'node:fs/promises';
import { headType } from '@atoll/schema/audit/lines';
import { CompactSign, calculateJwkThumbprint, importJWK, type JWK } from 'jose';
import { z } from 'zod';

const algorithm = 'EdDSA';
const privateJwk = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string().min(1),
  d: z.string().min(1),
});

export interface Head {
  readonly tenant: string;
  readonly cursor: number;
  readonly hash: string;
}

export interface HeadSigner {
  /** The public half: what a verifier needs. */
  readonly jwks: { readonly keys: readonly [JWK] };
  /** JWS in compact form. */
  sign(head: Head): Promise<string>;
}

/** A key of its own, apart from that of the tokens: it is kept for as long as logs are verified. */
export async function createHeadSigner(jwk: unknown): Promise<HeadSigner> {
  const parsed = privateJwk.safeParse(jwk);
  if (!parsed.success) throw new Error('The key of the logs is not a private JWK of kty OKP, crv Ed25519.');
  const { d, ...rest } = parsed.data;
  const kid = await calculateJwkThumbprint(rest);
  const key = await importJWK({ ...rest, d }, algorithm);
  return {
    jwks: { keys: [{ ...rest, kid, alg: algorithm, use: 'sig' }] },
    sign({ tenant, cursor, hash }) {
      const iat = Math.floor(Date.now() / 1000);
      const payload = new TextEncoder().encode(JSON.stringify({ tenant, cursor: String(cursor), hash, iat }));
      return new CompactSign(payload).setProtectedHeader({ alg: algorithm, typ: headType, kid }).sign(key);
    },
  };
}

export async function readHeadSigner(file: string): Promise<HeadSigner> {
  let jwk: unknown;
  try {
    jwk = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new Error(`The file of the logs' key ${file} can't be read as JSON.`, { cause: error });
  }
  return createHeadSigner(jwk);
}
