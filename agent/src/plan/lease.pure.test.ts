import { describe, expect, test } from 'vitest';
import { changesAt, fetched, given, noLease, stateOf } from './lease.ts';

const grant = { sentAt: 1000, leaseMs: 3000, generation: 7 };
const held = given(noLease, grant, 7);

describe('what is fenced', () => {
  test('may not run before there is a lease', () => {
    expect(stateOf(noLease, 1000)).toEqual({ is: 'OVER' });
    expect(changesAt(noLease, 1000)).toBeNull();
  });
  test('may run for two thirds of a lease that counts from the question, not from the answer', () => {
    expect(stateOf(held, 2999)).toEqual({ is: 'HELD' });
    expect(changesAt(held, 2000)).toBe(3000);
  });
  test('has the last third to end, and none after it', () => {
    expect(stateOf(held, 3000)).toEqual({ is: 'ENDING', leftMs: 1000 });
    expect(stateOf(held, 3999)).toEqual({ is: 'ENDING', leftMs: 1 });
    expect(changesAt(held, 3000)).toBe(4000);
    expect(stateOf(held, 4000)).toEqual({ is: 'OVER' });
    expect(changesAt(held, 4000)).toBeNull();
  });
  test('goes on with each answer', () => {
    expect(stateOf(given(held, { ...grant, sentAt: 2500 }, 7), 4000)).toEqual({ is: 'HELD' });
  });
  test('loses nothing by an answer that comes after a later one', () => {
    const later = given(held, { ...grant, sentAt: 2500 }, 7);
    expect(given(later, grant, 7).held).toEqual(later.held);
  });
});

describe('a lease for a newer document than the node has', () => {
  const given8 = given(noLease, { ...grant, generation: 8 }, 7);
  test('is none: what it ran may have been replaced', () => {
    expect(stateOf(given8, 1500)).toEqual({ is: 'OVER' });
    expect(stateOf(fetched(given8, 7), 1500)).toEqual({ is: 'OVER' });
  });
  test('is one once the node has that document', () => {
    expect(stateOf(fetched(given8, 8), 1500)).toEqual({ is: 'HELD' });
    expect(stateOf(fetched(given8, 9), 1500)).toEqual({ is: 'HELD' });
  });
  test('leaves the one before as it is, to its own end', () => {
    const both = given(held, { ...grant, sentAt: 2500, generation: 8 }, 7);
    expect(stateOf(both, 2999)).toEqual({ is: 'HELD' });
    expect(stateOf(both, 4000)).toEqual({ is: 'OVER' });
    expect(stateOf(fetched(both, 8), 4000)).toEqual({ is: 'HELD' });
  });
});
