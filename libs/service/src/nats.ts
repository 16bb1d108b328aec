import type { NatsConnection } from '@nats-io/transport-node';
import type { Logger } from 'pino';

export type { NatsConnection };
/**
 * Connects with unlimited reconnects (also for the first connect, bounded waits in between). `url` may carry
 * user:password, which are taken out of it and never logged. `inboxPrefix` keeps replies apart per user.
 */
export declare function connectNats(options: {
  url: string;
  name: string;
  inboxPrefix?: string;
  log: Logger;
}): Promise<NatsConnection>;
/** Body as JSON, request with a deadline. Throws RpcUnavailable (nobody answers: nothing happened) or RpcTimeout (unknown outcome). */
export declare function requestJson(
  nc: NatsConnection,
  subject: string,
  body: unknown,
  options: { timeoutMs: number },
): Promise<unknown>;
/** Answers requests on `subject`; `handle` gets parsed JSON and the concrete subject. At most `concurrency` at once (default 256). Errors are logged and answered `{error: {code: 'INTERNAL_SERVER_ERROR', …}}`. */
export declare function serveJson(
  nc: NatsConnection,
  options: { subject: string; queue?: string; concurrency?: number; log: Logger },
  handle: (body: unknown, subject: string) => Promise<unknown>,
): { stop(): Promise<void> };
export declare class RpcUnavailable extends Error {}
export declare class RpcTimeout extends Error {}
