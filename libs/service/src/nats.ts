/** NATS: the connection, and request/reply in JSON with deadlines. */
import { connect, errors, type Msg, type NatsConnection } from '@nats-io/transport-node';
import type { Logger } from 'pino';

export type { NatsConnection };

/** Nobody got the request: nothing happened. */
export class RpcUnavailable extends Error {
  override readonly name = 'RpcUnavailable';
}
/** The request went out and no answer came in time: whether it was done isn't known. */
export class RpcTimeout extends Error {
  override readonly name = 'RpcTimeout';
}

/** Nobody answers on the other side, or in time. */
export const isServiceAway = (error: unknown): boolean =>
  error instanceof RpcUnavailable || error instanceof RpcTimeout;

/** Whether the connection stands, and who waits for it. Without an entry (another's connection) it counts as standing. */
interface Link {
  up: boolean;
  waiting: Set<() => void>;
}
const links = new WeakMap<NatsConnection, Link>();

interface Credentials {
  readonly servers: string[];
  readonly user?: string;
  readonly pass?: string;
  readonly tls: boolean;
}

/** Takes user and password out of a URL, or out of several, separated by commas. */
export function parseNatsUrl(text: string): Credentials {
  const urls = text.split(',').map((part) => new URL(part.trim()));
  const first = urls[0];
  return {
    servers: urls.map((url) => url.host),
    ...(first?.username ? { user: decodeURIComponent(first.username) } : {}),
    ...(first?.password ? { pass: decodeURIComponent(first.password) } : {}),
    tls: first?.protocol === 'tls:',
  };
}

/**
 * Connects with unlimited reconnects (also for the first connect, bounded waits in between). `url` may carry
 * user:password, which are taken out of it and never logged. `inboxPrefix` keeps replies apart per user.
 */
export async function connectNats(options: {
  url: string;
  name: string;
  inboxPrefix?: string;
  log: Logger;
}): Promise<NatsConnection> {
  const { log } = options;
  const { servers, user, pass, tls } = parseNatsUrl(options.url);
  const patience = setInterval(() => log.warn({ servers }, 'still no connection to NATS'), 5000);
  const nc = await connect({
    servers,
    name: options.name,
    ...(user === undefined ? {} : { user }),
    ...(pass === undefined ? {} : { pass }),
    ...(tls ? { tls: {} } : {}),
    ...(options.inboxPrefix === undefined ? {} : { inboxPrefix: options.inboxPrefix }),
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    reconnectJitter: 200,
    timeout: 5000,
    // A way that has fallen silent is given up after some 6 s.
    pingInterval: 2000,
    maxPingOut: 2,
    // A server that starts again may refuse for a moment: that must not end the process's connection for good.
    ignoreAuthErrorAbort: true,
  }).finally(() => clearInterval(patience));

  const link: Link = { up: true, waiting: new Set() };
  links.set(nc, link);
  const follow = async () => {
    for await (const status of nc.status()) {
      if (status.type === 'disconnect') {
        link.up = false;
        log.warn({ servers }, 'NATS connection lost');
      } else if (status.type === 'reconnect') {
        link.up = true;
        for (const go of link.waiting) go();
        log.info({ servers }, 'NATS connection is back');
      } else if (status.type === 'error') {
        log.error({ err: status.error }, 'NATS refused');
      }
    }
  };
  follow().catch((error: unknown) => log.error({ err: error }, 'NATS status ended'));
  return nc;
}

/** True at once while the connection stands, else when it is back; false after `timeoutMs`. */
function standing(nc: NatsConnection, timeoutMs: number): Promise<boolean> {
  const link = links.get(nc);
  if (!link || link.up) return Promise.resolve(true);
  return new Promise((resolve) => {
    const finish = (answer: boolean) => {
      clearTimeout(timer);
      link.waiting.delete(back);
      resolve(answer);
    };
    const back = () => finish(true);
    const timer = setTimeout(() => finish(false), timeoutMs);
    link.waiting.add(back);
  });
}

/** Readiness of the connection, for a health check. */
export function natsReadiness(nc: NatsConnection): () => Promise<string | null> {
  return async () => (nc.isClosed() || links.get(nc)?.up === false ? 'not connected to NATS' : null);
}

