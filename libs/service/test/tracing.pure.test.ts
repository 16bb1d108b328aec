import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '../src/log.ts';
import {
  annotate,
  currentIds,
  currentTraceparent,
  linkTo,
  merged,
  openRequest,
  openSpan,
  outsideOfTraces,
  traceparentFor,
  withSpan,
} from '../src/spans.ts';
import { traceIdOf } from '../src/traceparent.ts';
import { startTracing, type Tracing } from '../src/tracing.ts';

const id = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${id}-b7ad6b7169203331-01`;
const other = `00-${'1'.repeat(32)}-${'1'.repeat(16)}-01`;
const later = () => new Promise((resolve) => setImmediate(resolve));
let tracing: Tracing;
afterEach(() => tracing.stop());

describe('without an endpoint', () => {
  beforeEach(() => {
    tracing = startTracing('test');
  });

  test('a traceparent is passed on as it came, over awaits, and no span is made', async () => {
    await withSpan('outer', { traceparent }, async () => {
      await later();
      await withSpan('inner', { kind: 'client' }, async () => expect(currentTraceparent()).toBe(traceparent));
      expect(traceparentFor(other)).toBe(other);
      expect(currentIds()).toEqual({ traceId: id });
    });
    expect(currentTraceparent()).toBeNull();
    expect(openSpan('x', { traceparent })).toBeNull();
  });

  test('a request without a trace gets an id all the same, for the log lines', async () => {
    const request = openRequest('request', { traceparent: null, correlation: 'c-1' });
    await request.run(async () => {
      await later();
      expect(currentIds()).toEqual({ traceId: traceIdOf(request.traceparent), correlation: 'c-1' });
    });
    expect(openRequest('request', { traceparent, correlation: 'c-1' }).traceparent).toBe(traceparent);
  });

  test('what belongs to no trace runs as it is', async () => {
    expect(await withSpan('x', {}, async () => currentTraceparent())).toBeNull();
    expect(await withSpan('x', { traceparent: '00-xyz' }, async () => currentTraceparent())).toBeNull();
    expect(await withSpan('x', { correlation: 'c-2' }, async () => currentIds())).toEqual({ correlation: 'c-2' });
  });
});

describe('with recording', () => {
  let exporter: InMemorySpanExporter;
  const spans = async () => {
    await tracing.flush();
    return Object.fromEntries(exporter.getFinishedSpans().map((span) => [span.name, span]));
  };
  beforeEach(() => {
    exporter = new InMemorySpanExporter();
    tracing = startTracing('test', { exporter });
  });

  test('spans nest, over awaits, in the trace of the caller', async () => {
    await withSpan('outer', { traceparent, kind: 'server', attributes: { 'atoll.tenant': 't' } }, async () => {
      await later();
      await withSpan('inner', { traceparent }, async () => annotate({ count: 2 }));
    });
    const { outer, inner } = await spans();
    expect(outer).toMatchObject({ parentSpanContext: { traceId: id, spanId: 'b7ad6b7169203331' } });
    expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
    expect(inner?.attributes).toEqual({ count: 2 });
    expect(outer?.attributes).toEqual({ 'atoll.tenant': 't' });
  });

  test('no trace begins by itself', async () => {
    await withSpan('polling', {}, async () => {});
    await withSpan('polling', { traceparent: '00-xyz' }, async () => {});
    expect(await spans()).toEqual({});
  });

  test('a request begins one, whatever the header says that is no traceparent', async () => {
    for (const given of ['garbage', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`, 'ff'.repeat(5000), null]) {
      const request = openRequest('request', { traceparent: given, correlation: 'c' });
      request.end();
      expect(traceIdOf(request.traceparent)).toMatch(/^[0-9a-f]{32}$/);
    }
    await tracing.flush();
    const begun = exporter.getFinishedSpans();
    expect(begun).toHaveLength(4);
    expect(begun.map((span) => span.parentSpanContext)).toEqual([undefined, undefined, undefined, undefined]);
    expect(openRequest('request', { traceparent, correlation: 'c' }).traceparent).toMatch(`00-${id}-`);
  });

  test('of a client that wants no recording nothing is recorded, and its trace goes on', async () => {
    const quiet = traceparent.replace(/1$/, '0');
    const request = openRequest('request', { traceparent: quiet, correlation: 'c' });
    await request.run(() => withSpan('inner', {}, async () => expect(traceIdOf(currentTraceparent())).toBe(id)));
    request.end();
    expect(openSpan('x', { traceparent: quiet })).toBeNull();
    expect(await spans()).toEqual({});
  });

  test('an error is told by its type only, and thrown on', async () => {
    const secret = 'hunter2';
    const failing = withSpan('x', { traceparent }, async () => Promise.reject(new TypeError(`no such ${secret}`)));
    await expect(failing).rejects.toThrow(secret);
    const { x } = await spans();
    expect(x).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': 'TypeError' }, events: [] });
    expect(JSON.stringify([x?.status, x?.attributes, x?.events])).not.toContain(secret);
  });

  test('work of many causes is a child of the newest that is recorded, and linked to the others', async () => {
    const unsampled = `00-${'2'.repeat(32)}-${'2'.repeat(16)}-00`;
    expect(merged([traceparent, null, other, unsampled])).toEqual({ traceparent: other, links: [traceparent] });
    expect(merged([null, unsampled])).toEqual({ traceparent: unsampled, links: [] });
    const many = Array.from({ length: 100 }, (_, n) => `00-${String(n + 1).padStart(32, '0')}-${'3'.repeat(16)}-01`);
    await withSpan('many', merged(many), async () => linkTo(other));
    const { many: span } = await spans();
    expect(span?.parentSpanContext?.traceId).toBe('100'.padStart(32, '0'));
    expect(span?.links.length).toBe(33);
  });

  test('the cause that is written down is the current span, unless that is of another trace', async () => {
    await withSpan('x', { traceparent }, async () => {
      expect(traceparentFor(traceparent)).toBe(currentTraceparent());
      expect(traceparentFor(null)).toBe(currentTraceparent());
      expect(traceparentFor(other)).toBe(other);
      expect(outsideOfTraces(currentTraceparent)).toBeNull();
    });
  });

  test('log lines have the ids of the request', async () => {
    const lines: string[] = [];
    const log = createLogger('test', { write: (line) => lines.push(line) });
    await withSpan('x', { traceparent, correlation: 'c-9' }, async () => log.info('inside'));
    log.info('outside');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ traceId: id, correlation: 'c-9', msg: 'inside' });
    expect(JSON.parse(lines[1] ?? '')).not.toHaveProperty('traceId');
  });
});

describe('with a collector that takes nothing', () => {
  let collector: Server;
  const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_BSP_MAX_QUEUE_SIZE: '10', OTEL_BSP_SCHEDULE_DELAY: '10' };
  beforeEach(async () => {
    // It takes the connection and never answers.
    collector = createServer(() => {});
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
    Object.assign(process.env, settings);
  });
  afterEach(() => {
    for (const name of Object.keys(settings)) delete process.env[name];
    collector.closeAllConnections();
    collector.close();
  });

  test('the work goes on, the queue stays bounded, it is said once, and stopping takes two seconds at most', async () => {
    const lines: string[] = [];
    tracing = startTracing('test', { log: createLogger('test', { write: (line) => lines.push(line) }) });
    for (let n = 0; n < 5000; n++) await withSpan('x', { traceparent }, async () => {});
    const began = Date.now();
    await tracing.stop();
    expect(Date.now() - began).toBeLessThan(3000);
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['traces are lost']);
  });
});
