/** What the proxy can do to the way between a client and its server. */

export type Direction = 'to-server' | 'to-client';

/**
 * When a connection is cut: `before` the server gets the request, once it has `received` it and before it has answered,
 * or `after` it has answered, with the answer swallowed: the client can't know that it was done.
 */
export type Cut = 'before' | 'received' | 'after';

/** What is wrong with the way until it is cleared. Without a direction: both. */
export type Fault =
  /** Every chunk comes `ms` later, plus up to `jitterMs`; order is kept. */
  | { readonly kind: 'latency'; readonly ms: number; readonly jitterMs?: number; readonly direction?: Direction }
  | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number; readonly direction?: Direction }
  /** Connections are accepted and stay open, and what is sent is swallowed. */
  | { readonly kind: 'black-hole'; readonly direction?: Direction }
  /** The end of one side reaches the other `ms` late. */
  | { readonly kind: 'slow-close'; readonly ms: number }
  /** All connections are reset, again and again. */
  | { readonly kind: 'cut-every'; readonly ms: number }
  /** Nobody listens; what was connected is reset. */
  | { readonly kind: 'refuse' }
  /** Of the requests that hold `text`, this share (0 to 1) is cut at that moment. */
  | { readonly kind: 'cut-requests'; readonly text: string; readonly cut: Cut; readonly share: number };
