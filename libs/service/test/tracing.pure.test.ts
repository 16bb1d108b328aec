import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { currentTraceparent, startTracing, withSpan } from '../src/tracing.ts';

let tracing: ReturnType<typeof startTracing>;
beforeAll(() => {
  tracing = startTracing('test');
});
afterAll(() => tracing.stop());

const trace = (traceparent: string | null) => traceparent?.split('-')[1];

describe('spans', () => {
  test('outside of any there is no traceparent', () => {
    expect(currentTraceparent()).toBeNull();
  });
  test('nest, over awaits, within one trace', async () => {
    await withSpan('outer', {}, async () => {
      const outer = currentTraceparent();
      await new Promise((resolve) => setImmediate(resolve));
      expect(currentTraceparent()).toBe(outer);
      await withSpan('inner', {}, async () => {
        expect(trace(currentTraceparent())).toBe(trace(outer));
        expect(currentTraceparent()).not.toBe(outer);
      });
    });
  });
  test('continue a caller’s trace, and begin anew where its traceparent is malformed', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await withSpan('a', { traceparent }, async () => expect(trace(currentTraceparent())).toBe(trace(traceparent)));
    await withSpan('b', { traceparent: '00-xyz' }, async () =>
      expect(currentTraceparent()).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/),
    );
  });
  test('let errors through', async () => {
    await expect(withSpan('x', {}, async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});
