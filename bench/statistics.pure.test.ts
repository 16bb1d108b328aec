import { describe, expect, test } from 'vitest';
import { growthOf, openLoop, orderOfRound, percentile, ratioOf, spreadOf } from './statistics.ts';

describe('percentiles', () => {
  test('are values that occurred, by nearest rank', () => {
    const values = [5, 1, 4, 2, 3];
    expect([0, 0.2, 0.21, 0.5, 0.99, 1].map((share) => percentile(values, share))).toEqual([1, 1, 2, 3, 5, 5]);
  });
  test('sort by number, and leave what they are given as it is', () => {
    const values = [10, 9, 100];
    expect(percentile(values, 0.5)).toBe(10);
    expect(values).toEqual([10, 9, 100]);
  });
  test('of nothing are no number', () => {
    expect(percentile([], 0.5)).toBeNaN();
  });
  test('one slow answer in a hundred is the longest, and not the p99', () => {
    const values = [...Array.from({ length: 99 }, () => 1), 1000];
    expect([percentile(values, 0.99), percentile(values, 1)]).toEqual([1, 1000]);
  });
});

describe('rounds', () => {
  test('are compared each with its own other before the middle is taken', () => {
    // The machine was ten times as slow in the last round; the ratio of medians would say 1.
    expect(ratioOf([200, 20, 200], [100, 10, 200])).toBe(2);
  });
  test('of different number have no ratio', () => {
    expect(() => ratioOf([1], [1, 2])).toThrow('1 rounds beside 2');
  });
  test('have a lowest, a middle and a highest', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ low: 1, middle: 2, high: 3 });
  });
  test('begin with another contestant each time', () => {
    expect([0, 1, 2, 3].map((round) => orderOfRound(round, 3))).toEqual([
      [0, 1, 2],
      [1, 2, 0],
      [2, 0, 1],
      [0, 1, 2],
    ]);
  });
});

describe('an open loop', () => {
  const loop = openLoop({ began: 1000, perSecond: 100, total: 5 });

  test('sends what is due by the clock', () => {
    expect([999, 1000, 1009, 1010, 1029].map((now) => loop.due(now, 0))).toEqual([0, 1, 1, 2, 3]);
  });
  test('catches up after a stall, and ends', () => {
    expect(loop.due(9000, 2)).toBe(3);
    expect(loop.due(9000, 5)).toBe(0);
  });
  test('counts the wait of all that were due while it stalled', () => {
    // Nothing was sent before 1040, and each then took 1 ms: all five waited, the first for 41 ms.
    expect([0, 1, 2, 3, 4].map((n) => loop.latency(n, 1041))).toEqual([41, 31, 21, 11, 1]);
  });
});

test('growth is that of the second half: what a process needs to warm up is none', () => {
  expect(growthOf([10, 50, 100, 100, 100])).toBe(0);
  expect(growthOf([100, 100, 100, 150])).toBe(0.5);
});
