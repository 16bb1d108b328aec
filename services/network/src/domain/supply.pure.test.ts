import { given } from '@atoll/events/given';
import type { AddressSupply, NamespaceSupply, PoolSupply } from '@atoll/schema/network/supply';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  lowWater,
  type NamespaceSupplyEvent,
  namespaceSupply,
  type PoolSupplyEvent,
  poolSupply,
  supplyOf,
  supplyTold,
} from './supply.ts';

const use = { size: 253, used: 250, free: 3, cooling: 0, exhaustedAt: null };
const ofNamespace: NamespaceSupply = { namespaceId: 'ns_01h455vb4pex5vsknk084sn02q', ...use };
const ofPool: PoolSupply = { purpose: 'PUBLIC', family: 'IPV4', ...use };
const ran = (type: NamespaceSupplyEvent['type']): NamespaceSupplyEvent => ({ type, data: ofNamespace });
const poolRan = (type: PoolSupplyEvent['type']): PoolSupplyEvent => ({ type, data: ofPool });
const [low, out, recovered] = [
  ran('NamespaceAddressesRanLow'),
  ran('NamespaceAddressesRanOut'),
  ran('NamespaceAddressesRecovered'),
];

const saidBy = (history: readonly (NamespaceSupplyEvent | PoolSupplyEvent)[]): AddressSupply => {
  const last = history.at(-1);
  return last === undefined ? 'ENOUGH' : supplyTold[last.type];
};

describe("a namespace's addresses", () => {
  it.each<[string, NamespaceSupplyEvent[], AddressSupply, NamespaceSupplyEvent[]]>([
    ['run low', [], 'LOW', [low]],
    ['run out without having been low', [], 'EXHAUSTED', [out]],
    ['run out', [low], 'EXHAUSTED', [out]],
    ['are few again', [low, out], 'LOW', [low]],
    ['are enough again', [low], 'ENOUGH', [recovered]],
    ['are enough, which is no news', [], 'ENOUGH', []],
    ['are low, and that is told once', [low], 'LOW', []],
    ['are none, and that is told once', [out], 'EXHAUSTED', []],
    ['are low a second time, and that is told again', [low, recovered], 'LOW', [low]],
  ])('%s', (_, history, supply, events) => {
    const from = saidBy(history);
    expect(given(namespaceSupply, history).when({ from, supply, told: ofNamespace })).toMatchObject({
      ok: true,
      events,
    });
  });
});

it('nothing is told of a namespace that is being deleted', () => {
  const claims = [{ op: 'require', set: 'namespace-open', key: ofNamespace.namespaceId }];
  const told = { from: 'ENOUGH', supply: 'LOW', told: ofNamespace } as const;
  expect(given(namespaceSupply, []).when(told)).toMatchObject({ ok: true, events: [low], claims });
});

describe('the ranges of a purpose and family', () => {
  it.each<[string, PoolSupplyEvent[], AddressSupply, PoolSupplyEvent[]]>([
    ['run low', [], 'LOW', [poolRan('AddressPoolRanLow')]],
    ['run out', [poolRan('AddressPoolRanLow')], 'EXHAUSTED', [poolRan('AddressPoolRanOut')]],
    ['are enough again', [poolRan('AddressPoolRanOut')], 'ENOUGH', [poolRan('AddressPoolRecovered')]],
    ['tell nothing twice', [poolRan('AddressPoolRanOut')], 'EXHAUSTED', []],
  ])('%s', (_, history, supply, events) => {
    const from = saidBy(history);
    expect(given(poolSupply, history).when({ from, supply, told: ofPool })).toMatchObject({ ok: true, events });
  });
});

it('who has looked before the newest was told tells nothing', () => {
  const late = { from: 'ENOUGH', supply: 'LOW' } as const;
  expect(given(namespaceSupply, [low, out]).when({ ...late, told: ofNamespace })).toMatchObject({
    ok: true,
    events: [],
  });
  const history = [poolRan('AddressPoolRanOut')];
  expect(given(poolSupply, history).when({ ...late, told: ofPool })).toMatchObject({ ok: true, events: [] });
});

describe('how much is left', () => {
  it.each([
    // size, told, free, then
    [253, 'ENOUGH', 26, 'ENOUGH'],
    [253, 'ENOUGH', 25, 'LOW'],
    [253, 'LOW', 26, 'LOW'],
    [253, 'LOW', 51, 'LOW'],
    [253, 'LOW', 52, 'ENOUGH'],
    [253, 'LOW', 0, 'EXHAUSTED'],
    [253, 'EXHAUSTED', 12, 'EXHAUSTED'],
    [253, 'EXHAUSTED', 13, 'LOW'],
    [253, 'EXHAUSTED', 52, 'ENOUGH'],
    [13, 'ENOUGH', 2, 'LOW'],
    [13, 'ENOUGH', 3, 'ENOUGH'],
    [1, 'ENOUGH', 1, 'ENOUGH'],
    [1, 'ENOUGH', 0, 'EXHAUSTED'],
    [1, 'EXHAUSTED', 1, 'ENOUGH'],
  ] as const)('of %i, told %s, with %i free: %s', (size, told, free, then) => {
    expect(supplyOf(told, { size, free })).toBe(then);
  });

  test('is told no more often than it moves by a step, whatever comes and goes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70_000 }), fc.array(fc.nat(70_000)), (size, moves) => {
        const step = Math.max(1, Math.floor(lowWater(size) / 2));
        let [told, at]: [AddressSupply, number] = ['ENOUGH', size];
        for (const move of moves) {
          const free = Math.min(move, size);
          const supply = supplyOf(told, { size, free });
          if (supply === told) continue;
          // Down to nothing it is told at once; in every other direction it takes a step.
          if (supply !== 'EXHAUSTED' && told !== 'ENOUGH') expect(Math.abs(free - at)).toBeGreaterThanOrEqual(step);
          expect(supply === 'EXHAUSTED').toBe(free === 0);
          [told, at] = [supply, free];
        }
      }),
    );
  });

  test('is enough of what is empty, and nothing of what is full', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), fc.constantFrom('ENOUGH', 'LOW', 'EXHAUSTED'), (size, told) => {
        expect(supplyOf(told, { size, free: size })).toBe('ENOUGH');
        expect(supplyOf(told, { size, free: 0 })).toBe('EXHAUSTED');
      }),
    );
  });
});
