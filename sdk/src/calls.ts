/** One call: key, token, attempts, answer. Everything that `request`, `query` and `mutate` share. */
import type { TokenSource } from './auth.ts';
import { type Document, prepare, type ReadyDocument, type TypedDocument } from './document.ts';
import {
  type AnyAtollError,
  AtollError,
  AtollFaultError,
  AtollUserError,
  type UserFault,
  userFault,
} from './errors.ts';
import { type Answer, post } from './http.ts';
import { withKeys } from './idempotency.ts';
import type { CallOptions, Deleted, Done } from './options.ts';
import type { Positions } from './positions.ts';
import { type Clock, withRetries } from './retry.ts';
import { traceparentOf } from './tracing.ts';

export type Read = <R, V extends object, T>(
  document: TypedDocument<R, V>,
  variables: V,
  options: CallOptions | undefined,
  pick: (data: R) => T,
) => Promise<T>;

interface Payload {
  readonly userErrors: readonly { code: string; message: string; field: readonly string[] | null }[];
  readonly position?: string | null;
}
export interface Change {
  done<R, V extends object, P extends Payload>(
    document: TypedDocument<R, V>,
    variables: V,
    options: CallOptions | undefined,
    pick: (data: R) => P,
  ): Promise<Done<P>>;
  deleted<R, V extends object, P extends Payload>(
    document: TypedDocument<R, V>,
    variables: V,
    options: CallOptions | undefined,
    pick: (data: R) => P,
  ): Promise<Deleted<P>>;
}

export interface Wire {
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
  readonly tokens: TokenSource;
  readonly tenant: string | undefined;
  readonly positions: Positions;
  readonly traceparent: (() => string | undefined) | undefined;
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly attemptMs: number;
}

interface Called<R> {
  readonly data: R;
  readonly key: string | null;
}

export async function call<R, V>(
  wire: Wire,
  document: Document<R, V>,
  variables: object,
  options: CallOptions = {},
): Promise<Called<R>> {
  const prepared = prepare(document);
  if (prepared.kind === 'subscription') throw new TypeError('a subscription is followed with events()');
  const keyed = withKeys(prepared, Object.fromEntries(Object.entries(variables)), options.idempotencyKey);
  const body = JSON.stringify({ query: prepared.text, variables: keyed.variables });
  let refused: string | null = null;

  const attempt = async (timeoutMs: number): Promise<{ value: R } | { error: AnyAtollError }> => {
    let token: string;
    try {
      token = await wire.tokens.get(refused);
    } catch (error) {
      // The way to a token can fail as the way to the platform can, and is tried again in the same way.
      if (isAnyAtollError(error)) return { error };
      throw error;
    }
    const answer = await post({
      url: wire.url,
      fetch: wire.fetch,
      token,
      tenant: wire.tenant,
      position: wire.positions.header(),
      traceparent: traceparentOf(wire.traceparent),
      body,
      timeoutMs,
      signal: options.signal,
    });
    if ('error' in answer) {
      if (!isRefusal(answer.error) || !wire.tokens.renewable || refused !== null) return answer;
      refused = token;
      return await attempt(timeoutMs);
    }
    const inFlight = remember(prepared, answer, wire.positions);
    // The document's types are generated from the SDL that the gateway answers by: the one place where that is trusted.
    return inFlight === null ? { value: answer.data as R } : { error: inFlight };
  };

  try {
    const data = await withRetries(
      {
        clock: wire.clock,
        deadlineMs: options.deadlineMs ?? wire.deadlineMs,
        attemptMs: options.attemptMs ?? wire.attemptMs,
        signal: options.signal,
        repeatable: keyed.complete ? 'always' : 'only-if-not-done',
      },
      attempt,
    );
    return { data, key: keyed.key };
  } catch (error) {
    if (error instanceof AtollError) error.idempotencyKey = keyed.key;
    throw error;
  }
}

const isAnyAtollError = (error: unknown): error is AnyAtollError => error instanceof AtollError;
const isRefusal = (error: AnyAtollError) => error.code === 'UNAUTHENTICATED' || error.code === 'TOKEN_EXPIRED';

/** Takes the positions of an answer; says so where a mutation's first attempt is still under way. */
function remember(document: ReadyDocument, answer: Extract<Answer, { data: unknown }>, positions: Positions) {
  for (const { key } of document.mutations) {
    const payload = answer.data[key];
    if (typeof payload !== 'object' || payload === null) continue;
    positions.saw(Reflect.get(payload, 'position'));
    const rows: unknown = Reflect.get(payload, 'userErrors');
    const row: unknown = Array.isArray(rows) ? rows[0] : undefined;
    if (typeof row !== 'object' || row === null) continue;
    if (Reflect.get(row, 'code') === 'IDEMPOTENCY_KEY_IN_FLIGHT') {
      const message = String(Reflect.get(row, 'message'));
      return new AtollUserError([{ code: 'IDEMPOTENCY_KEY_IN_FLIGHT', message, field: null }]);
    }
  }
  return null;
}

/** The payload, or its user errors as one error. */
export function accepted<P extends Payload>(payload: P, key: string | null): P {
  const [first, ...rest] = payload.userErrors;
  if (first === undefined) return payload;
  const faults: [UserFault, ...UserFault[]] = [userFault(first), ...rest.map(userFault)];
  const error = new AtollUserError(faults, { serverCode: first.code });
  error.idempotencyKey = key;
  throw error;
}

/** A creation or change has its resource in its payload; only a repeat of an old key may find it deleted since. */
export function complete<P extends Payload>(payload: P, key: string | null): Done<P> {
  if (isComplete(payload)) return payload;
  const error = new AtollFaultError('UNKNOWN_CODE', 'it was done, and the resource has been deleted since');
  error.idempotencyKey = key;
  throw error;
}

const isComplete = <P extends Payload>(payload: P): payload is P & Done<P> =>
  Object.entries(payload).every(([name, value]) => name === 'position' || value !== null);
