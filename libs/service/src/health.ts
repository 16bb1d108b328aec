/** The pages by which others see how a process is. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { metrics } from './metrics.ts';

/** A readiness check: resolves to null when fine, else to the reason why not. Bounded to 2 s. */
export type ReadinessCheck = () => Promise<string | null>;

const checkTimeoutMs = 2000;

async function bounded(check: ReadinessCheck): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer in ${checkTimeoutMs / 1000} s`), checkTimeoutMs);
  });
  try {
    return await Promise.race([check(), late]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}

async function readiness(checks: Record<string, ReadinessCheck>): Promise<Record<string, string>> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await bounded(check)] as const),
  );
  return Object.fromEntries(results.flatMap(([name, reason]) => (reason === null ? [] : [[name, reason]])));
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}

/** Serves /livez, /readyz (503 with the reasons) and /metrics on 127.0.0.1 (or `host`) : `port`; port 0 takes a free one. */
export async function startHealthServer(options: {
  port: number;
  host?: string;
  checks: Record<string, ReadinessCheck>;
  log: Logger;
}): Promise<{ port: number; close(): Promise<void> }> {
  const { checks, log } = options;

  async function answer(path: string, response: ServerResponse): Promise<void> {
    switch (path) {
      case '/livez':
        return sendJson(response, 200, { status: 'alive' });
      case '/readyz': {
        const reasons = await readiness(checks);
        const ready = Object.keys(reasons).length === 0;
        return sendJson(response, ready ? 200 : 503, ready ? { status: 'ready' } : { status: 'not ready', reasons });
      }
      case '/metrics':
        response.writeHead(200, { 'content-type': metrics.contentType });
        response.end(await metrics.metrics());
        return;
      default:
        return sendJson(response, 404, { status: 'not found', pages: ['/livez', '/readyz', '/metrics'] });
    }
  }

  const server = createServer((request, response) => {
    answer((request.url ?? '/').split('?', 1)[0] ?? '/', response).catch((error: unknown) => {
      log.error({ err: error }, 'health page failed');
      if (!response.headersSent) sendJson(response, 500, { status: 'failed' });
      else response.destroy();
    });
  });
  server.listen({ port: options.port, host: options.host ?? '127.0.0.1' });
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  log.debug({ port }, 'health pages');

  return {
    port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
