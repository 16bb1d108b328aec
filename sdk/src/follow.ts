/**
 * A subscription that survives lost connections: an async iterable that goes on from the last place.
 *
 * The place to go on from is always known: it is that of the last item that the loop took. Items that wait for a slow loop are
 * bounded: beyond that the connection is given up, and made again from there once they are used up.
 */
import { createClient } from 'graphql-ws/client';
import type { TokenSource } from './auth.ts';
import { type AnyAtollError, AtollAccessError, AtollError, AtollNetworkError, errorOfCode } from './errors.ts';
import { Queue } from './queue.ts';
import { backoff, type Clock, isRetryable } from './retry.ts';
import { traceparentOf } from './tracing.ts';

export interface FollowOptions {
  /** Ends the loop, without an error. */
  readonly signal?: AbortSignal;
  /** Told of each lost connection, before the next attempt: for logs. */
  readonly onDisconnect?: (error: AnyAtollError) => void;
  /** Without any connection for so long, the loop ends with the last error. Default 5 minutes, in milliseconds. */
  readonly giveUpAfterMs?: number;
}

export interface FollowWire {
  readonly url: string;
  readonly webSocket: unknown;
  readonly tokens: TokenSource;
  readonly traceparent: (() => string | undefined) | undefined;
  readonly tenant: string | undefined;
  readonly clock: Clock;
}

/** What is followed: `Data` is the answer of one operation, `Item` what it holds. */
export interface Followed<Data, Item> {
  readonly text: string;
  /** As of the last item that was taken. */
  readonly variables: () => Readonly<Record<string, unknown>>;
  readonly itemOf: (data: Data) => Item | undefined;
  /** The loop has it. */
  readonly taken: (item: Item) => void;
  /** Nothing comes after it. */
  readonly isLast: (item: Item) => boolean;
  /** How many wait for a slow loop. */
  readonly mostWaiting: number;
}

const GIVE_UP_MS = 5 * 60_000;

export async function* follow<Data, Item>(
  wire: FollowWire,
  followed: Followed<Data, Item>,
  options: FollowOptions,
): AsyncGenerator<Item, void, undefined> {
  const { signal } = options;
  const ended = () => signal?.aborted === true;
  try {
    let failures = 0;
    let lastConnected = wire.clock.now();
    let refused: string | null = null;
    while (!ended()) {
      const connection: Connection<Item> = connect(wire, followed, refused, signal);
      let error: AnyAtollError | null = null;
      try {
        for (let item = await connection.next(); item !== null; item = await connection.next()) {
          if (ended()) return;
          followed.taken(item);
          yield item;
          if (followed.isLast(item)) return;
        }
      } catch (cause) {
        error = faultOf(cause);
      } finally {
        connection.close();
      }
      if (ended()) return;
      if (connection.acknowledged()) {
        failures = 0;
        refused = null;
        lastConnected = wire.clock.now();
      }
      if (error === null) continue;
      if (isRefusal(error) && wire.tokens.renewable && refused === null) {
        refused = connection.token();
        continue;
      }
      const givenUp = wire.clock.now() - lastConnected > (options.giveUpAfterMs ?? GIVE_UP_MS);
      if (!isRetryable(error, 'always') || givenUp) throw error;
      options.onDisconnect?.(error);
      failures += 1;
      await wire.clock.sleep(backoff(failures, wire.clock.random(), error.retryAfterMs), signal);
    }
  } catch (error) {
    if (!ended()) throw error;
  }
}

const isRefusal = (error: AnyAtollError) => error.code === 'UNAUTHENTICATED' || error.code === 'TOKEN_EXPIRED';

interface Connection<Item> {
  /** Null where it is to be made again from the last cursor, without waiting. */
  next(): Promise<Item | null>;
  acknowledged(): boolean;
  token(): string | null;
  close(): void;
}

const KEEP_ALIVE_MS = 10_000;
const PONG_MS = 5_000;
const ACK_MS = 10_000;

