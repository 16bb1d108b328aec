import { describe, expect, test } from 'vitest';
import { LONGEST_GAP_MS, Silence } from './silence.ts';

/** Looks every second at one node, and tells what `seconds` were. */
function watch(sequences: readonly number[], gaps: Readonly<Record<number, number>> = {}, deafAt = -1) {
  let now = 1_000_000;
  const silence = new Silence(() => now);
  return sequences.map((sequence, index) => {
    now += gaps[index] ?? 1000;
    if (index === deafAt) silence.deaf();
    return silence.look([{ nodeId: 'node_a', sequence }])[0]?.seconds;
  });
}

describe('silence', () => {
  test('begins when the sequence last moved', () => {
    expect(watch([1, 2, 2, 2, 3, 3])).toEqual([0, 0, 1, 2, 0, 1]);
  });
  test('is never counted from before this process could hear', () => {
    expect(watch([7, 7, 7])).toEqual([0, 1, 2]);
  });
  test('begins anew after a time in which nothing could be heard', () => {
    expect(watch([1, 1, 1, 1, 1], {}, 3)).toEqual([0, 1, 2, 0, 1]);
  });
  test('begins anew after this process was stopped for a while', () => {
    expect(watch([1, 1, 1, 1], { 2: LONGEST_GAP_MS + 1 })).toEqual([0, 1, 0, 1]);
  });
  test('begins anew after the clock was set back', () => {
    expect(watch([1, 1, 1, 1], { 2: -60_000 })).toEqual([0, 1, 0, 1]);
  });
});