/** Body as JSON, request with a deadline. Throws RpcUnavailable (nobody answers: nothing happened) or RpcTimeout (unknown outcome). */
export async function requestJson(
  nc: NatsConnection,
  subject: string,
  body: unknown,
  options: { timeoutMs: number },
): Promise<unknown> {
  const began = performance.now();
  const payload = JSON.stringify(body);
  // While disconnected the client would keep the request back and send it late: wait for the connection first, so that
  // a request that never left is known not to have happened.
  if (!(await standing(nc, options.timeoutMs))) throw new RpcUnavailable(`${subject}: not connected to NATS`);
  const timeout = options.timeoutMs - (performance.now() - began);
  if (timeout <= 0) throw new RpcUnavailable(`${subject}: no time left to send it`);
  let reply: Msg;
  try {
    reply = await nc.request(subject, payload, { timeout });
  } catch (error) {
    if (error instanceof errors.NoRespondersError || (error instanceof errors.RequestError && error.isNoResponders())) {
      throw new RpcUnavailable(`${subject}: nobody serves it`, { cause: error });
    }
    if (error instanceof errors.ClosedConnectionError || error instanceof errors.DrainingConnectionError) {
      throw new RpcUnavailable(`${subject}: this process is stopping`, { cause: error });
    }
    if (error instanceof errors.InvalidArgumentError || error instanceof errors.PermissionViolationError) throw error;
    throw new RpcTimeout(`${subject}: no answer in ${options.timeoutMs} ms`, { cause: error });
  }
  return reply.json();
}

/** A fault of serving, not of the request's own: becomes the reply. */
export type ServeFault = (code: 'INTERNAL_SERVER_ERROR' | 'BAD_REQUEST' | 'UNAVAILABLE', message: string) => unknown;

/** Requests that wait for a free place beyond this are answered UNAVAILABLE. */
const maxWaiting = 4096;

/** As serveJson, with the reply to a fault given by `fault`. */
export function serveRequests(
  nc: NatsConnection,
  options: { subject: string; queue?: string; concurrency?: number; log: Logger; fault: ServeFault },
  handle: (body: unknown, subject: string) => Promise<unknown>,
): { stop(): Promise<void> } {
  const { subject, log, fault } = options;
  const concurrency = options.concurrency ?? 256;
  const waiting: Msg[] = [];
  const running = new Set<Promise<void>>();

  function reply(message: Msg, body: unknown): void {
    try {
      message.respond(JSON.stringify(body ?? null));
    } catch (error) {
      log.error({ err: error, subject: message.subject }, 'answer could not be sent');
      if (!nc.isClosed())
        message.respond(JSON.stringify(fault('INTERNAL_SERVER_ERROR', 'The answer could not be sent.')));
    }
  }

  async function serve(message: Msg): Promise<void> {
    let body: unknown;
    try {
      body = message.data.length === 0 ? null : message.json();
    } catch {
      reply(message, fault('BAD_REQUEST', 'The request is not JSON.'));
      return;
    }
    try {
      reply(message, await handle(body, message.subject));
    } catch (error) {
      log.error({ err: error, subject: message.subject }, 'request failed');
      reply(message, fault('INTERNAL_SERVER_ERROR', 'Something went wrong on our side.'));
    }
  }

  function start(message: Msg): void {
    const work: Promise<void> = serve(message)
      .catch((error: unknown) => log.error({ err: error, subject: message.subject }, 'request failed'))
      .finally(() => {
        running.delete(work);
        const next = waiting.shift();
        if (next) start(next);
      });
    running.add(work);
  }

  const subscription = nc.subscribe(subject, {
    ...(options.queue === undefined ? {} : { queue: options.queue }),
    callback(error, message) {
      if (error) log.error({ err: error, subject }, 'subscription failed');
      else if (running.size < concurrency) start(message);
      else if (waiting.length < maxWaiting) waiting.push(message);
      else reply(message, fault('UNAVAILABLE', 'Too many requests are waiting; try again.'));
    },
  });

  return {
    /** Takes nothing new, and waits for what was taken. */
    async stop() {
      if (!nc.isClosed()) await subscription.drain().catch(() => subscription.unsubscribe());
      while (running.size > 0) await Promise.all(running);
    },
  };
}

/** Answers requests on `subject`; `handle` gets parsed JSON and the concrete subject. At most `concurrency` at once (default 256). Errors are logged and answered `{error: {code: 'INTERNAL_SERVER_ERROR', …}}`. */
export function serveJson(
  nc: NatsConnection,
  options: { subject: string; queue?: string; concurrency?: number; log: Logger },
  handle: (body: unknown, subject: string) => Promise<unknown>,
): { stop(): Promise<void> } {
  return serveRequests(nc, { ...options, fault: (code, message) => ({ error: { code, message } }) }, handle);
}
