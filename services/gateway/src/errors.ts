/** What the API throws: a code of the closed set, a text that says what to do, and nothing of the inside. */
import { type ErrorCode, errorCodes } from '@atoll/schema/errors';
import { GraphQLError, type GraphQLErrorOptions } from 'graphql';

/** HTTP status of a response that carries no data because of this error. */
const statuses: Partial<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  TOKEN_EXPIRED: 401,
  FORBIDDEN: 403,
  CAPABILITY_EXCLUDED: 403,
  TENANT_SUSPENDED: 403,
  TENANT_CLOSED: 403,
  PAYLOAD_TOO_LARGE: 413,
  BUDGET_EXCEEDED: 429,
  UNAVAILABLE: 503,
  UNKNOWN_OUTCOME: 504,
  DEADLINE_EXCEEDED: 504,
  INTERNAL_SERVER_ERROR: 500,
};

export const httpStatus = (code: ErrorCode): number => statuses[code] ?? 400;

export class ApiError extends GraphQLError {
  readonly code: ErrorCode;

  constructor(
    code: ErrorCode,
    message: string,
    options: Omit<GraphQLErrorOptions, 'extensions'> & { extra?: Readonly<Record<string, unknown>> } = {},
  ) {
    const { extra, ...rest } = options;
    super(message, { ...rest, extensions: { code, retry: errorCodes[code].retry, ...extra } });
    this.code = code;
  }
}

/** The same error, with the place in the document where it came up. */
export function located(error: ApiError, options: Pick<GraphQLErrorOptions, 'nodes' | 'path'>): ApiError {
  const { code, retry, ...extra } = error.extensions;
  void retry;
  void code;
  return new ApiError(error.code, error.message, { ...options, extra });
}
