/**
 * Every error code that Atoll answers with: a closed set, the same in commands, GraphQL and the SDK.
 *
 * `kind` says who can do something about it:
 * - `user`: the request can't be carried out as it is; comes back in `userErrors` of a mutation's payload, nothing changed;
 * - `access`: who you are or what you may do; thrown;
 * - `request`: the request itself is malformed, too large or too costly; thrown;
 * - `fault`: our side; thrown. `retry` says whether trying again can help, and how.
 */
export const errorCodes = {
  INVALID_ARGUMENT: { kind: 'user', retry: 'never' },
  NOT_FOUND: { kind: 'user', retry: 'never' },
  NAME_TAKEN: { kind: 'user', retry: 'never' },
  ILLEGAL_STATE: { kind: 'user', retry: 'never' },
  LAST_OWNER: { kind: 'user', retry: 'never' },
  GRANT_EXCEEDS_OWN: { kind: 'user', retry: 'never' },
  ROLE_IN_USE: { kind: 'user', retry: 'never' },
  BEING_DELETED: { kind: 'user', retry: 'never' },
  VERSION_CONFLICT: { kind: 'user', retry: 'after-reading' },
  IDEMPOTENCY_KEY_REUSED: { kind: 'user', retry: 'never' },
  IDEMPOTENCY_KEY_IN_FLIGHT: { kind: 'user', retry: 'same-key' },
  CIDR_MALFORMED: { kind: 'user', retry: 'never' },
  CIDR_OVERLAP: { kind: 'user', retry: 'never' },
  CIDR_NOT_ALLOWED: { kind: 'user', retry: 'never' },
  ADDRESSES_EXHAUSTED: { kind: 'user', retry: 'later' },
  IMAGE_DIGEST_REQUIRED: { kind: 'user', retry: 'never' },
  IMAGE_MALFORMED: { kind: 'user', retry: 'never' },
  IMAGE_NOT_FOUND: { kind: 'user', retry: 'never' },
  REGISTRY_NOT_ALLOWED: { kind: 'user', retry: 'never' },
  REPOSITORY_NOT_ALLOWED: { kind: 'user', retry: 'never' },
  IMAGE_NOT_PROMOTED: { kind: 'user', retry: 'never' },
  PROMOTION_CYCLE: { kind: 'user', retry: 'never' },
  CAPABILITY_IN_USE: { kind: 'user', retry: 'never' },
  LIMIT_BELOW_USE: { kind: 'user', retry: 'never' },
  INSUFFICIENT_CAPACITY: { kind: 'user', retry: 'later' },
  FITS_NO_NODE: { kind: 'user', retry: 'never' },
  PROBE_PORT_NOT_SERVED: { kind: 'user', retry: 'never' },
  PROCESS_NAME_TAKEN: { kind: 'user', retry: 'never' },
  UNKNOWN_PROCESS: { kind: 'user', retry: 'never' },
  PROCESS_CONDITION_IMPOSSIBLE: { kind: 'user', retry: 'never' },
  PROCESSES_WAIT_IN_A_CIRCLE: { kind: 'user', retry: 'never' },
  PROCESS_PORT_TAKEN: { kind: 'user', retry: 'never' },
  QUOTA_EXCEEDED: { kind: 'user', retry: 'later' },
  INVITATION_EXPIRED: { kind: 'user', retry: 'never' },
  INVITATION_USED: { kind: 'user', retry: 'never' },
  INVITATION_REVOKED: { kind: 'user', retry: 'never' },
  NO_EARLIER_RELEASE: { kind: 'user', retry: 'never' },
  NO_ROLLOUT_UNDER_WAY: { kind: 'user', retry: 'after-reading' },
  NOTHING_TO_PROMOTE: { kind: 'user', retry: 'after-reading' },
  RELEASE_IMAGE_GONE: { kind: 'user', retry: 'never' },
  DELETION_BLOCKED: { kind: 'user', retry: 'later' },
  PLAN_CHANGED: { kind: 'user', retry: 'after-reading' },
  NOTHING_SELECTED: { kind: 'user', retry: 'never' },
  BATCH_TOO_LARGE: { kind: 'user', retry: 'never' },
  CONFIRMATION_REQUIRED: { kind: 'user', retry: 'never' },
  IN_ANOTHER_BATCH: { kind: 'user', retry: 'later' },

  UNAUTHENTICATED: { kind: 'access', retry: 'never' },
  TOKEN_EXPIRED: { kind: 'access', retry: 'never' },
  FORBIDDEN: { kind: 'access', retry: 'never' },
  CAPABILITY_EXCLUDED: { kind: 'access', retry: 'never' },
  TENANT_SUSPENDED: { kind: 'access', retry: 'later' },
  TENANT_CLOSED: { kind: 'access', retry: 'never' },

  GRAPHQL_PARSE_FAILED: { kind: 'request', retry: 'never' },
  GRAPHQL_VALIDATION_FAILED: { kind: 'request', retry: 'never' },
  BAD_USER_INPUT: { kind: 'request', retry: 'never' },
  BAD_REQUEST: { kind: 'request', retry: 'never' },
  PAYLOAD_TOO_LARGE: { kind: 'request', retry: 'never' },
  COST_EXCEEDED: { kind: 'request', retry: 'never' },
  BUDGET_EXCEEDED: { kind: 'request', retry: 'later' },
  CURSOR_TRIMMED: { kind: 'request', retry: 'never' },
  CURSOR_MALFORMED: { kind: 'request', retry: 'never' },

  UNAVAILABLE: { kind: 'fault', retry: 'later' },
  UNKNOWN_OUTCOME: { kind: 'fault', retry: 'same-key' },
  DEADLINE_EXCEEDED: { kind: 'fault', retry: 'same-key' },
  INTERNAL_SERVER_ERROR: { kind: 'fault', retry: 'same-key' },
} as const satisfies Record<string, { kind: ErrorKind; retry: Retry }>;

export type ErrorKind = 'user' | 'access' | 'request' | 'fault';
/** `same-key`: repeat with the same idempotency key. `after-reading`: read the newest version first. */
export type Retry = 'never' | 'later' | 'same-key' | 'after-reading';
export type ErrorCode = keyof typeof errorCodes;

/** A rule said no. A value, never thrown: `message` is public and says what to do; `field` is the path in the input. */
export interface Rejection {
  readonly code: ErrorCode;
  readonly message: string;
  readonly field?: string;
}

export const reject = (code: ErrorCode, message: string, field?: string): Rejection =>
  field === undefined ? { code, message } : { code, message, field };

/** Told by whoever judges it: the gateway at the door, tenancy in the commit. */
export const tenantSuspended = (reason: string): Rejection =>
  reject(
    'TENANT_SUSPENDED',
    `The tenant is suspended ("${reason}"): it can be read, and not changed, until the operator of the platform resumes it.`,
  );
