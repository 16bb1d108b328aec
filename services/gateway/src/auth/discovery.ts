/** What an issuer says of itself: discovery document → where its keys are → the keys (OpenID Connect Discovery 1.0). */
import type { JSONWebKeySet } from 'jose';
import { z } from 'zod';
import { type FetchJson, Unfetchable } from './fetch-json.ts';

const maxKeys = 100;

const discovery = z.object({ issuer: z.string().max(500), jwks_uri: z.url().max(2000) });

/** Public halves of asymmetric keys alone: whatever else stands in a set could only be used against us. */
const publicKey = z.union([
  z.object({ kty: z.literal('RSA'), n: z.string(), e: z.string() }),
  z.object({ kty: z.literal('EC'), crv: z.string(), x: z.string(), y: z.string() }),
  z.object({ kty: z.literal('OKP'), crv: z.string(), x: z.string() }),
]);
const about = z.object({
  kid: z.string().max(500).optional(),
  alg: z.string().max(20).optional(),
  use: z.string().max(20).optional(),
});
const keySet = z.object({ keys: z.array(z.unknown()).max(maxKeys) });

export const documentUrl = (issuer: string) => `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;

/** Throws Unfetchable. */
export async function discover(fetchJson: FetchJson, issuer: string): Promise<string> {
  const found = discovery.safeParse(await fetchJson(documentUrl(issuer)));
  if (!found.success) throw new Unfetchable('has a discovery document without issuer and jwks_uri');
  if (found.data.issuer !== issuer) {
    throw new Unfetchable('has a discovery document that names another issuer: it must be the same to the letter');
  }
  return found.data.jwks_uri;
}

/** Throws Unfetchable. */
export async function fetchKeys(fetchJson: FetchJson, jwksUri: string): Promise<JSONWebKeySet> {
  return parseKeys(await fetchJson(jwksUri));
}

export function parseKeys(json: unknown): JSONWebKeySet {
  const found = keySet.safeParse(json);
  if (!found.success) throw new Unfetchable(`has a key set that is none, or has more than ${maxKeys} keys`);
  const keys = found.data.keys.flatMap((key) => {
    const [material, described] = [publicKey.safeParse(key), about.safeParse(key)];
    if (!material.success || !described.success) return [];
    const { kid, alg, use } = described.data;
    return [
      {
        ...material.data,
        ...(kid !== undefined && { kid }),
        ...(alg !== undefined && { alg }),
        ...(use !== undefined && { use }),
      },
    ];
  });
  if (keys.length === 0) throw new Unfetchable('has a key set without a public key');
  return { keys };
}
