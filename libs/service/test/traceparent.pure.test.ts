import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatTraceparent, isSampled, newTraceparent, parseTraceparent, traceIdOf } from '../src/traceparent.ts';

const good = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('a traceparent', () => {
  test('is read and written as W3C Trace Context has it', () => {
    expect(parseTraceparent(good)).toEqual({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceFlags: 1,
      isRemote: true,
    });
    expect(traceIdOf(good)).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(isSampled(good)).toBe(true);
    expect(isSampled(good.replace(/1$/, '0'))).toBe(false);
  });

  test.each([
    ['none', null],
    ['nothing', ''],
    ['garbage', 'x'.repeat(55)],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
    ['a span id of zeros', `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`],
    ['the version that is forbidden', good.replace(/^00/, 'ff')],
    ['a version that is not known', good.replace(/^00/, '01')],
    ['capital letters', good.toUpperCase()],
    ['more after it', `${good}-00`],
    ['two of them', `${good},${good}`],
    ['a line break', `${good.slice(0, -1)}\n`],
    ['a megabyte', '0'.repeat(1024 * 1024)],
  ])('that is %s is taken for none', (_what, text) => {
    expect(parseTraceparent(text)).toBeNull();
    expect(traceIdOf(text)).toBeNull();
  });

  test('comes back from any text either as it was or not at all', () => {
    const near = fc.stringMatching(/^0[01]-[0-9a-fA-F]{31,33}-[0-9a-f]{15,17}-[0-9a-f]{2}$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        const parsed = parseTraceparent(text);
        expect(parsed === null || formatTraceparent(parsed) === text).toBe(true);
      }),
    );
  });

  test('made for a request without one names a trace that nobody records', () => {
    const made = newTraceparent();
    expect(parseTraceparent(made)).not.toBeNull();
    expect(isSampled(made)).toBe(false);
    expect(newTraceparent()).not.toBe(made);
  });
});
