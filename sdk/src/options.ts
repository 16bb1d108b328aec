/** What the client can be told: once for all calls, and for each call. */
import type { Clock } from './retry.ts';

/** A way to get access tokens. `refused` is the token that the platform has just refused, for a new one in its place. */
export type TokenProvider = (refused: string | null) => string | Promise<string>;

/** OAuth 2.0 client credentials (RFC 6749, section 4.4), as `createServiceAccount` hands them out. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly tokenUrl: string;
}

export interface Defaults {
  /** Until when a call and its retries go on, in milliseconds. Default 30 000. */
  readonly deadlineMs?: number;
  /** How long one attempt may take, in milliseconds. Default 10 000. */
  readonly attemptMs?: number;
}

export type AtollOptions = Defaults & {
  /** The GraphQL endpoint, e.g. `http://127.0.0.1:4000/graphql`. */
  readonly url: string;
  /** The endpoint of graphql-ws; default: `url` with `ws:` in place of `http:`. */
  readonly subscriptionsUrl?: string;
  /** Id of the tenant that is meant, for who is a member of several. */
  readonly tenant?: string;
  /** Default: the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** The WebSocket class; default: the global one, which Node has from 22 on (on 20 pass that of the package `ws`). */
  readonly webSocket?: unknown;
  /**
   * The trace to go on in, asked before each attempt and each subscription: a W3C `traceparent`, e.g. that of OpenTelemetry's
   * active span. Undefined, or what isn't one: none is sent. Default: none; the platform then begins a trace by itself.
   */
  readonly traceparent?: () => string | undefined;
  /** Time and chance, for tests. */
  readonly clock?: Clock;
} & (
    | { readonly token: string | TokenProvider; readonly apiKey?: undefined; readonly clientCredentials?: undefined }
    /** As `createApiKey` has shown it, `atk_…`. */
    | { readonly apiKey: string; readonly token?: undefined; readonly clientCredentials?: undefined }
    | { readonly clientCredentials: ClientCredentials; readonly token?: undefined; readonly apiKey?: undefined }
  );

export interface CallOptions extends Defaults {
  /** Ends the call; it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** For mutations: instead of a key of the SDK's making. The same key and input again get the same answer. */
  readonly idempotencyKey?: string;
}

/** The payload of a mutation that was carried out: without user errors, and with its resources. */
export type Done<Payload> = {
  readonly [K in Exclude<keyof Payload, 'userErrors' | 'position'>]: NonNullable<Payload[K]>;
} & { readonly position: string | null };

/** The payload of a deletion that was accepted: what is deleted may be gone already, and is then null. */
export type Deleted<Payload> = Omit<Payload, 'userErrors'>;
