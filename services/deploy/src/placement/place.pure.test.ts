import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anybody, need, node, tenant } from '../../test/fixtures.ts';
import { freeOf, type NodeView } from './node-view.ts';
import { placeAll, placeMany } from './place.ts';
import { shortageOf } from './room.ts';
import { RECORDED_FILTERED, RECORDED_SCORES } from './search.ts';

const nobody = new Map();
const place = (...[need, nodes, peers, placer]: Parameters<typeof shortageOf>) =>
  placeMany(1, need, nodes, peers, placer)[0] ?? null;
const reasonAgainst = (view: NodeView, needed: ReturnType<typeof need>, placer: typeof anybody) => {
  const { unplaced } = placeAll(1, needed, [view], nobody, placer);
  return unplaced?.filtered[0]?.reason ?? null;
};

describe('filter', () => {
  test('a node that is not ready takes nothing, and says why', () => {
    expect(reasonAgainst(node('a', { unreachable: 'silent for 20 s' }), need(1, 1), anybody)).toBe(
      'not ready: silent for 20 s',
    );
  });
  test.each([
    ['instances', { maxInstances: 3, used: { cpuMillis: 0, memoryMiB: 0, instances: 3 } }, /full: runs 3 of at most 3/],
    ['cpu', { used: { cpuMillis: 3950, memoryMiB: 0, instances: 1 } }, /needs 100 thousandths of a core, 50 of 4000/],
    ['memory', { used: { cpuMillis: 0, memoryMiB: 7990, instances: 1 } }, /needs 64 MiB, 10 of 8000 are free/],
  ])('a node without enough %s is left out with what is free', (_, more, reason) => {
    expect(reasonAgainst(node('a', more), need(100, 64), anybody)).toMatch(reason);
  });
  test('what fits exactly fits', () => {
    const full = node('a', { used: { cpuMillis: 3900, memoryMiB: 7936, instances: 49 } });
    expect(reasonAgainst(full, need(100, 64), anybody)).toBeNull();
  });
  test('a node that shrank below what is taken of it has nothing free', () => {
    const shrunk = node('a', { used: { cpuMillis: 9000, memoryMiB: 9000, instances: 90 } });
    expect(freeOf(shrunk)).toEqual({ cpuMillis: 0, memoryMiB: 0, instances: 0 });
  });
});

describe('place', () => {
  test('instances of one deployment are spread before anything else counts', () => {
    const busy = node('a', { used: { cpuMillis: 3000, memoryMiB: 6000, instances: 9 } });
    const placed = place(need(100, 64), [busy, node('b')], new Map([['node_b' as const, 1]]), anybody);
    expect(placed?.nodeId).toBe('node_a');
  });
  test('among equals of that, the one with more left of its scarcer resource wins', () => {
    const littleMemory = node('a', { used: { cpuMillis: 0, memoryMiB: 7000, instances: 1 } });
    const littleCpu = node('b', { used: { cpuMillis: 2000, memoryMiB: 0, instances: 1 } });
    expect(place(need(100, 64), [littleMemory, littleCpu], nobody, anybody)?.nodeId).toBe('node_b');
  });
  test('ties go to the smaller id, in whatever order the nodes come', () => {
    expect(place(need(1, 1), [node('b'), node('a'), node('c')], nobody, anybody)?.nodeId).toBe('node_a');
  });
  test('the record names who was left out and why, and the scores of the rest, best first', () => {
    const away = node('c', { unreachable: 'silent' });
    const decision = place(
      need(100, 64),
      [node('b'), away, node('a')],
      new Map([['node_a' as const, 1]]),
      anybody,
    )?.decision;
    expect(decision?.filtered).toEqual([{ nodeId: 'node_c', code: 'NOT_READY', reason: 'not ready: silent' }]);
    expect(decision).toMatchObject({ nodes: 3, rejected: [{ code: 'NOT_READY', count: 1 }] });
    expect(decision?.scores.map(({ nodeId }) => nodeId)).toEqual(['node_b', 'node_a']);
  });
  test('the record stays small on a large platform', () => {
    const nodes = Array.from({ length: 500 }, (_, n) => node(String(n), n % 2 ? { unreachable: 'silent' } : {}));
    const decision = place(need(1, 1), nodes, nobody, anybody)?.decision;
    expect(decision?.scores).toHaveLength(RECORDED_SCORES);
    expect(decision?.filtered).toHaveLength(RECORDED_FILTERED);
    expect(decision).toMatchObject({ nodes: 500, rejected: [{ code: 'NOT_READY', count: 250 }] });
  });
  test('nowhere to go is null', () => {
    expect(place(need(5000, 64), [node('a')], nobody, anybody)).toBeNull();
  });
});

const anyNode = fc.record({
  cpu: fc.integer({ min: 1, max: 50 }),
  memory: fc.integer({ min: 1, max: 50 }),
  max: fc.integer({ min: 1, max: 8 }),
  away: fc.boolean(),
});
const toNodes = (specs: readonly { cpu: number; memory: number; max: number; away: boolean }[]): NodeView[] =>
  specs.map(({ cpu, memory, max, away }, n) =>
    node(String(n), {
      capacity: { cpuMillis: cpu * 10, memoryMiB: memory * 10 },
      maxInstances: max,
      unreachable: away ? 'silent' : null,
    }),
  );

