/**
 * Takes the spans of the local platform's processes: OTLP over HTTP, in JSON (https://opentelemetry.io/docs/specs/otlp/),
 * on loopback only. Not a collector: it keeps what the processes of this checkout send, for `npm run trace`.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { openTraceFile, type StoredSpan } from './trace-store.ts';

const maxBody = 8 * 1024 * 1024;
const tracesPath = '/v1/traces';

const anyValue = z.object({
  stringValue: z.string().optional(),
  boolValue: z.boolean().optional(),
  intValue: z.coerce.number().optional(),
  doubleValue: z.number().optional(),
});
const attributes = z.array(z.object({ key: z.string(), value: anyValue })).default([]);
const nanos = z.string().regex(/^\d{1,20}$/);
const span = z.object({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z.string().optional(),
  name: z.string().max(500),
  kind: z.number().int().min(0).max(5).default(0),
  startTimeUnixNano: nanos,
  endTimeUnixNano: nanos,
  attributes,
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).default([]),
  status: z.object({ code: z.number().optional() }).default({}),
});
const exportRequest = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }).default({ attributes: [] }),
      scopeSpans: z.array(z.object({ spans: z.array(span) })),
    }),
  ),
});

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const errorStatus = 2;

const toRecord = (list: z.infer<typeof attributes>): StoredSpan['attributes'] =>
  Object.fromEntries(
    list.flatMap(({ key, value }) => {
      const plain = value.stringValue ?? value.intValue ?? value.doubleValue ?? value.boolValue;
      return plain === undefined ? [] : [[key, plain] as const];
    }),
  );

const toMillis = (text: string): number => Number(BigInt(text) / 1000n) / 1000;

function toStored(service: string, one: z.infer<typeof span>): StoredSpan {
  const own = toRecord(one.attributes);
  return {
    traceId: one.traceId,
    spanId: one.spanId,
    parentSpanId: one.parentSpanId || null,
    service,
    name: one.name,
    kind: kinds[one.kind] ?? 'unspecified',
    start: toMillis(one.startTimeUnixNano),
    end: toMillis(one.endTimeUnixNano),
    error: one.status.code === errorStatus ? String(own['error.type'] ?? 'error') : null,
    attributes: own,
    links: one.links.map(({ traceId, spanId }) => ({ traceId, spanId })),
  };
}

/** The lines to be kept; throws (ZodError, SyntaxError) where it is no OTLP. */
export function linesOf(body: string): readonly string[] {
  return exportRequest.parse(JSON.parse(body)).resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(toRecord(resource.attributes)['service.name'] ?? 'unknown');
    return scopeSpans.flatMap(({ spans }) => spans.map((one) => `${JSON.stringify(toStored(service, one))}\n`));
  });
}

/** Null where it is larger than is taken. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBody) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

export interface TraceReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** `port` 0: a free one. */
export async function startTraceReceiver(options: { port: number; path: string }): Promise<TraceReceiver> {
  const file = openTraceFile(options.path);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const say = (status: number, message: string) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message }));
    if (request.method !== 'POST' || request.url !== tracesPath) return void say(404, `POST to ${tracesPath}`);
    const type = request.headers['content-type'] ?? '';
    if (!type.startsWith('application/json') || request.headers['content-encoding'] !== undefined) {
      return void say(415, 'Send JSON, uncompressed: OTEL_EXPORTER_OTLP_PROTOCOL=http/json.');
    }
    const body = await bodyOf(request);
    if (body === null) return void say(413, `More than ${maxBody} bytes.`);
    let lines: readonly string[];
    try {
      lines = linesOf(body);
    } catch {
      return void say(400, 'This is no OTLP of traces.');
    }
    for (const line of lines) file.write(line);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }

  const server: Server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async stop() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      file.close();
    },
  };
}
