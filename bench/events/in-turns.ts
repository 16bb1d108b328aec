import { orderOfRound } from '../statistics.ts';

/** Each of `measures` once per round, in turns; the values of each, by round. */
export async function inTurns(
  count: number,
  measures: readonly (() => Promise<number>)[],
): Promise<readonly (readonly number[])[]> {
  const values: number[][] = measures.map(() => []);
  for (let round = 0; round < count; round++) {
    for (const index of orderOfRound(round, measures.length)) {
      const measure = measures[index];
      if (measure) values[index]?.push(await measure());
    }
  }
  return values;
}
