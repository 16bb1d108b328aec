/** Idempotency keys: made once per call, the same in all its retries. */
import type { ReadyDocument } from './document.ts';

/** 128 random bits. Not `crypto.randomUUID`, which browsers have in secure contexts only. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export interface Keyed {
  readonly variables: Readonly<Record<string, unknown>>;
  /** The first mutation's key; null for reads, and where an input isn't a variable. */
  readonly key: string | null;
  /** Whether all of the document can be repeated without doing anything twice. */
  readonly complete: boolean;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Gives each mutation of the document an `idempotencyKey` where the caller gave none. Mutations of one document get keys
 * of their own: their second and later ones are the key with a number.
 */
export function withKeys(document: ReadyDocument, variables: Readonly<Record<string, unknown>>, given?: string): Keyed {
  if (document.kind !== 'mutation') return { variables, key: null, complete: true };
  const made = given ?? newKey();
  const keyed = { ...variables };
  let first: string | null = null;
  let complete = true;
  document.mutations.forEach(({ inputVariable }, index) => {
    const input = inputVariable === null ? undefined : keyed[inputVariable];
    if (inputVariable === null || !isRecord(input)) {
      complete = false;
      return;
    }
    const present = input.idempotencyKey;
    const key = typeof present === 'string' ? present : index === 0 ? made : `${made}.${index + 1}`;
    keyed[inputVariable] = { ...input, idempotencyKey: key };
    first ??= key;
  });
  return { variables: keyed, key: first, complete };
}
