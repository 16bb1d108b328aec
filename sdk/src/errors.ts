/**
 * Everything that a call can fail with: one class per kind, by who can do something about it, and a closed set of codes.
 *
 * | class | kind | what to do |
 * |---|---|---|
 * | AtollUserError | user | change the request: nothing was changed, `field` says where |
 * | AtollAccessError | access | get another token, or another role |
 * | AtollRequestError | request | the request is malformed, too large or too costly |
 * | AtollFaultError | fault | the platform's side; the SDK has already retried where that helps |
 * | AtollNetworkError | network | no answer came, or not one of Atoll's |
 */
import { errorCodes } from './generated/errors.ts';

type CodesOf<Kind> = {
  [C in keyof typeof errorCodes]: (typeof errorCodes)[C]['kind'] extends Kind ? C : never;
}[keyof typeof errorCodes];

/** A code that this version of the SDK doesn't know; `serverCode` has it. */
type Unknown = 'UNKNOWN_CODE';
export type UserCode = CodesOf<'user'> | Unknown;
export type AccessCode = CodesOf<'access'>;
export type RequestCode = CodesOf<'request'>;
export type FaultCode = CodesOf<'fault'> | Unknown;
/** NO_ANSWER: the connection failed or the time was up · NOT_ATOLL: something else answered, e.g. a proxy. */
export type NetworkCode = 'NO_ANSWER' | 'NOT_ATOLL';
export type AtollCode = UserCode | AccessCode | RequestCode | FaultCode | NetworkCode;

/** `same-key`: repeat with the same idempotency key. `after-reading`: read the newest version first. */
export type Retry = 'never' | 'later' | 'same-key' | 'after-reading';

export interface ErrorDetails {
  readonly serverCode?: string;
  /** How long the platform asks to wait, in milliseconds. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

export abstract class AtollError extends Error {
  abstract readonly kind: 'user' | 'access' | 'request' | 'fault' | 'network';
  abstract readonly code: AtollCode;
  readonly retry: Retry;
  /** The code as it came. */
  readonly serverCode: string | null;
  readonly retryAfterMs: number | null;
  /** Of the mutation that failed: a repeat with it can't do the same twice. Null for reads. */
  idempotencyKey: string | null = null;
  constructor(message: string, retry: Retry, details: ErrorDetails) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.retry = retry;
    this.serverCode = details.serverCode ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
  }
}

/** One reason why a mutation changed nothing. */
export interface UserFault {
  readonly code: UserCode;
  readonly message: string;
  /** Path of the input field at fault, outermost first; null where it is none alone. */
  readonly field: readonly string[] | null;
}

/**
 * The platform's rules said no, and nothing changed.
 *
 * @example
 * ```ts
 * try {
 *   await atoll.mutate.createEnvironment({ name: 'test', kind: 'TEST' });
 * } catch (error) {
 *   if (error instanceof AtollUserError && error.code === 'NAME_TAKEN') console.log(error.field, error.message);
 *   else throw error;
 * }
 * ```
 */
export class AtollUserError extends AtollError {
  override readonly name = 'AtollUserError';
  readonly kind = 'user';
  readonly code: UserCode;
  readonly field: readonly string[] | null;
  /** All of them; the error's own code, field and message are the first one's. */
  readonly errors: readonly UserFault[];
  constructor(errors: readonly [UserFault, ...UserFault[]], details: ErrorDetails = {}) {
    const [first] = errors;
    super(first.message, retryOf(first.code), details);
    this.code = first.code;
    this.field = first.field;
    this.errors = errors;
  }
}

/** Who you are, or what you may do. */
export class AtollAccessError extends AtollError {
  override readonly name = 'AtollAccessError';
  readonly kind = 'access';
  readonly code: AccessCode;
  constructor(code: AccessCode, message: string, details: ErrorDetails = {}) {
    super(message, retryOf(code), details);
    this.code = code;
  }
}

/** The request itself is malformed, too large, too costly, or goes on from a place that is no more. */
export class AtollRequestError extends AtollError {
  override readonly name = 'AtollRequestError';
  readonly kind = 'request';
  readonly code: RequestCode;
  constructor(code: RequestCode, message: string, details: ErrorDetails = {}) {
    super(message, retryOf(code), details);
    this.code = code;
  }
}

/** The platform's side. With `retry: 'same-key'` the mutation may have been carried out. */
export class AtollFaultError extends AtollError {
  override readonly name = 'AtollFaultError';
  readonly kind = 'fault';
  readonly code: FaultCode;
  constructor(code: FaultCode, message: string, details: ErrorDetails = {}) {
    super(message, retryOf(code), details);
    this.code = code;
  }
}

/** No answer came, or not one of Atoll's; a mutation may have been carried out. */
export class AtollNetworkError extends AtollError {
  override readonly name = 'AtollNetworkError';
  readonly kind = 'network';
  readonly code: NetworkCode;
  constructor(code: NetworkCode, message: string, details: ErrorDetails = {}) {
    super(message, retryOf(code), details);
    this.code = code;
  }
}

/** Closed over `kind` and `code`: a switch over it is checked. */
export type AnyAtollError = AtollUserError | AtollAccessError | AtollRequestError | AtollFaultError | AtollNetworkError;

function retryOf(code: AtollCode): Retry {
  switch (code) {
    case 'UNKNOWN_CODE':
    case 'NOT_ATOLL':
      return 'never';
    case 'NO_ANSWER':
      return 'same-key';
    default:
      return errorCodes[code].retry;
  }
}

const isKnown = (code: string): code is keyof typeof errorCodes => Object.hasOwn(errorCodes, code);

/** A thrown error of GraphQL, by its `extensions.code`. */
export function errorOfCode(serverCode: string, message: string, details: ErrorDetails = {}): AnyAtollError {
  const all = { ...details, serverCode };
  if (!isKnown(serverCode)) return new AtollFaultError('UNKNOWN_CODE', message, all);
  const code: keyof typeof errorCodes = serverCode;
  switch (code) {
    case 'UNAUTHENTICATED':
    case 'TOKEN_EXPIRED':
    case 'FORBIDDEN':
    case 'CAPABILITY_EXCLUDED':
    case 'TENANT_SUSPENDED':
    case 'TENANT_CLOSED':
      return new AtollAccessError(code, message, all);
    case 'GRAPHQL_PARSE_FAILED':
    case 'GRAPHQL_VALIDATION_FAILED':
    case 'BAD_USER_INPUT':
    case 'BAD_REQUEST':
    case 'PAYLOAD_TOO_LARGE':
    case 'COST_EXCEEDED':
    case 'BUDGET_EXCEEDED':
    case 'CURSOR_TRIMMED':
    case 'CURSOR_MALFORMED':
      return new AtollRequestError(code, message, all);
    case 'UNAVAILABLE':
    case 'UNKNOWN_OUTCOME':
    case 'DEADLINE_EXCEEDED':
    case 'INTERNAL_SERVER_ERROR':
      return new AtollFaultError(code, message, all);
    default:
      return new AtollUserError([{ code, message, field: null }], all);
  }
}

/** A row of `userErrors`. */
export function userFault(row: {
  readonly code: string;
  readonly message: string;
  readonly field: readonly string[] | null;
}): UserFault {
  return { code: isUserCode(row.code) ? row.code : 'UNKNOWN_CODE', message: row.message, field: row.field };
}

const isUserCode = (code: string): code is CodesOf<'user'> => isKnown(code) && errorCodes[code].kind === 'user';
