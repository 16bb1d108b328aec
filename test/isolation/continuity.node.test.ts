/** From one rule set to the next nothing is lost that both allow, and nothing leaks that both deny, whatever becomes of the agents. */
import { expect, test } from 'vitest';
import { complaints, runContinuity } from './campaigns/continuity.ts';
import { seedOf } from './random.ts';

const updates = 16;

test(`0 lost and 0 leaked over ${updates} updates, with agents that restart and are killed`, {
  timeout: 400_000,
}, async () => {
  const seed = seedOf('continuity');
  const outcome = await runContinuity({ seed, goOn: (done) => done < updates, restartEvery: 10, killEvery: 5 });
  expect(complaints(outcome), `seed ${seed}`).toEqual([]);
  expect(outcome).toMatchObject({ updates, restarts: 1, kills: 3 });
  for (const { sent, flow } of outcome.counts) expect(sent, flow.name).toBeGreaterThan(100);
  expect(outcome.said).toBeGreaterThan(50);
});
