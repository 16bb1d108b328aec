/**
 * GraphQL over WebSocket (graphql-transport-ws), for subscriptions first of all.
 *
 * A socket is as good as its token: it is closed when the token ends, and within seconds of the membership's end. It is
 * bounded in everything: message size, operations at once, time to say who it is, and how long it may leave what it was
 * sent lying; who is too slow is closed with the last cursor that went out, to go on from there.
 */

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorCodes } from '@atoll/schema/errors';
import type { Logger } from '@atoll/service/log';
import { openRequest } from '@atoll/service/spans';
import type { ExecutionArgs, ExecutionResult, GraphQLSchema } from 'graphql';
import { handleProtocols, makeServer, type Context as SocketContext, type SubscribePayload } from 'graphql-ws';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { type Client, clientOf } from '../audit/client.ts';
import type { Strangers } from '../audit/strangers.ts';
import { type Authenticator, type Shown, tenantHeader } from '../auth/authenticate.ts';
import { scopeOf, type Viewer, type Viewers } from '../auth/viewers.ts';
import { ApiError } from '../errors.ts';
import type { Documents } from '../graphql/documents.ts';
import type { Engine, EngineRequest } from '../graphql/engine.ts';
import { inOperation } from '../graphql/spans.ts';
import type { Teller } from '../graphql/tell.ts';
import type { Subscriptions } from '../log/subscriptions.ts';
import { graphqlPath } from './app.ts';
import { maxBody } from './failures.ts';

const maxSockets = 10_000;
/** Of those that haven't said yet who they are, for which they have `initMs`: strangers leave room for the others. */
const maxStrangers = 1000;
const maxOperations = 50;
const initMs = 5_000;
const pingMs = 12_000;
const watchMs = 1_000;

const closeCodes = { goingAway: 1001, unauthorized: 4401, forbidden: 4403, slow: 4290, failed: 4500, tooMany: 4429 };

/** What a socket is, once it has said who it is. */
interface Extra {
  readonly socket: WebSocket;
  readonly headers: { readonly authorization: string | undefined; readonly tenant: string | undefined };
  readonly client: Client;
  /** What it has shown, once that was believed: looked at again while it is open. */
  shown: Omit<Shown, 'client' | 'correlation'> | undefined;
  /** As they were when the socket was last looked at: what a subscriber may read follows it. */
  viewer: Viewer | undefined;
  /** The newest cursor that went out, by operation. */
  readonly cursors: Map<string, string>;
}
type Context = SocketContext<Record<string, unknown>, Extra>;

export interface Sockets {
  close(): Promise<void>;
}

export interface SocketNeeds {
  readonly server: Server;
  readonly schema: GraphQLSchema;
  readonly authenticator: Authenticator;
  readonly viewers: Viewers;
  readonly documents: Documents;
  readonly engine: Engine;
  readonly subscriptions: Subscriptions;
  readonly strangers: Strangers;
  readonly teller: Teller;
  /** Longer than this a message may not wait in front of a socket. */
  readonly slowMs: number;
  /** Open at once: no tenant takes the room of the others. */
  readonly perTenant: number;
  readonly log: Logger;
}

interface OperationArgs extends ExecutionArgs {
  readonly contextValue: { readonly id: string; readonly extra: Extra; readonly request: EngineRequest };
}

/** At most 123 bytes go into a close frame. */
const reason = (text: string) =>
  Buffer.from(text)
    .subarray(0, 120)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');

function closeFor(socket: WebSocket, error: ApiError): void {
  const forbidden = error.code === 'FORBIDDEN';
  socket.close(forbidden ? closeCodes.forbidden : closeCodes.unauthorized, reason(`${error.code}: ${error.message}`));
}

