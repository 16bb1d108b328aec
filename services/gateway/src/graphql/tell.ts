/** What of an error is told: ours as they are, everything unplanned masked, with a number under which it is in the log. */
import { randomUUID } from 'node:crypto';
import { type ErrorCode, errorCodes } from '@atoll/schema/errors';
import type { Logger } from '@atoll/service/log';
import { isConnectionError } from '@atoll/service/postgres';
import { currentIds } from '@atoll/service/spans';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { ApiError } from '../errors.ts';

const isCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(errorCodes, code);

/** Codes of Apollo Server that our set calls otherwise. */
const renamed: Readonly<Record<string, ErrorCode>> = {
  OPERATION_RESOLUTION_FAILURE: 'BAD_REQUEST',
  PERSISTED_QUERY_NOT_FOUND: 'BAD_REQUEST',
  PERSISTED_QUERY_NOT_SUPPORTED: 'BAD_REQUEST',
};

const maskedText = (correlation: string) =>
  `Something went wrong on our side. It is logged as ${correlation}; a mutation may be repeated with the same idempotency key.`;

export interface Teller {
  /** For errors that our own code throws. */
  tell(error: unknown, correlation: string): ApiError;
  /** For `formatError` of Apollo Server, which also has errors of its own. */
  format(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError;
}

const unreachableText = 'The database can not be reached now, and nothing was done: try again.';

export function createTeller(log: Logger): Teller {
  function mask(error: unknown, correlation: string, place: Partial<GraphQLError> = {}): ApiError {
    const at = { ...(place.nodes ? { nodes: place.nodes } : {}), ...(place.path ? { path: place.path } : {}) };
    const { traceId } = currentIds();
    const extra = { correlation, ...(traceId === undefined ? {} : { traceId }) };
    // Whoever reads after something was done tells so by itself.
    if (isConnectionError(error)) {
      log.warn({ err: error, correlation }, 'a request came while the database was away');
      return new ApiError('UNAVAILABLE', unreachableText, { ...at, extra });
    }
    log.error({ err: error, correlation }, 'a request failed');
    return new ApiError('INTERNAL_SERVER_ERROR', maskedText(correlation), { ...at, extra });
  }

  function tell(error: unknown, correlation: string): ApiError {
    if (error instanceof ApiError) return error;
    if (error instanceof GraphQLError) return mask(error.originalError ?? error, correlation, error);
    return mask(error, correlation);
  }

  return {
    tell,
    format(formatted, error) {
      const { message, locations, path, extensions } = formatted;
      const place = { ...(locations ? { locations } : {}), ...(path ? { path } : {}) };
      if (error instanceof ApiError) return { message, ...place, extensions: error.extensions };
      const theirs = extensions?.code;
      const code = typeof theirs === 'string' ? (renamed[theirs] ?? theirs) : theirs;
      if (!isCode(code) || errorCodes[code].kind !== 'request') return mask(error, randomUUID()).toJSON();
      return { message, ...place, extensions: { code, retry: errorCodes[code].retry } };
    },
  };
}
