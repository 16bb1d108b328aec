/** One attempt over HTTP: the request, and what its answer means. */
import {
  type AnyAtollError,
  AtollAccessError,
  AtollError,
  AtollFaultError,
  AtollNetworkError,
  AtollRequestError,
  errorOfCode,
} from './errors.ts';
import { version } from './version.ts';

export interface HttpRequest {
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
  readonly token: string;
  readonly tenant: string | undefined;
  readonly position: string | null;
  readonly traceparent: string | null;
  readonly body: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export type Answer = { readonly data: Readonly<Record<string, unknown>> } | { readonly error: AnyAtollError };

export async function post(request: HttpRequest): Promise<Answer> {
  const timeout = AbortSignal.timeout(Math.max(1, Math.floor(request.timeoutMs)));
  const headers: Record<string, string> = {
    accept: 'application/graphql-response+json, application/json;q=0.9',
    // By which program something was asked stands in the audit log.
    'atoll-client': `atoll-sdk/${version}`,
    authorization: `Bearer ${request.token}`,
    'content-type': 'application/json',
  };
  if (request.tenant !== undefined) headers['atoll-tenant'] = request.tenant;
  if (request.position !== null) headers['atoll-position'] = request.position;
  if (request.traceparent !== null) headers.traceparent = request.traceparent;
  try {
    const response = await request.fetch(request.url, {
      method: 'POST',
      headers,
      body: request.body,
      signal: request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]),
    });
    return read(response.status, response.headers.get('retry-after'), await response.text());
  } catch (cause) {
    // The caller's own abort is the caller's; everything else that fetch throws is a lost connection.
    if (request.signal?.aborted === true) throw request.signal.reason;
    if (cause instanceof AtollError) throw cause;
    const why = timeout.aborted ? `no answer within ${Math.floor(request.timeoutMs)} ms` : 'the connection failed';
    return { error: new AtollNetworkError('NO_ANSWER', `${request.url}: ${why}`, { cause }) };
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Pure: the meaning of an answer. */
export function read(status: number, retryAfter: string | null, text: string): Answer {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = null;
  }
  const retryAfterMs = parseRetryAfter(retryAfter);
  const details = retryAfterMs === null ? {} : { retryAfterMs };
  const first = isRecord(body) && Array.isArray(body.errors) ? body.errors[0] : undefined;
  if (isRecord(first)) {
    const extensions = first.extensions;
    const code = isRecord(extensions) ? extensions.code : undefined;
    const message = String(first.message ?? 'no message');
    if (typeof code === 'string') return { error: errorOfCode(code, message, details) };
    return { error: withoutCode(status, message, details) };
  }
  if (isRecord(body) && isRecord(body.data)) return { data: body.data };
  return { error: withoutCode(status, `status ${status}: ${text.slice(0, 200)}`, details) };
}

/** Something between here and the gateway answered, or the gateway before GraphQL. */
function withoutCode(status: number, message: string, details: { retryAfterMs?: number }): AnyAtollError {
  if (status === 401) return new AtollAccessError('UNAUTHENTICATED', message, details);
  if (status === 403) return new AtollAccessError('FORBIDDEN', message, details);
  if (status === 413) return new AtollRequestError('PAYLOAD_TOO_LARGE', message, details);
  if (status === 429) return new AtollRequestError('BUDGET_EXCEEDED', message, details);
  if (status === 503) return new AtollFaultError('UNAVAILABLE', message, details);
  if (status === 502 || status === 504) return new AtollFaultError('UNKNOWN_OUTCOME', message, details);
  return new AtollNetworkError('NOT_ATOLL', message, details);
}

/** `retry-after` in seconds; its other form, a date, needs a clock that both sides share, and isn't used by Atoll. */
function parseRetryAfter(value: string | null): number | null {
  if (value === null || !/^\d{1,9}(\.\d+)?$/.test(value)) return null;
  return Number(value) * 1000;
}
