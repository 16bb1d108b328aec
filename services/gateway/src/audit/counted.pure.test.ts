import { expect, it } from 'vitest';
import { createCounted } from './counted.ts';

it('tells of each log its own, however many kinds somebody makes in another one', async () => {
  const counted = createCounted();
  const told: string[] = [];
  const tell = (what: string) => async (count: number) => {
    told.push(`${what} ${count}`);
  };
  for (let n = 0; n < 5000; n += 1) await counted.count('attacker', `made up ${n}`, tell('attacker'));
  expect(told.length).toBeLessThan(300);
  told.length = 0;
  for (let n = 0; n < 3; n += 1) await counted.count('victim', 'sign-in', tell('victim'));
  expect(told).toEqual(['victim 1']);
  await counted.stop();
  expect(told).toContain('victim 2');
  const attackers = told.filter((text) => text.startsWith('attacker')).map((text) => Number(text.split(' ')[1]));
  expect(attackers.reduce((sum, count) => sum + count, 0)).toBe(5000 - 201);
});
