/** Real packets do what a rule set means, whatever it says: the kernel, the agent's own judge and the contract agree. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRuleSetProver } from './campaigns/rule-sets.ts';
import type { Prover } from './proof.ts';
import { seedOf } from './random.ts';

const rounds = 8;
const seed = seedOf('random rule sets');
let prover: Prover;

beforeAll(async () => {
  prover = await openRuleSetProver();
});
afterAll(() => prover?.close());

test(`${rounds} random rule sets on two nodes`, { timeout: 300_000 }, async () => {
  for (let round = 0; round < rounds; round++) {
    const proof = await prover.round(seed + round);
    expect(proof.mismatches, `seed ${seed + round}`).toEqual([]);
    expect(proof.passed).toBeGreaterThan(0);
  }
});
