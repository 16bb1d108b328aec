/**
 * A small real server at the other end of the SDK's sockets: HTTP answers as the test says, and graphql-ws over the
 * real SDL from a log in memory. What it doesn't have is the platform behind it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo, Socket } from 'node:net';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly query: string;
  readonly variables: Record<string, Record<string, unknown>>;
  readonly raw: string;
}
export type Reply =
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly json: unknown }
  | { readonly status: number; readonly text: string }
  | 'reset'
  | 'hang';

export interface TestServer {
  readonly url: string;
  readonly received: Received[];
  /** How the next requests are answered; the last one stays. */
  answer(...replies: ((request: Received) => Reply)[]): void;
  readonly log: TestLog;
  /** `authorization` of each graphql-ws connection, and the `after` of each subscription. */
  readonly connections: string[];
  readonly subscriptions: (string | null)[];
  /** Tokens that connections are refused for, with 4401. */
  readonly refusedTokens: Set<string>;
  /** How many graphql-ws connections there are now. */
  open(): number;
  /** Cuts all graphql-ws connections without a word. */
  cut(): void;
  close(): Promise<void>;
}

export class TestLog {
  readonly #events: { cursor: string; data: unknown }[] = [];
  readonly #waiting = new Set<() => void>();
  append(count = 1) {
    for (let n = 0; n < count; n++) {
      const cursor = String(this.#events.length + 1);
      this.#events.push({ cursor, data: { n: Number(cursor) } });
    }
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
  get end() {
    return String(this.#events.length);
  }
  async *after(cursor: string) {
    for (let index = Number(cursor); ; index++) {
      while (this.#events.length <= index) await new Promise<void>((resolve) => this.#waiting.add(resolve));
      const event = this.#events[index];
      if (event === undefined) throw new Error('the log has lost an event');
      yield {
        events: {
          ...event,
          id: `evt_${event.cursor}`,
          type: 'deploy.InstanceReady',
          resourceId: 'ins_1',
          time: '2026-11-23T08:30:00.000Z',
          actor: 'service:deploy',
          cause: null,
          correlation: 'c',
        },
      };
    }
  }
}

/** The same copy of graphql that graphql-ws loads: vitest would resolve this import to its other build. */
const { buildASTSchema, parse }: typeof import('graphql') = createRequire(import.meta.url)('graphql');

const sdl = new URL('../../schema/graphql/', import.meta.url);
const schema = buildASTSchema(
  parse(
    readdirSync(sdl)
      .map((name) => readFileSync(new URL(name, sdl), 'utf8'))
      .join('\n'),
  ),
);

export async function startServer(): Promise<TestServer> {
  let replies: ((request: Received) => Reply)[] = [];
  const received: Received[] = [];
  const connections: string[] = [];
  const subscriptions: (string | null)[] = [];
  const refusedTokens = new Set<string>();
  const sockets = new Set<Socket>();
  const log = new TestLog();

  const http = createServer((request, response) => {
    let raw = '';
    request.on('data', (chunk) => {
      raw += String(chunk);
    });
    request.on('end', () => {
      const isJson = request.headers['content-type'] === 'application/json';
      const body = isJson ? JSON.parse(raw) : { query: '', variables: {} };
      const entry = {
        path: request.url ?? '',
        headers: request.headers,
        query: body.query,
        variables: body.variables,
        raw,
      };
      received.push(entry);
      const reply = (replies.length > 1 ? replies.shift() : replies[0])?.(entry);
      if (reply === undefined) throw new Error('the test says no answer');
      if (reply === 'hang') return;
      if (reply === 'reset') {
        request.socket.destroy();
        return;
      }
      const isText = 'text' in reply;
      response.writeHead(reply.status ?? 200, {
        'content-type': isText ? 'text/html' : 'application/json',
        ...('headers' in reply ? reply.headers : {}),
      });
      response.end(isText ? reply.text : JSON.stringify(reply.json));
    });
  });
  http.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const websockets = new WebSocketServer({ server: http, path: '/graphql' });
  useServer(
    {
      schema,
      onConnect: (context) => {
        const authorization = String(context.connectionParams?.authorization);
        connections.push(authorization);
        if (refusedTokens.has(authorization)) context.extra.socket.close(4401, 'Unauthorized');
        return true;
      },
      subscribe: async ({ variableValues }) => {
        const after = variableValues?.after;
        subscriptions.push(typeof after === 'string' ? after : null);
        const stream = log.after(String(after));
        return (async function* () {
          for await (const data of stream) yield { data };
        })();
      },
    },
    websockets,
  );
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    received,
    answer: (...next) => {
      replies = next;
    },
    log,
    connections,
    subscriptions,
    refusedTokens,
    open: () => websockets.clients.size,
    cut: () => {
      for (const client of websockets.clients) client.terminate();
    },
    async close() {
      for (const client of websockets.clients) client.terminate();
      websockets.close();
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => http.close(() => resolve()));
    },
  };
}
