/** Choices of a seed. */
import { seeded } from '../faults/random.ts';

export interface Dice {
  /** Below `bound`. */
  number(bound: number): number;
  chance(share: number): boolean;
  of<T>(choices: readonly T[]): T;
  /** Each with this chance, in order. */
  some<T>(choices: readonly T[], share: number): T[];
  /** Between the two numbers of them, each once. */
  between<T>(choices: readonly T[], least: number, most: number): T[];
}

export function diceOf(seed: number): Dice {
  const random = seeded(seed);
  const number = (bound: number) => Math.floor(random() * bound);
  const of = <T>(choices: readonly T[]): T => {
    const chosen = choices[number(choices.length)];
    if (chosen === undefined) throw new Error('there is nothing to choose from');
    return chosen;
  };
  return {
    number,
    chance: (share) => random() < share,
    of,
    some: (choices, share) => choices.filter(() => random() < share),
    between: (choices, least, most) =>
      choices
        .map((choice) => ({ choice, place: random() }))
        .sort((a, b) => a.place - b.place)
        .slice(0, least + number(most - least + 1))
        .map(({ choice }) => choice),
  };
}

/** Of the environment `ATOLL_ISOLATION_SEED`, so that a run can be repeated; else of the time. Always printed. */
export function seedOf(what: string): number {
  const given = process.env.ATOLL_ISOLATION_SEED;
  const seed = given === undefined || given === '' ? Date.now() % 1_000_000 : Number(given);
  console.log(`${what}: seed ${seed} (ATOLL_ISOLATION_SEED=${seed} takes it again)`);
  return seed;
}