export function serveSockets(needs: SocketNeeds): Sockets {
  const { server, schema, authenticator, viewers, documents, engine, subscriptions, strangers, teller, log } = needs;
  const { slowMs, perTenant } = needs;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxBody,
    handleProtocols: (protocols) => handleProtocols(protocols),
  });
  const open = new Map<WebSocket, Extra>();

  function requestOf(
    viewer: Viewer,
    client: Client,
    payload: SubscribePayload,
    document: EngineRequest['document'],
  ): EngineRequest {
    const { operationName, variables, extensions } = payload;
    const given = extensions?.traceparent;
    const traceparent = typeof given === 'string' ? given : null;
    const correlation = randomUUID();
    return { document, operationName, variables, viewer, client, correlation, traceparent, seen: {} };
  }

  /** As one over HTTP; a client's traceparent comes in the extensions of the operation. Of a subscription, its begin. */
  async function inRequest<T extends ExecutionResult | AsyncGenerator<ExecutionResult>>(
    request: EngineRequest,
    work: (asked: EngineRequest) => Promise<T>,
  ): Promise<T> {
    const { traceparent, correlation } = request;
    const span = openRequest(`WS ${graphqlPath}`, { kind: 'server', traceparent, correlation });
    const asked = { ...request, traceparent: span.traceparent };
    try {
      return await span.run(() => inOperation(asked, () => work(asked)));
    } finally {
      span.end();
    }
  }

  async function subscribe({
    contextValue,
  }: OperationArgs): Promise<AsyncGenerator<ExecutionResult> | ExecutionResult> {
    const { id, extra, request } = contextValue;
    return await inRequest(request, async () => {
      try {
        return await subscriptions.subscribe(
          request,
          () => extra.viewer ?? request.viewer,
          (cursor) => extra.cursors.set(id, cursor),
        );
      } catch (error) {
        return { errors: [teller.tell(error, request.correlation)] };
      }
    });
  }

  async function execute({ contextValue: { request } }: OperationArgs): Promise<ExecutionResult> {
    return await inRequest(request, async (asked) => {
      try {
        const { data, errors } = await engine.execute(asked);
        return { data, ...(errors ? { errors } : {}) } as ExecutionResult;
      } catch (error) {
        return { errors: [teller.tell(error, request.correlation)] };
      }
    });
  }

  const protocol = makeServer<Record<string, unknown>, Extra>({
    schema,
    connectionInitWaitTimeout: initMs,
    async onConnect(context: Context) {
      const { extra, connectionParams } = context;
      const given = connectionParams?.authorization ?? connectionParams?.Authorization;
      const authorization = typeof given === 'string' ? given : extra.headers.authorization;
      const tenant = typeof connectionParams?.tenant === 'string' ? connectionParams.tenant : extra.headers.tenant;
      const correlation = randomUUID();
      try {
        extra.viewer = await viewers.of(
          await authenticator.authenticate({ authorization, tenant, client: extra.client, correlation }),
        );
        const scope = scopeOf(extra.viewer);
        const others = [...open.values()].filter((one) => one.shown && one.viewer && scopeOf(one.viewer) === scope);
        if (others.length >= perTenant) {
          const text = `A tenant has at most ${perTenant} sockets. Close one, or share one: it carries ${maxOperations} subscriptions.`;
          extra.socket.close(closeCodes.tooMany, reason(`RATE_LIMITED: ${text}`));
          return false;
        }
        // Of a token that several tenants accept it stays the one that was meant when the socket was opened.
        extra.shown = { authorization, tenant: extra.viewer.tenant ?? tenant };
        return true;
      } catch (error) {
        await strangers.refusedBy(extra.client, authorization, error, correlation);
        closeFor(extra.socket, teller.tell(error, correlation));
        return false;
      }
    },
    async onSubscribe(context: Context, id, payload) {
      const { extra } = context;
      if (!extra.shown) return [new ApiError('UNAUTHENTICATED', 'The connection has not said who it is.')];
      if (Object.keys(context.subscriptions).length > maxOperations) {
        return [new ApiError('BAD_REQUEST', `At most ${maxOperations} operations run over one connection.`)];
      }
      const document = documents.get(payload.query);
      if (!('kind' in document)) return document;
      try {
        extra.viewer = await viewers.of(await authenticator.still(extra.shown));
        const request = requestOf(extra.viewer, extra.client, payload, document);
        const args: OperationArgs = { schema, document, contextValue: { id, extra, request } };
        return {
          ...args,
          operationName: payload.operationName ?? null,
          variableValues: payload.variables ?? null,
        };
      } catch (error) {
        return [teller.tell(error, randomUUID())];
      }
    },
    execute: (args) => execute(args as OperationArgs),
    subscribe: (args) => subscribe(args as OperationArgs),
    onComplete: (context: Context, id) => {
      context.extra.cursors.delete(id);
    },
  });

  function slow(extra: Extra): void {
    const oldest = [...extra.cursors.values()].sort((a, b) => Number(a) - Number(b))[0] ?? null;
    // Who doesn't read doesn't see the close frame either: `ws` ends the connection 30 s later.
    extra.socket.close(closeCodes.slow, reason(JSON.stringify({ cursor: oldest })));
  }

  function send(extra: Extra, data: string): Promise<void> {
    const { socket } = extra;
    return new Promise((resolve) => {
      if (socket.readyState !== socket.OPEN) return resolve();
      const timer = setTimeout(() => {
        slow(extra);
        resolve();
      }, slowMs);
      socket.send(data, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  sockets.on('connection', (socket: WebSocket, request: IncomingMessage) => {
    const extra: Extra = {
      ...{
        socket,
        headers: { authorization: request.headers.authorization, tenant: request.headers[tenantHeader]?.toString() },
        client: clientOf(request),
      },
      ...{ shown: undefined, viewer: undefined, cursors: new Map() },
    };
    open.set(socket, extra);
    let answered = true;
    const pinging = setInterval(() => {
      if (!answered) return socket.terminate();
      answered = false;
      socket.ping();
    }, pingMs);
    socket.on('pong', () => {
      answered = true;
    });
    socket.on('error', (error) => log.debug({ err: error }, 'a socket broke'));
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (data) => send(extra, data),
        close: (code, text) => socket.close(code, text === undefined ? undefined : reason(text)),
        onMessage(handle) {
          socket.on('message', (data: RawData) => {
            handle(String(data)).catch((error: unknown) => {
              log.error({ err: error }, 'a message of a socket failed');
              socket.close(closeCodes.failed, 'Something went wrong on our side.');
            });
          });
        },
      },
      extra,
    );
    socket.once('close', (code, text) => {
      clearInterval(pinging);
      open.delete(socket);
      Promise.resolve(closed(code, String(text))).catch((error: unknown) =>
        log.error({ err: error }, 'a socket did not close in order'),
      );
    });
  });

  const upgrade = (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const path = (request.url ?? '').split('?', 1)[0];
    const unknown = open.size < maxStrangers ? 0 : [...open.values()].filter(({ shown }) => !shown).length;
    if (path !== graphqlPath || open.size >= maxSockets || unknown >= maxStrangers) {
      const status = path === graphqlPath ? '503 Service Unavailable' : '404 Not Found';
      stream.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => sockets.emit('connection', socket, request));
  };
  server.on('upgrade', upgrade);

  /** Credentials that ended, and memberships. */
  async function watch(): Promise<void> {
    for (const [socket, extra] of open) {
      const { shown } = extra;
      if (!shown || socket.readyState !== socket.OPEN) continue;
      try {
        const viewer = await viewers.of(await authenticator.still(shown));
        extra.viewer = viewer;
        if (viewer.permissions.has('event:read')) continue;
        // Nothing of the tenant's log went out: it is for logs of instances, and each of these sees for itself.
        if (extra.cursors.size === 0 && viewer.permissions.has('log:read')) continue;
        closeFor(socket, new ApiError('FORBIDDEN', 'Your role may not read events any more.'));
      } catch (error) {
        // Only what says no closes a socket: a database or an issuer that is away doesn't.
        if (error instanceof ApiError && errorCodes[error.code].kind === 'access') closeFor(socket, error);
        else log.warn({ err: error }, 'a membership could not be read');
      }
    }
  }
  let watching: Promise<void> | null = null;
  const watcher = setInterval(() => {
    watching ??= watch().finally(() => {
      watching = null;
    });
  }, watchMs);

  return {
    async close() {
      clearInterval(watcher);
      server.off('upgrade', upgrade);
      for (const socket of open.keys()) socket.close(closeCodes.goingAway, 'Going away');
      await watching;
      sockets.close();
      // Who hasn't closed by now isn't waited for.
      setTimeout(() => {
        for (const socket of open.keys()) socket.terminate();
      }, 1000).unref();
    },
  };
}
