/** Placement against every possibility, on small cases of all kinds. */
import { defaultWeights, noWishes, type PlacementWeights, type PlacementWishes } from '@atoll/schema/deploy/placement';
import { slaClasses } from '@atoll/schema/tenancy/plans';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allowed, mostPlaced, score, withOneMore } from '../../test/brute-force.ts';
import { anybody, need, node, tenant } from '../../test/fixtures.ts';
import type { NodeView, PoolView } from './node-view.ts';
import { placeAll, placeMany } from './place.ts';
import type { Placer } from './placer.ts';
import { roomIn } from './room.ts';

const weight = fc.integer({ min: 0, max: 100 });
const weights: fc.Arbitrary<PlacementWeights> = fc
  .record({ spread: weight, pack: weight, locality: weight, slaClass: weight, cost: weight })
  .map((all) => (Object.values(all).every((each) => each === 0) ? defaultWeights : all));
const label = fc.constantFrom<Record<string, string>>({}, { disk: 'ssd' }, { disk: 'hdd' });
const poolView = (name: string): fc.Arbitrary<PoolView> =>
  fc.record({
    poolId: fc.constant(`pool_${name}` as const),
    name: fc.constant(name),
    revision: fc.constant(1),
    slaClass: fc.constantFrom(...slaClasses),
    labels: label,
    costPerHour: fc.integer({ min: 0, max: 5 }),
    weights,
  });
const nodeFields = fc.record({
  pool: fc.nat({ max: 1 }),
  zone: fc.constantFrom(null, 'z1', 'z2', 'z3'),
  labels: label,
  cpu: fc.integer({ min: 1, max: 9 }),
  memory: fc.integer({ min: 1, max: 9 }),
  max: fc.integer({ min: 1, max: 5 }),
  usedShare: fc.constantFrom(0, 0, 0.3, 0.7),
  keptFor: fc.constantFrom(null, null, tenant, 'ten_other' as const),
  unreachable: fc.constantFrom(null, null, null, 'silent'),
  closed: fc.constantFrom(null, null, null, 'cordoned'),
});
const nodes = fc
  .tuple(poolView('p'), poolView('q'), fc.array(nodeFields, { minLength: 1, maxLength: 4 }))
  .map(([p, q, all]): NodeView[] =>
    all.map(({ pool, cpu, memory, max, usedShare, keptFor, ...rest }, index) => {
      const used = Math.floor(max * usedShare);
      return node(String(index), {
        ...rest,
        pool: pool === 0 ? p : q,
        capacity: { cpuMillis: cpu * 100, memoryMiB: memory * 100 },
        maxInstances: max,
        used: {
          cpuMillis: used === 0 ? 0 : Math.floor(cpu * usedShare) * 100,
          memoryMiB: used === 0 ? 0 : Math.floor(memory * usedShare) * 100,
          instances: used,
        },
        keptFor: used === 0 ? null : keptFor,
      });
    }),
  );
const wishes: fc.Arbitrary<PlacementWishes> = fc.record({
  slaClass: fc.constantFrom(null, null, ...slaClasses),
  nodeLabels: fc.constantFrom<Record<string, string>>({}, {}, {}, { disk: 'ssd' }),
  zones: fc.constantFrom<string[]>([], [], [], ['z1', 'z2']),
  zoneSkew: fc.constantFrom(null, null, 1, 2),
  maxPerNode: fc.constantFrom(null, null, 1, 2),
  near: fc.array(
    fc.record({
      deployment: fc.constant('db'),
      within: fc.constantFrom('NODE' as const, 'ZONE' as const),
      required: fc.boolean(),
    }),
    { maxLength: 1 },
  ),
  apart: fc.constant([]),
});
const some = fc.uniqueArray(fc.constantFrom('node_0' as const, 'node_1' as const), { maxLength: 1 });
const placer: fc.Arbitrary<Placer> = fc
  .record({
    wishes,
    weights: fc.option(weights),
    own: fc.boolean(),
    pools: fc.constantFrom<string[]>([], [], ['p']),
    classes: fc.constantFrom(slaClasses, slaClasses, ['STANDARD', 'GUARANTEED'] as const),
    others: some,
    db: some,
  })
  .map(({ wishes, weights, own, pools, classes, others, db }) => ({
    ...{ tenant, nodes: own ? ('own' as const) : ('any' as const), pools, slaClasses: classes, weights, wishes },
    ...{ others: new Set(others), near: wishes.near.map(() => new Set(db)) },
  }));
