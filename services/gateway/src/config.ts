/** What the gateway takes from its environment. */
import { commonConfig } from '@atoll/service/config';
import { z } from 'zod';
import { privateIssuers } from './auth/fetch-json.ts';

const postgresUrl = z.string().regex(/^postgres(ql)?:\/\//, 'must begin with postgres:// or postgresql://');

export const configSchema = z.object({
  ...commonConfig,
  /** Role atoll_gateway: owns the schema `read`. */
  ATOLL_DATABASE_URL: postgresUrl,
  /** Role atoll_reader: selects only, under row security. */
  ATOLL_READER_DATABASE_URL: postgresUrl,
  ATOLL_HOST: z.string().default('127.0.0.1'),
  ATOLL_PORT: z.coerce.number().int().min(0).max(65535),
  /** Where clients reach the gateway, without a slash at the end; it is also the issuer of the tokens. */
  ATOLL_PUBLIC_URL: z.url({ protocol: /^https?$/ }).refine((url) => !url.endsWith('/'), 'must not end with a slash'),
  ATOLL_ISSUER_KEY_FILE: z.string().min(1),
  /** Which addresses issuers of tenants may have beside public ones: `none`, `loopback` (with http) or `private`. */
  ATOLL_PRIVATE_ISSUERS: z.enum(privateIssuers).default('none'),
  /** `off-to-measure`: requests leave no record and resources no history. For the benchmark of what those cost, and nothing else. */
  ATOLL_AUDIT: z.enum(['on', 'off-to-measure']).default('on'),
  /** Private JWK, Ed25519, that signs the ends of the tenants' logs. */
  ATOLL_LOG_KEY_FILE: z.string().min(1),
  /** Where signed ends of the logs are kept, outside the database: JSON lines, appended. Without it they are only told. */
  ATOLL_LOG_HEADS_FILE: z.string().min(1).optional(),
  ATOLL_LOG_HEADS_SECONDS: z.coerce.number().min(1).max(86_400).default(300),
  /** Connections that queries share; what is more waits, tenant by tenant. */
  ATOLL_READ_CONNECTIONS: z.coerce.number().int().min(1).max(200).default(16),
  /** What one request may cost at most, in points; see @cost. */
  ATOLL_REQUEST_POINTS: z.coerce.number().int().min(1).default(10_000),
  /** What a tenant may spend per minute, in points; a minute's worth may be spent at once. */
  ATOLL_TENANT_POINTS_PER_MINUTE: z.coerce.number().int().min(1).default(20_000_000),
  /** How long a subscriber may leave what it was sent lying before it is closed. */
  ATOLL_SOCKETS_PER_TENANT: z.coerce.number().int().min(1).max(10_000).default(2000),
  ATOLL_SLOW_SUBSCRIBER_SECONDS: z.coerce.number().min(1).max(600).default(10),
});
