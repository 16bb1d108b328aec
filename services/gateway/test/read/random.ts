/** Repeatable chance: one seed, one sequence. */
export interface Random {
  /** From 0 up to and without `below`. */
  int(below: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  some<T>(from: readonly T[], atLeast: number): T[];
}

/** mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (below: number) => Math.floor(next() * below);
  return {
    int,
    chance: (probability) => next() < probability,
    pick: (from) => {
      const picked = from[int(from.length)];
      if (picked === undefined) throw new Error('Nothing to pick from.');
      return picked;
    },
    some(from, atLeast) {
      const rest = [...from];
      const picked: (typeof from)[number][] = [];
      const count = Math.min(from.length, atLeast + int(Math.max(1, from.length - atLeast + 1)));
      while (picked.length < count) picked.push(...rest.splice(int(rest.length), 1));
      return picked;
    },
  };
}
