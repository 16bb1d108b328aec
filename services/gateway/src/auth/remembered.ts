/**
 * Rows that are asked for at each request, kept for moments: a change is told by an event, and this is how long one may
 * be believed where the event didn't come through. What isn't there is never remembered: it may come at any moment.
 */
const believedMs = 2000;
const maxRemembered = 10_000;

export interface Remembered<T> {
  get(key: string): Promise<T | null>;
  /** Something of this tenant may have changed. */
  forget(tenant: string): void;
  forgetAll(): void;
}

export function remembered<T>(options: {
  read: (key: string) => Promise<T | null>;
  /** The tenants whose changes end what is remembered. */
  tenantsOf: (value: T) => readonly string[];
  /** Must not go back where the clock is set. */
  now?: () => number;
}): Remembered<T> {
  const { read, tenantsOf, now = () => performance.now() } = options;
  const values = new Map<string, { readonly value: T; readonly until: number }>();
  const keysOf = new Map<string, Set<string>>();
  /** A read that was under way while its tenant changed may have seen what was before. */
  let changes = 0;

  function forgetAll(): void {
    changes += 1;
    values.clear();
    keysOf.clear();
  }

  return {
    async get(key) {
      const known = values.get(key);
      if (known && known.until > now()) return known.value;
      const before = changes;
      const value = await read(key);
      if (value === null) {
        values.delete(key);
        return null;
      }
      if (changes !== before) return value;
      if (values.size >= maxRemembered) forgetAll();
      values.set(key, { value, until: now() + believedMs });
      for (const tenant of tenantsOf(value)) {
        const keys = keysOf.get(tenant) ?? new Set();
        keys.add(key);
        keysOf.set(tenant, keys);
      }
      return value;
    },
    forget(tenant) {
      changes += 1;
      for (const key of keysOf.get(tenant) ?? []) values.delete(key);
      keysOf.delete(tenant);
    },
    forgetAll,
  };
}
