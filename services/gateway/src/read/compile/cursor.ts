/** Cursors of connections: base64url of the JSON `[sort key, id]`, made by PostgreSQL and read here. */
import { ApiError } from '../../errors.ts';
import type { SortKey } from '../../schema/model.ts';

export interface Place {
  readonly key: string | number;
  readonly id: string;
}

const malformed = () =>
  new ApiError(
    'CURSOR_MALFORMED',
    '`after` is no cursor of this connection: give it an `endCursor` or a `cursor` as it was told.',
  );

export function decodeCursor(text: string, sort: SortKey): Place {
  if (!/^[A-Za-z0-9_-]{1,2000}$/.test(text)) throw malformed();
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    throw malformed();
  }
  if (!Array.isArray(value) || value.length !== 2) throw malformed();
  const [key, id]: unknown[] = value;
  if (typeof id !== 'string') throw malformed();
  if (sort.sqlType === 'int') {
    if (typeof key !== 'number' || !Number.isInteger(key) || Math.abs(key) > 2 ** 31 - 1) throw malformed();
    return { key, id };
  }
  if (typeof key !== 'string' || key.includes('\u0000') || id.includes('\u0000')) throw malformed();
  return { key, id };
}

/** As PostgreSQL makes it: see `cursorSql`. */
export const encodeCursor = ({ key, id }: Place): string =>
  Buffer.from(`[${JSON.stringify(key)}, ${JSON.stringify(id)}]`).toString('base64url');

/** base64 of PostgreSQL breaks lines at 76 characters and pads; base64url does neither. */
export const cursorSql = (key: string, id: string): string =>
  `translate(encode(convert_to(json_build_array(${key}, ${id})::text, 'UTF8'), 'base64'), E'+/=\\n', '-_')`;
