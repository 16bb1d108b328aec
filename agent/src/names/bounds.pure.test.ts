import { expect, test } from 'vitest';
import { createBounds } from './bounds.ts';

/** How many of so many questions are answered that a pod asks evenly in a time. */
function answered(count: number, seconds: number): number {
  const bounds = createBounds();
  let answers = 0;
  for (let n = 0; n < count; n++) {
    const now = 1_000_000 + (n / count) * seconds * 1000;
    if (bounds.ask('10.64.1.2', now)) answers += 1;
    // Of another pod each one is answered, whatever the first one does.
    if (n % (count / 100) === 0) expect(bounds.ask('10.64.1.3', now)).toBe(true);
  }
  return answers;
}

test('a pod may ask 200 times a second for as long as it likes', () => {
  expect(answered(2000, 10)).toBe(2000);
});

test('what one asks beyond 500 at once and 200 a second gets no answer', () => {
  expect(answered(5000, 0)).toBe(500);
  const most = 500 + 10 * 200;
  expect(answered(100_000, 10)).toBeLessThanOrEqual(most);
  expect(answered(100_000, 10)).toBeGreaterThan(most - 5);
});
