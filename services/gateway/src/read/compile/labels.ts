/** Which rows of a connection are asked for by their labels: those that have all of the pairs. */
import { labelKey, labelValue, MAX_LABELS } from '@atoll/schema/text';
import { ApiError } from '../../errors.ts';
import type { Variables } from './collect.ts';
import type { Args } from './plan.ts';

const bad = (message: string) => new ApiError('BAD_USER_INPUT', message);

interface Pair {
  readonly key: string;
  readonly value: string;
}

/** Coerced by the schema: a list of `LabelInput`, or nothing. */
function pairsOf(args: Args, variables: Variables): readonly Pair[] {
  const pairs = args(variables).labels;
  return Array.isArray(pairs) ? pairs : [];
}

/** Whether any are asked for: no pairs are the labels of every row. */
export const isFiltered = (args: Args, variables: Variables): boolean => pairsOf(args, variables).length > 0;

/** The pairs as JSON, as the column of labels has them. */
export function wantedLabels(args: Args, variables: Variables): string {
  const pairs = pairsOf(args, variables);
  if (pairs.length > MAX_LABELS) {
    throw bad(`\`labels\` has ${pairs.length} pairs: nothing has more than ${MAX_LABELS} labels. Give fewer.`);
  }
  const keys = new Set<string>();
  for (const { key, value } of pairs) {
    if (!labelKey.safeParse(key).success || !labelValue.safeParse(value).success) {
      throw bad(
        '`labels` has a pair that no label can be: key and value have 1–63 letters, digits, dots, underscores or hyphens.',
      );
    }
    if (keys.has(key)) throw bad(`\`labels\` has "${key}" twice; a thing has one value of each key. Give it once.`);
    keys.add(key);
  }
  return JSON.stringify(pairs.map(({ key, value }) => ({ key, value })));
}
