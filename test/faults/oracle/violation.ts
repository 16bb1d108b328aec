/** What the oracle holds against a run. */
export const rules = [
  'ok-is-once',
  'fail-is-none',
  'unknown-is-at-most-once',
  'positions-contiguous',
  'versions-contiguous',
  'time-never-back',
  'key-once',
  'claims-hold',
  'stream-equals-store',
  'reaction-exactly-once',
  'model-equals-store',
  'log-equals-store',
  'nothing-parked',
  'comes-to-rest',
  'no-crash',
  'checkpoint-never-back',
  'one-publisher',
] as const;
export type Rule = (typeof rules)[number];

export interface Violation {
  readonly rule: Rule;
  readonly what: string;
  /** `lost`: something that should be isn't; `doubled`: it is there more than once; `other`: it is wrong. */
  readonly kind: 'lost' | 'doubled' | 'other';
  /** Calls, keys, streams and positions concerned; as many as are told. */
  readonly where: readonly string[];
}

const TOLD = 12;

export const violation = (
  rule: Rule,
  kind: Violation['kind'],
  what: string,
  where: readonly (string | number)[] = [],
): Violation => ({
  rule,
  kind,
  what,
  where: [...where.slice(0, TOLD).map(String), ...(where.length > TOLD ? [`and ${where.length - TOLD} more`] : [])],
});

export const tell = ({ rule, kind, what, where }: Violation): string =>
  `${rule} (${kind}): ${what}${where.length > 0 ? `: ${where.join(', ')}` : ''}`;
