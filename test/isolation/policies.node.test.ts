/** Packets do what policies mean: the kernel, the compiled rules and an independent model agree about every connection. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPolicyProver } from './campaigns/policies.ts';
import type { Prover } from './proof.ts';
import { seedOf } from './random.ts';

const rounds = 12;
const seed = seedOf('random policies');
let prover: Prover;

beforeAll(async () => {
  prover = await openPolicyProver();
});
afterAll(() => prover?.close());

test(`${rounds} random sets of policies over eight instances on two nodes`, { timeout: 400_000 }, async () => {
  let passed = 0;
  for (let round = 0; round < rounds; round++) {
    const proof = await prover.round(seed + round);
    expect(proof.mismatches, `seed ${seed + round}`).toEqual([]);
    passed += proof.passed;
  }
  expect(passed).toBeGreaterThan(0);
});