describe('placeMany', () => {
  test('never books a node beyond what it has, and gives up only when no node has room', () => {
    fc.assert(
      fc.property(fc.array(anyNode, { maxLength: 6 }), fc.integer({ min: 1, max: 30 }), (specs, count) => {
        const nodes = toNodes(specs);
        const placed = placeMany(count, need(20, 30), nodes, nobody, anybody);
        const on = (nodeId: string) => placed.filter((placement) => placement.nodeId === nodeId).length;
        for (const { nodeId, capacity, maxInstances, unreachable } of nodes) {
          expect(on(nodeId) * 20).toBeLessThanOrEqual(unreachable === null ? capacity.cpuMillis : 0);
          expect(on(nodeId) * 30).toBeLessThanOrEqual(capacity.memoryMiB);
          expect(on(nodeId)).toBeLessThanOrEqual(maxInstances);
        }
        if (placed.length < count) {
          const after = nodes.map((before) => ({
            ...before,
            used: {
              cpuMillis: on(before.nodeId) * 20,
              memoryMiB: on(before.nodeId) * 30,
              instances: on(before.nodeId),
            },
          }));
          expect(place(need(20, 30), after, nobody, anybody)).toBeNull();
        }
      }),
    );
  });
  test('equal input in any order gives equal output', () => {
    fc.assert(
      fc.property(fc.array(anyNode, { minLength: 2, maxLength: 6 }), (specs) => {
        const nodes = toNodes(specs);
        expect(placeMany(5, need(20, 30), [...nodes].reverse(), nobody, anybody)).toEqual(
          placeMany(5, need(20, 30), nodes, nobody, anybody),
        );
      }),
    );
  });
});

describe('where there is no room', () => {
  const told = (nodes: readonly NodeView[], placer = anybody) => shortageOf(need(100, 64), nodes, nobody, placer);
  test('what is free is told, over the ready nodes only, and the nearest that fits', () => {
    expect(told([]).text).toBe('no node is registered.');
    expect(told([node('a', { unreachable: 'silent' })]).text).toBe('no node is ready.');
    const half = node('b', { used: { cpuMillis: 3900, memoryMiB: 8000, instances: 49 } });
    expect(told([half])).toEqual({
      never: false,
      text: 'the one ready node has 100 thousandths of a core, 0 MiB and room for 1 instances free. The nearest fit is node_b, with 100 of 4000 thousandths of a core and 0 of 8000 MiB free.',
    });
  });
  test('what no node could take even when empty is told apart from what only has to wait', () => {
    expect(told([node('a', { capacity: { cpuMillis: 99, memoryMiB: 8000 } })]).never).toBe(true);
    expect(
      told([node('a', { capacity: { cpuMillis: 99, memoryMiB: 8000 } }), node('b', { maxInstances: 0 })]).never,
    ).toBe(false);
    // No node may take it at all: that is no question of size.
    expect(told([node('a', { closed: 'cordoned', capacity: { cpuMillis: 99, memoryMiB: 8000 } })]).never).toBe(false);
  });
  test('rules that leave nodes out are told with how many', () => {
    const { text } = told([node('a', { closed: 'cordoned' }), node('b', { closed: 'drained' }), node('c')], {
      ...anybody,
      slaClasses: ['GUARANTEED'],
    });
    expect(text).toMatch(
      /Out of the question are nodes: 2 closed by the operator, 1 of classes of service that the tenant's plan doesn't give\.$/,
    );
  });
});

describe('nodes of one’s own', () => {
  const other = 'ten_other';
  const own = { ...anybody, nodes: 'own' } as const;
  const busy = { cpuMillis: 100, memoryMiB: 64, instances: 1 };
  test.each([
    ['an empty one', node('a'), true, true],
    ['one that others run on', node('a', { used: busy }), false, true],
    ['one that is kept for this tenant', node('a', { used: busy, keptFor: tenant }), true, true],
    ['one that is kept for another', node('a', { used: busy, keptFor: other }), false, false],
    ['one that was kept for another, and is empty', node('a', { keptFor: other }), true, true],
  ])('%s', (_what, view, forOwn, forAny) => {
    expect(reasonAgainst(view, need(1, 1), own) === null).toBe(forOwn);
    expect(reasonAgainst(view, need(1, 1), anybody) === null).toBe(forAny);
  });
  test('are empty ones, and none where others run', () => {
    const nodes = [node('a', { maxInstances: 2 }), node('b', { used: busy }), node('c', { maxInstances: 2 })];
    const placed = placeMany(5, need(1, 1), nodes, nobody, own).map(({ nodeId }) => nodeId);
    expect([...placed].sort()).toEqual(['node_a', 'node_a', 'node_c', 'node_c']);
  });
});
