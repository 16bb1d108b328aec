import { type ErrorCode, errorCodes } from '@atoll/schema/errors';
import { describe, expect, test } from 'vitest';
import { StoreOverloaded, StoreUnavailable } from '../src/errors.ts';
import { isOutage, NotNow, refusal } from '../src/outage.ts';

describe('a reaction whose command was refused', () => {
  const passing: readonly ErrorCode[] = [
    'UNAVAILABLE',
    'UNKNOWN_OUTCOME',
    'DEADLINE_EXCEEDED',
    'VERSION_CONFLICT',
    'IDEMPOTENCY_KEY_IN_FLIGHT',
  ];
  test.each(Object.keys(errorCodes) as ErrorCode[])('is tried again, or parked, by its code: %s', (code) => {
    const error = refusal('NamespaceOpened of ns_1', { code, message: 'No.' });
    expect(error instanceof NotNow).toBe(passing.includes(code));
    expect(isOutage(error)).toBe(passing.includes(code));
    expect(error.message).toBe('NamespaceOpened of ns_1: No.');
  });
});

test('overload and an unknown outcome of the own store say nothing about the event, wrapped or not', () => {
  for (const error of [new StoreOverloaded('full'), new StoreUnavailable('gone')]) {
    expect(isOutage(error)).toBe(true);
    expect(isOutage(new Error('a reaction failed', { cause: error }))).toBe(true);
  }
  expect(isOutage(new TypeError('x is not a function'))).toBe(false);
});
