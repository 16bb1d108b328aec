import { expect, test } from 'vitest';
import { drawn, inTurn } from './schedule.ts';

const faults = ['a', 'b', 'c', 'd', 'e', 'f'];
const take = (from: Iterator<string>, count: number) => Array.from({ length: count }, () => from.next().value);

test('the same seed gives the same schedule, another seed another one', () => {
  expect(take(drawn(faults, 7), 60)).toEqual(take(drawn(faults, 7), 60));
  expect(take(drawn(faults, 7), 60)).not.toEqual(take(drawn(faults, 8), 60));
});

test('every fault comes once in each turn', () => {
  const turns = take(drawn(faults, 1), 18);
  for (const at of [0, 6, 12]) expect(turns.slice(at, at + 6).sort()).toEqual(faults);
  expect([...inTurn(['a', 'b'], 2)]).toEqual(['a', 'b', 'a', 'b']);
});
