/** The command's field at fault → the input's, as the one who sent it knows it. Pure. */
import type { Rejection } from '@atoll/schema/errors';
import type { AnyMutation } from './definition.ts';

const split = (path: string) => (path === '' ? [] : path.split('.'));

/** `path` without `prefix`, where it begins with it. */
function below(path: string, prefix: string): string | null {
  if (path === prefix) return '';
  return path.startsWith(`${prefix}.`) ? path.slice(prefix.length + 1) : null;
}

function rename(path: string, renamed: Readonly<Record<string, string>>): string {
  const longestFirst = Object.entries(renamed).sort(([a], [b]) => b.length - a.length);
  for (const [from, to] of longestFirst) {
    const rest = below(path, from);
    if (rest !== null) return [to, rest].filter((part) => part !== '').join('.');
  }
  return path;
}

function at(input: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, name) => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined),
    input,
  );
}

/** A message that begins with the command's field begins with the input's. */
export function inputMessage(
  { message, field }: Pick<Rejection, 'message' | 'field'>,
  path: readonly string[] | null,
): string {
  if (field === undefined || !message.startsWith(`${field}: `)) return message;
  const rest = message.slice(field.length + 2);
  return path === null ? rest : `${path.join('.')}: ${rest}`;
}

/** Null where it is no field alone. */
export function inputField(
  definition: Pick<AnyMutation, 'told' | 'renamed' | 'keyed'>,
  input: unknown,
  field: string | undefined,
): readonly string[] | null {
  if (field === undefined) return null;
  const path = rename(definition.told?.(field, input) ?? field, { key: 'idempotencyKey', ...definition.renamed });
  for (const [list, name] of Object.entries(definition.keyed ?? {})) {
    const rest = below(path, list);
    const items = at(input, split(list));
    if (rest === null || rest === '' || !Array.isArray(items)) continue;
    // Keys may have dots in them.
    const index = items.findIndex((item) => at(item, [name]) === rest);
    return [...split(list), ...(index < 0 ? [] : [String(index)])];
  }
  return path === '' ? null : split(path);
}
