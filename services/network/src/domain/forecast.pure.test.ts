import { describe, expect, it } from 'vitest';
import { forecast } from './forecast.ts';

const now = Date.parse('2026-11-23T12:00:00.000Z');

describe('a forecast', () => {
  it.each([
    ['what grew by a tenth of what is free is full in ten days', 100, 10, '2026-12-03T12:00:00.000Z'],
    ['what is full is full now', 0, 10, '2026-11-23T12:00:00.000Z'],
    ['what doesn’t grow is never full', 100, 0, null],
    ['what shrinks is never full', 100, -5, null],
    ['what is years away is no news', 1_000_000, 1, null],
  ] as const)('%s', (_, free, net, at) => {
    expect(forecast(free, net, now)).toBe(at);
  });
});
