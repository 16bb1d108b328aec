/** Access tokens: who somebody says they are, checked. What they may do is not in them. */
import { id } from '@atoll/schema/ids';
import { createLocalJWKSet, errors, jwtVerify } from 'jose';
import { z } from 'zod';
import { ApiError } from '../errors.ts';
import type { Identity } from './identity.ts';
import { accessTokenType, algorithm, audience, type Issuer } from './issuer.ts';

/** Unix time in milliseconds. */
type Clock = () => number;

export interface Verified {
  readonly identity: Identity;
  /** Of the secret that a service account has got it with. */
  readonly mark: string | null;
}

export interface Tokens {
  /** Throws UNAUTHENTICATED or TOKEN_EXPIRED. */
  verify(token: string): Promise<Verified>;
  /** Whether it was verified before. */
  knows(token: string): boolean;
}

const claims = z.object({
  sub: z.string().min(1).max(255),
  exp: z.number(),
  atoll_tenant: id('tenant').optional(),
  atoll_operator: z.literal(true).optional(),
  atoll_mark: z.string().optional(),
});

/** Verified ones, so that a busy client costs one signature check per token. */
const maxRemembered = 5000;
const types = new Set<string | undefined>([accessTokenType, `application/${accessTokenType}`]);

export const refused = (why: string) =>
  new ApiError('UNAUTHENTICATED', `${why} Send a valid access token as "Authorization: Bearer …".`);
export const expired = () => new ApiError('TOKEN_EXPIRED', 'The access token has expired: get a new one.');

export function createTokens(issuer: Pick<Issuer, 'url' | 'jwks'>, now: Clock = Date.now): Tokens {
  const keys = createLocalJWKSet({ keys: [...issuer.jwks.keys] });
  const remembered = new Map<string, Verified>();

  function remember(token: string, verified: Verified): void {
    remembered.set(token, verified);
    const [oldest] = remembered.keys();
    if (remembered.size > maxRemembered && oldest !== undefined) remembered.delete(oldest);
  }

  async function check(token: string): Promise<Verified> {
    let payload: unknown;
    let typ: string | undefined;
    try {
      const verified = await jwtVerify(token, keys, {
        issuer: issuer.url,
        audience,
        algorithms: [algorithm],
        requiredClaims: ['sub', 'exp', 'iat'],
        currentDate: new Date(now()),
      });
      payload = verified.payload;
      typ = verified.protectedHeader.typ?.toLowerCase();
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw expired();
      if (error instanceof errors.JOSEError) throw refused('The access token is not one of this platform.');
      throw error;
    }
    if (!types.has(typ)) throw refused(`The token is no access token: its typ must be ${accessTokenType}.`);
    const parsed = claims.safeParse(payload);
    if (!parsed.success) throw refused('The access token lacks what names its holder.');
    const { sub: subject, exp, atoll_tenant: tenant, atoll_operator: operator, atoll_mark } = parsed.data;
    if ((tenant === undefined) === (operator === undefined)) {
      throw refused('The access token must be for one tenant or for the operator.');
    }
    const expiresAt = exp * 1000;
    const mark = atoll_mark ?? null;
    const credential = { kind: 'platformToken', tenant: tenant ?? null } as const;
    if (tenant === undefined) return { identity: { kind: 'operator', subject, expiresAt, credential }, mark };
    const identity: Identity = {
      kind: 'tenant',
      subject,
      tenant,
      expiresAt,
      scopes: null,
      groupRole: null,
      isAmbiguous: false,
      credential,
    };
    return { identity, mark };
  }

  return {
    knows: (token) => remembered.has(token),
    async verify(token) {
      const known = remembered.get(token);
      if (known && known.identity.expiresAt > now()) return known;
      if (known) {
        remembered.delete(token);
        throw expired();
      }
      const verified = await check(token);
      remember(token, verified);
      return verified;
    },
  };
}

/** The credential of an Authorization header. Throws UNAUTHENTICATED. */
export function bearerOf(authorization: string | undefined): string {
  if (authorization === undefined || authorization === '') throw refused('There is no access token.');
  const [, token] = /^Bearer +([A-Za-z0-9_.-]{1,8192})$/i.exec(authorization) ?? [];
  if (token === undefined) throw refused('The Authorization header holds no bearer token.');
  return token;
}
