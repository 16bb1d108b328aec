import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTraceReceiver, type TraceReceiver } from '../local/trace-receiver.ts';
import { readSpans, type StoredSpan } from '../local/trace-store.ts';
import { changing, printTrace, summary, tracesOf } from '../local/trace-tree.ts';

const traceId = 'a'.repeat(32);
const start = Date.UTC(2026, 0, 1);

const span = (spanId: string, parentSpanId: string | null, change: Partial<StoredSpan> = {}): StoredSpan => ({
  ...{ traceId, spanId, parentSpanId, service: 'gateway', name: spanId, kind: 'internal' },
  ...{ start, end: start + 5, error: null, attributes: {}, links: [], ...change },
});

describe('a trace in the terminal', () => {
  test('is a tree in the order of time, with processes, durations, and what the spans say of themselves', () => {
    const later = (ms: number, took: number) => ({ start: start + ms, end: start + ms + took });
    const spans = [
      span('relay', 'append', { service: 'deploy', ...later(20, 3) }),
      span('append', 'op', { service: 'deploy', ...later(3, 12.5), attributes: { 'atoll.position': 7 } }),
      span('op', 'http', {
        name: 'mutation createDeployment',
        ...later(1, 1500),
        attributes: { 'graphql.operation.type': 'mutation' },
      }),
      span('http', 'of the client', { name: 'POST /graphql', ...later(0, 1502) }),
      span('apply', 'append', {
        service: 'agent',
        ...later(30, 2),
        error: 'Broken',
        links: [{ traceId: 'b'.repeat(32), spanId: 'x' }],
      }),
    ];
    const [trace] = tracesOf(spans);
    expect(trace && printTrace(trace)).toEqual([
      `Trace ${traceId}: mutation createDeployment, 2026-01-01T00:00:00.000Z`,
      '5 spans of 3 processes, 1.50 s',
      '',
      '   after     took',
      '  0.0 ms   1.50 s  gateway  POST /graphql',
      '  1.0 ms   1.50 s  gateway  └ mutation createDeployment',
      '  3.0 ms    13 ms  deploy     └ append  (position 7)',
      '   20 ms   3.0 ms  deploy       ├ relay',
      '   30 ms   2.0 ms  agent        └ apply  FAILED Broken  (shared with bbbbbbbb)',
    ]);
    expect(trace && summary(trace)).toContain('5 spans  mutation createDeployment');
  });

  test('a span whose parent is missing is shown all the same, and one that is its own parent ends nothing', () => {
    const [trace] = tracesOf([span('a', 'gone'), span('b', null)]);
    expect(trace && printTrace(trace).slice(4)).toHaveLength(2);
  });

  test('the last one is the newest that changed something', () => {
    const of = (id: string, name: string, at: number) => span('s', null, { traceId: id, name, start: at, end: at });
    expect(
      changing(tracesOf([of('read', 'query', 3), of('write', 'append', 2), of('older', 'append', 1)])).at(-1)?.traceId,
    ).toBe('write');
    expect(changing(tracesOf([of('read', 'query', 3)])).at(-1)?.traceId).toBe('read');
    expect(changing([])).toEqual([]);
  });
});

describe('the receiver', () => {
  const folder = mkdtempSync(join(tmpdir(), 'atoll-traces-'));
  const path = join(folder, 'spans.ndjson');
  let receiver: TraceReceiver;
  beforeAll(async () => {
    receiver = await startTraceReceiver({ port: 0, path });
  });
  afterAll(async () => {
    await receiver.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const send = (body: string, headers: Record<string, string> = {}) =>
    fetch(`${receiver.endpoint}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
  const exported = (change: object = {}) => ({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'deploy' } }] },
        scopeSpans: [
          {
            scope: { name: 'atoll' },
            spans: [
              {
                ...{ traceId, spanId: 'b'.repeat(16), parentSpanId: 'c'.repeat(16), name: 'append', kind: 2 },
                ...{ startTimeUnixNano: '1767225600000123000', endTimeUnixNano: '1767225600001123000' },
                attributes: [{ key: 'atoll.position', value: { intValue: 7 } }],
                ...{ droppedAttributesCount: 0, events: [], links: [], status: { code: 0 }, flags: 257 },
                ...change,
              },
            ],
          },
        ],
      },
    ],
  });

  test('keeps what it is sent, as a file of mode 0600', async () => {
    expect((await send(JSON.stringify(exported()))).status).toBe(200);
    expect(readSpans(path)).toEqual([
      {
        ...{
          traceId,
          spanId: 'b'.repeat(16),
          parentSpanId: 'c'.repeat(16),
          service: 'deploy',
          name: 'append',
          kind: 'server',
        },
        ...{
          start: 1767225600000.123,
          end: 1767225600001.123,
          error: null,
          attributes: { 'atoll.position': 7 },
          links: [],
        },
      },
    ]);
  });

  test.each([
    ['what is not JSON', '{', {}, 400],
    ['what is no OTLP', '{"resourceSpans": 1}', {}, 400],
    ['ids that are none', JSON.stringify(exported({ traceId: '../../etc' })), {}, 400],
    ['protobuf', 'x', { 'content-type': 'application/x-protobuf' }, 415],
    ['more than 8 MiB', ' '.repeat(8 * 1024 * 1024 + 1), {}, 413],
  ])('refuses %s, and keeps nothing of it', async (_what, body, headers, status) => {
    const before = readFileSync(path, 'utf8');
    expect((await send(body, headers)).status).toBe(status);
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  test('a half line, as a kill leaves it, is passed over, and what comes after it is read', async () => {
    const before = readSpans(path);
    expect(before).toHaveLength(1);
    appendFileSync(path, '{"traceId":"aaaa\n');
    expect(readSpans(path)).toEqual(before);
    await send(JSON.stringify(exported()));
    expect(readSpans(path)).toHaveLength(2);
  });
});
