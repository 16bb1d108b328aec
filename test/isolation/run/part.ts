/** What a long run is made of. */

export interface Row {
  readonly part: string;
  readonly tried: string;
  readonly measured: string;
  /** Each with the seed that shows it again. */
  readonly wrong: readonly string[];
}

/** How much is to be done. */
export interface Bound {
  /** Never before the first. */
  enough(done: number): boolean;
  /** For how long a node that is cut off hears nothing. */
  readonly silenceMs: number;
}

export interface Part {
  readonly name: string;
  /** Of the whole time, where that is given. */
  readonly share: number;
  /** How much `--full` does, counted as `enough` is asked. */
  readonly volume: number;
  run(seed: number, bound: Bound): Promise<Row>;
}

export const thousands = (count: number): string => count.toLocaleString('en');
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
