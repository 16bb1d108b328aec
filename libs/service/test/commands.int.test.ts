import { startTestNats, type TestNats } from '@atoll/infra/testing/nats';
import type { CommandEnvelope } from '@atoll/schema/envelope';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type CommandContext, type CommandHandlers, createCommandClient, serveCommands } from '../src/commands.ts';
import { createLogger } from '../src/log.ts';
import { connectNats, type NatsConnection } from '../src/nats.ts';
import { startTracing } from '../src/tracing.ts';

const log = createLogger('test', { write: () => {} });
const registry = {
  Paint: {
    input: z.strictObject({
      colour: z.enum(['red', 'blue']),
      coats: z.strictObject({ number: z.number() }).optional(),
    }),
    result: z.strictObject({ painted: z.string() }),
  },
} as const;
type Handlers = CommandHandlers<typeof registry>;

let server: TestNats;
let nc: NatsConnection;
let tracing: ReturnType<typeof startTracing>;
let service: { stop(): Promise<void> } | undefined;

beforeAll(async () => {
  tracing = startTracing('test', { exporter: new InMemorySpanExporter() });
  server = await startTestNats();
  nc = await connectNats({ url: server.url, name: 'test', log });
});
afterAll(async () => {
  await nc.close();
  await server.stop();
  await tracing.stop();
});
afterEach(async () => {
  await service?.stop();
  service = undefined;
});

const seen: CommandContext[] = [];
const paint: Handlers['Paint'] = async (input, context) => {
  seen.push(context);
  return { ok: true, result: { painted: input.colour }, position: 7, version: 2 };
};

const serve = (handler: Handlers['Paint'] = paint, ready = async () => {}) => {
  service = serveCommands({ nc, context: 'tenancy', registry, handlers: { Paint: handler }, ready, log });
};
const envelope = (data: unknown, change: Partial<CommandEnvelope> = {}): CommandEnvelope => ({
  key: 'k1',
  tenant: 'platform',
  actor: 'user:ann',
  correlation: 'c1',
  traceparent: null,
  deadline: Date.now() + 10_000,
  seen: {},
  expectedVersion: null,
  data,
  ...change,
});
const call = (data: unknown, change: Partial<CommandEnvelope> = {}, command = 'Paint') =>
  createCommandClient(nc).call('tenancy', command, envelope(data, change));

describe('a command', () => {
  test('reaches its handler, parsed, and brings back its answer', async () => {
    serve();
    expect(await call({ colour: 'red' })).toEqual({ ok: true, result: { painted: 'red' }, position: 7, version: 2 });
    expect(seen.at(-1)).toMatchObject({ key: 'k1', tenant: 'platform', actor: 'user:ann' });
  });

  test('carries the trace on: same trace, new span', async () => {
    serve();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await call({ colour: 'red' }, { traceparent });
    expect(seen.at(-1)?.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
    expect(seen.at(-1)?.traceparent).not.toBe(traceparent);
  });

  test('with wrong input is INVALID_ARGUMENT with the path of the field', async () => {
    serve();
    expect(await call({ colour: 'red', coats: { number: 'two' } })).toMatchObject({
      ok: false,
      error: { code: 'INVALID_ARGUMENT', field: 'coats.number' },
    });
    expect(await call({ colour: 'green' })).toMatchObject({ error: { code: 'INVALID_ARGUMENT', field: 'colour' } });
    expect(await call({ colour: 'red', extra: 1 })).toMatchObject({ error: { code: 'INVALID_ARGUMENT' } });
    expect(await call({ colour: 'red' }, { actor: 'nobody' })).toMatchObject({
      error: { code: 'INVALID_ARGUMENT', field: 'actor' },
    });
  });

  test('refused by a rule comes back as that rejection', async () => {
    serve(async () => ({ ok: false, rejection: { code: 'NAME_TAKEN', message: 'taken', field: 'name' } }));
    expect(await call({ colour: 'red' })).toEqual({
      ok: false,
      error: { code: 'NAME_TAKEN', message: 'taken', field: 'name' },
    });
  });

  test('past its deadline is not begun', async () => {
    let begun = 0;
    serve(async () => {
      begun += 1;
      return { ok: true, result: { painted: '' }, position: 1, version: 1 };
    });
    const late = envelope({ colour: 'red' }, { deadline: Date.now() - 1 });
    const reply = await nc.request('cmd.tenancy.Paint', JSON.stringify(late), { timeout: 10_000 });
    expect(reply.json()).toMatchObject({ ok: false, error: { code: 'DEADLINE_EXCEEDED' } });
    expect(begun).toBe(0);
  });

  test('waits until the service has seen what the caller has; else UNAVAILABLE, and it is not begun', async () => {
    let begun = 0;
    serve(
      async () => {
        begun += 1;
        return { ok: true, result: { painted: '' }, position: 1, version: 1 };
      },
      async () => {
        throw new Error('replica is behind');
      },
    );
    expect(await call({ colour: 'red' }, { seen: { deploy: 5 } })).toMatchObject({ error: { code: 'UNAVAILABLE' } });
    expect(begun).toBe(0);
  });

  test('to nobody is UNAVAILABLE; without an answer in time it is UNKNOWN_OUTCOME', async () => {
    expect(await call({ colour: 'red' })).toMatchObject({ error: { code: 'UNAVAILABLE' } });
    let finish = () => {};
    serve(
      () =>
        new Promise((resolve) => {
          finish = () => resolve({ ok: true, result: { painted: '' }, position: 1, version: 1 });
        }),
    );
    expect(await call({ colour: 'red' }, { deadline: Date.now() + 150 })).toMatchObject({
      error: { code: 'UNKNOWN_OUTCOME' },
    });
    finish();
  });

  test('whose handler throws is INTERNAL_SERVER_ERROR; whose database connection broke is UNKNOWN_OUTCOME', async () => {
    let error = new Error('a bug');
    serve(async () => {
      throw error;
    });
    expect(await call({ colour: 'red' })).toMatchObject({ error: { code: 'INTERNAL_SERVER_ERROR' } });
    error = Object.assign(new Error('terminating connection'), { code: '57P01' });
    expect(await call({ colour: 'red' })).toMatchObject({ error: { code: 'UNKNOWN_OUTCOME' } });
  });
});

test('the breaker opens after failures in a row, and closes once a call goes through again', async () => {
  const client = createCommandClient(nc);
  const attempt = () => client.call('tenancy', 'Paint', envelope({ colour: 'red' }));
  for (let i = 0; i < 10; i += 1) await attempt();
  serve();
  // Somebody is there again, but the open breaker doesn't ask yet.
  expect(await attempt()).toMatchObject({ error: { code: 'UNAVAILABLE' } });
  await expect.poll(attempt, { timeout: 20_000 }).toMatchObject({ ok: true });
});
