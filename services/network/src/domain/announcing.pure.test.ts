import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseAnnouncer } from './announcing.ts';

const node = (digit: number) => `node_01h455vb4pex5vsknk084sn02${digit}` as const;
const at = (digit: number, served: number, near = 0) => ({ nodeId: node(digit), served, near });

describe('the node that answers for a public address', () => {
  it('is the one that reaches instances behind the most of its ports', () => {
    expect(chooseAnnouncer('203.0.113.7', null, [at(1, 1), at(2, 3), at(3, 0)])).toBe(node(2));
  });
  it('stays, though another would do as well', () => {
    for (const current of [1, 2, 3]) {
      expect(chooseAnnouncer('203.0.113.7', node(current), [at(1, 2), at(2, 2), at(3, 2)])).toBe(node(current));
    }
  });
  it('is another once it is silent, or another has more', () => {
    expect(chooseAnnouncer('203.0.113.7', node(1), [at(2, 1)])).toBe(node(2));
    expect(chooseAnnouncer('203.0.113.7', node(1), [at(1, 0), at(2, 1)])).toBe(node(2));
  });
  it('is one with instances of its own, where there is a choice; they don’t make it another', () => {
    expect(chooseAnnouncer('203.0.113.7', null, [at(1, 2), at(2, 2, 1), at(3, 2, 2)])).toBe(node(3));
    expect(chooseAnnouncer('203.0.113.7', node(1), [at(1, 2), at(2, 2, 1), at(3, 2, 2)])).toBe(node(1));
  });
  it('is none where there is none', () => {
    expect(chooseAnnouncer('203.0.113.7', node(1), [])).toBe(null);
  });
  it('is the same in whatever order they are told, and all have some', () => {
    const chosen = new Set<string | null>();
    fc.assert(
      fc.property(fc.ipV4(), fc.shuffledSubarray([1, 2, 3], { minLength: 3 }), (address, order) => {
        const found = chooseAnnouncer(
          address,
          null,
          order.map((digit) => at(digit, 1)),
        );
        expect(found).toBe(chooseAnnouncer(address, null, [at(1, 1), at(2, 1), at(3, 1)]));
        chosen.add(found);
      }),
      { seed: 7 },
    );
    expect(chosen.size).toBe(3);
  });
});
