/** Whatever becomes of Atoll's rules, they are put back by themselves, and nobody else's are ever touched. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSabotage, type SabotageRun, someSabotages } from './campaigns/sabotage.ts';
import { diceOf, seedOf } from './random.ts';
import { sabotages } from './worlds/sabotage.ts';

const seed = seedOf('sabotage');
let run: SabotageRun;
beforeAll(async () => {
  run = await openSabotage(seed);
});
afterAll(() => run?.close());

test('every kind of damage at once, in any order', { timeout: 180_000 }, async () => {
  const dice = diceOf(seed);
  const repair = await run.round(dice, someSabotages(dice, sabotages.length));
  expect(repair.complaints, `seed ${seed}: ${repair.what}`).toEqual([]);
  expect(repair.damaged, repair.what).toBe(true);
});
