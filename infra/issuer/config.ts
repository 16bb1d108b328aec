/** What the issuer takes from its environment, and from the file that the start writes for it. */
import { commonConfig } from '@atoll/service/config';
import { z } from 'zod';

/** It needs no NATS. */
const { ATOLL_NATS_URL: _nats, ...common } = commonConfig;

export const issuerConfig = z.object({
  ...common,
  ATOLL_DATABASE_URL: z.url(),
  ATOLL_PORT: z.coerce.number().int().min(1).max(65535),
  /** The `iss` of its tokens. */
  ATOLL_PUBLIC_URL: z.url(),
  /** Keys, users and clients: LoginFile as JSON. */
  ATOLL_LOGIN_FILE: z.string().min(1),
});

export const loginUser = z.strictObject({
  login: z.string(),
  password: z.string(),
  name: z.string(),
  email: z.string(),
});

export const loginFile = z.strictObject({
  /** Private JWKs, the one that signs first. */
  keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })).min(1),
  /** Signs cookies, and seals what is stored. */
  secret: z.string().min(20),
  users: z.array(loginUser),
  /** Where browsers may be sent back to: the pages of the platform and of its portal. */
  redirectUris: z.array(z.url()),
});
export type LoginFile = z.infer<typeof loginFile>;

/** Of the platform's API: what its tokens are for. */
export const apiAudience = 'atoll-api';
export const apiResource = 'urn:atoll:api';
/** Browsers: pages of the platform. */
export const portalClient = 'atoll-portal';
/** Programs of a person on their own machine: a browser that comes back to loopback (RFC 8252), or a code typed in elsewhere (RFC 8628). */
export const cliClient = 'atoll-cli';
