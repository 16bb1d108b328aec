/** JSON with one spelling: equal values give equal bytes, so that they can be compared by hash. */
import { createHash } from 'node:crypto';

/** As `JSON.stringify`, with the keys of objects sorted. */
export function canonicalJson(value: unknown): string {
  return (
    JSON.stringify(value, (_key, nested: unknown) =>
      nested !== null && typeof nested === 'object' && !Array.isArray(nested)
        ? Object.fromEntries(Object.entries(nested).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
        : nested,
    ) ?? 'null'
  );
}

/** SHA-256, in hex, of the canonical JSON. */
export const hashOf = (value: unknown): string => createHash('sha256').update(canonicalJson(value)).digest('hex');
