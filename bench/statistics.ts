/** Numbers out of measurements. Pure, so that they can be tested. */

/** The value below which `share` (0 … 1) of the values lie: nearest rank, no interpolation. NaN of none. */
export function percentile(values: readonly number[] | Float64Array, share: number): number {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return Number.NaN;
  const rank = Math.ceil(share * sorted.length);
  return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1] ?? Number.NaN;
}

/** Of the rounds of one contestant. */
export interface Spread {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

export const spreadOf = (values: readonly number[]): Spread => ({
  low: percentile(values, 0),
  middle: percentile(values, 0.5),
  high: percentile(values, 1),
});

/**
 * The median of the rounds' own ratios. What slows the machine down slows both of one round down, so rounds are
 * compared with themselves before they are compared with each other.
 */
export function ratioOf(ours: readonly number[], others: readonly number[]): number {
  if (ours.length !== others.length) throw new Error(`${ours.length} rounds beside ${others.length}.`);
  return percentile(
    ours.map((value, round) => value / (others[round] ?? Number.NaN)),
    0.5,
  );
}

/** Who goes first changes from round to round, so that what one leaves behind hits every one. */
export const orderOfRound = (round: number, contestants: number): number[] =>
  Array.from({ length: contestants }, (_, index) => (index + round) % contestants);

/**
 * An open loop: operation `n` is due at a time of its own, whatever the answers do, and is measured from when it was due
 * rather than from when it could be sent. A stall of the system so counts for all that were due in it, not for one
 * ("coordinated omission").
 */
export interface OpenLoop {
  /** How many are due by `now`, of which `started` have been sent. */
  due(now: number, started: number): number;
  /** From when operation `n` was due to `end`. */
  latency(n: number, end: number): number;
}

export function openLoop({ began, perSecond, total }: { began: number; perSecond: number; total: number }): OpenLoop {
  return {
    due: (now, started) => Math.max(0, Math.min(total, Math.floor(((now - began) * perSecond) / 1000) + 1) - started),
    latency: (n, end) => end - (began + (n * 1000) / perSecond),
  };
}

/** Growth of a series over its second half, relative to that half's first value: near 0 where it is flat. */
export function growthOf(samples: readonly number[]): number {
  const late = samples.slice(Math.floor(samples.length / 2));
  const [first] = late;
  const last = late.at(-1);
  return first === undefined || last === undefined ? Number.NaN : (last - first) / first;
}
