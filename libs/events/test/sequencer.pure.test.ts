import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSequencer } from '../src/stream/sequencer.ts';

/** Any arrival of 1 … 40: some lost, some twice, some in the wrong place. */
const arrivals = fc.array(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 12 }), { maxLength: 12 });

test('whatever arrives, what is taken is contiguous; what is missing can be fetched; nothing waits for ever', () => {
  fc.assert(
    fc.property(arrivals, fc.integer({ min: 1, max: 7 }), (rounds, limit) => {
      const sequencer = createSequencer<{ position: number }>();
      const seen: number[] = [];
      const at = () => seen.at(-1) ?? 0;
      for (const round of rounds) {
        for (const position of round) sequencer.add({ position });
        for (;;) {
          const taken = sequencer.take(at(), limit);
          expect(taken.length).toBeLessThanOrEqual(limit);
          seen.push(...taken.map(({ position }) => position));
          if (taken.length > 0) continue;
          if (!sequencer.hasGapAfter(at())) break;
          // As the feed does: the owner gives what comes next.
          seen.push(at() + 1);
        }
        expect(sequencer.size).toBe(0);
      }
      expect(seen).toEqual(seen.map((_, index) => index + 1));
      expect(at()).toBe(Math.max(0, ...rounds.flat()));
    }),
  );
});
