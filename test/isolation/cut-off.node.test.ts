/** A node without its control plane keeps what was in force, over everything that may happen to it, and catches up afterwards. */
import { expect, test } from 'vitest';
import { runCutOff } from './campaigns/cut-off.ts';
import { seedOf } from './random.ts';

test('20 changes that it does not hear of, a killed agent, a new machine, and the return', {
  timeout: 180_000,
}, async () => {
  const seed = seedOf('cut off');
  const outcome = await runCutOff({ seed, changes: 20, pauseMs: 20 });
  for (const [when, { mismatches, passed }] of Object.entries(outcome.proofs)) {
    expect(mismatches, `seed ${seed}, ${when}`).toEqual([]);
    expect(passed, when).toBeGreaterThan(0);
  }
  expect(outcome.sentAtBoot).toBeGreaterThan(0);
  expect(outcome.leakedAtBoot).toBe(0);
  // The promise is 5 s; a busy machine gets more.
  expect(outcome.convergedMs).toBeLessThan(20_000);
});
