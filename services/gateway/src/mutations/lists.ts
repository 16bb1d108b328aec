/** Lists of the input that are maps in commands: labels, environment variables. */
import { type Rejection, reject } from '@atoll/schema/errors';

export interface LabelInput {
  readonly key: string;
  readonly value: string;
}

/** The first name that is given twice. */
function repeated(names: readonly string[]): number {
  return names.findIndex((name, index) => names.indexOf(name) !== index);
}

/** Null where no name is given twice; `path` is the list's in the input, `name` that of the field that must differ. */
export function repetition(names: readonly string[], path: string, name: string): Rejection | null {
  const index = repeated(names);
  return index < 0
    ? null
    : reject('INVALID_ARGUMENT', `"${names[index]}" is given twice; give it once.`, `${path}.${index}.${name}`);
}

export const labelRepetition = (labels: readonly LabelInput[] | null | undefined, path: string) =>
  repetition(
    (labels ?? []).map(({ key }) => key),
    path,
    'key',
  );

export const labelMap = (labels: readonly LabelInput[] | null | undefined): Record<string, string> =>
  Object.fromEntries((labels ?? []).map(({ key, value }) => [key, value]));