function connect<Data, Item>(
  wire: FollowWire,
  followed: Followed<Data, Item>,
  refused: string | null,
  signal: AbortSignal | undefined,
): Connection<Item> {
  if (wire.webSocket === undefined && typeof globalThis.WebSocket === 'undefined') {
    throw new TypeError(
      'there is no WebSocket here (Node has one from 22 on): pass one as `webSocket`, e.g. that of `ws`',
    );
  }
  const queue = new Queue<Item>(followed.mostWaiting);
  let acknowledged = false;
  let token: string | null = null;
  let pongTimer: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: wire.url,
    ...(wire.webSocket === undefined ? {} : { webSocketImpl: wire.webSocket }),
    connectionParams: async () => {
      token = await wire.tokens.get(refused);
      return { authorization: `Bearer ${token}`, ...(wire.tenant !== undefined && { tenant: wire.tenant }) };
    },
    // Resuming is done here, where the last cursor is known.
    retryAttempts: 0,
    connectionAckWaitTimeout: ACK_MS,
    keepAlive: KEEP_ALIVE_MS,
    on: {
      connected: () => {
        acknowledged = true;
      },
      // A connection whose other end is gone without a word is found out by a ping that isn't answered.
      ping: (received) => {
        if (!received) pongTimer = setTimeout(() => client.terminate(), PONG_MS);
      },
      pong: (received) => {
        if (received) clearTimeout(pongTimer);
      },
    },
  });
  const traceparent = traceparentOf(wire.traceparent);
  const unsubscribe = client.subscribe<Data>(
    {
      query: followed.text,
      variables: followed.variables(),
      ...(traceparent === null ? {} : { extensions: { traceparent } }),
    },
    {
      next: (answer) => {
        if (answer.errors !== undefined) return queue.fail(answer.errors);
        const item = answer.data == null ? undefined : followed.itemOf(answer.data);
        if (item !== undefined && !queue.push(item)) close();
      },
      error: (error) => queue.fail(error),
      // Complete without being asked to is a gateway that goes down: as a lost connection.
      complete: () => queue.fail(new AtollNetworkError('NO_ANSWER', 'the platform ended the subscription')),
    },
  );
  const close = () => {
    queue.end();
    clearTimeout(pongTimer);
    signal?.removeEventListener('abort', close);
    unsubscribe();
    void client.dispose();
  };
  signal?.addEventListener('abort', close, { once: true });
  return { next: () => queue.take(), acknowledged: () => acknowledged, token: () => token, close };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** What graphql-ws tells of a failure: GraphQL errors, a close event, or an error of the socket. */
export function faultOf(cause: unknown): AnyAtollError {
  if (isAnyAtollError(cause)) return cause;
  const first: unknown = Array.isArray(cause) ? cause[0] : undefined;
  if (isRecord(first)) {
    const code = isRecord(first.extensions) ? first.extensions.code : undefined;
    return errorOfCode(typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR', String(first.message));
  }
  const closeCode = isRecord(cause) ? cause.code : undefined;
  const reason = isRecord(cause) && typeof cause.reason === 'string' ? cause.reason : '';
  switch (closeCode) {
    case 4401:
      return new AtollAccessError('UNAUTHENTICATED', reason || 'the token was refused');
    case 4403:
      return new AtollAccessError('FORBIDDEN', reason || 'the token was refused');
    case 4400:
    case 4406:
      return new AtollNetworkError('NOT_ATOLL', `the connection was refused: ${closeCode} ${reason}`);
    default: {
      const message = isRecord(cause) && typeof cause.message === 'string' ? cause.message : reason;
      return new AtollNetworkError('NO_ANSWER', `the connection was lost: ${message || String(closeCode)}`, { cause });
    }
  }
}

const isAnyAtollError = (error: unknown): error is AnyAtollError => error instanceof AtollError;