const theirs = fc
  .dictionary(fc.constantFrom('node_0', 'node_1'), fc.integer({ min: 1, max: 2 }))
  .map((counts) => new Map(Object.entries(counts) as [NodeView['nodeId'], number][]));
const needed = need(100, 100);

test('each instance comes to a node that may take it, and no other one scores higher', () => {
  fc.assert(
    fc.property(nodes, theirs, placer, (given, peers, placer) => {
      let now: readonly NodeView[] = given;
      let near: ReadonlyMap<NodeView['nodeId'], number> = peers;
      for (const { nodeId, decision } of placeMany(4, needed, given, peers, placer)) {
        const chosen = now.find((each) => each.nodeId === nodeId);
        const may = now.filter((each) => allowed(each, needed, now, near, placer));
        expect(may).toContain(chosen);
        if (chosen === undefined) return;
        const ofChosen = score(chosen, needed, now, near, placer);
        for (const other of may) expect(score(other, needed, now, near, placer)).toBeLessThanOrEqual(ofChosen + 1e-9);
        expect(decision.scores[0]?.score).toBeCloseTo(ofChosen, 5);
        // What is counted is all there is, and each is counted once.
        const left = decision.rejected.reduce((sum, { count }) => sum + count, 0);
        expect([decision.nodes, left]).toEqual([now.length, now.length - may.length]);
        now = now.map((each) => (each.nodeId === nodeId ? withOneMore(each, needed, placer) : each));
        near = new Map(near).set(nodeId, (near.get(nodeId) ?? 0) + 1);
      }
    }),
    { numRuns: 600 },
  );
});

test('as many are placed as any order of places could, and that many are told to fit', () => {
  fc.assert(
    fc.property(nodes, theirs, placer, fc.integer({ min: 1, max: 5 }), (given, peers, placer, count) => {
      const most = mostPlaced(count, needed, given, peers, placer);
      const { placements, unplaced } = placeAll(count, needed, given, peers, placer);
      expect(placements).toHaveLength(most);
      expect(unplaced === null).toBe(most === count);
      expect(roomIn(count, needed, given, peers, placer)).toBe(most);
    }),
    { numRuns: 400 },
  );
});

test('the same nodes in any order give the same places, byte for byte', () => {
  fc.assert(
    fc.property(nodes, theirs, placer, (given, peers, placer) => {
      const places = JSON.stringify(placeAll(4, needed, given, peers, placer));
      const turned = new Map([...peers].reverse());
      expect(JSON.stringify(placeAll(4, needed, [...given].reverse(), turned, placer))).toBe(places);
    }),
    { numRuns: 200 },
  );
});

test('with weights on one strategy alone, that one decides', () => {
  const cheap = { ...node('b').pool, poolId: 'pool_cheap', name: 'cheap', costPerHour: 1 } as const;
  const dear = { ...cheap, poolId: 'pool_dear', name: 'dear', costPerHour: 9, slaClass: 'GUARANTEED' } as const;
  const view = [
    node('a', { pool: dear, used: { cpuMillis: 2000, memoryMiB: 4000, instances: 3 }, zone: 'z1' }),
    node('b', { pool: cheap, zone: 'z2' }),
    node('c', { pool: dear, zone: 'z3' }),
  ];
  const only = (part: keyof PlacementWeights, more: Partial<Placer> = {}) => {
    const all = { spread: 0, pack: 0, locality: 0, slaClass: 0, cost: 0, [part]: 1 };
    return placeMany(1, needed, view, new Map([['node_b' as const, 1]]), { ...anybody, ...more, weights: all })[0]
      ?.nodeId;
  };
  const db = { ...noWishes, near: [{ deployment: 'db', within: 'ZONE' as const, required: false }] };
  expect(only('spread')).toBe('node_c');
  expect(only('pack')).toBe('node_a');
  expect(only('cost')).toBe('node_b');
  expect(only('locality', { wishes: db, near: [new Set(['node_c' as const])] })).toBe('node_c');
  expect(only('slaClass', { wishes: { ...noWishes, slaClass: 'STANDARD' } })).toBe('node_b');
});
