/**
 * Data keys, remembered for a few seconds: bounded in number and in time, so that a key that is destroyed elsewhere is
 * soon gone here, too. Reads of keys that come together are one read.
 */
export type DataKey =
  | {
      readonly status: 'live';
      readonly id: string;
      readonly tenant: string;
      readonly subject: string;
      readonly key: Buffer;
    }
  /** The person is erased. */
  | { readonly status: 'destroyed'; readonly id: string; readonly tenant: string; readonly subject: string }
  /** It is there and can't be had, e.g. because the master key is another one; or it isn't there at all. */
  | { readonly status: 'broken'; readonly id: string; readonly reason: string };

/** How long a destroyed key may still be used by a process that hasn't heard of it. */
export const REMEMBERED_MS = 5000;
const MAX_KEYS = 10_000;

export interface KeyCache {
  /** One for each id that was asked for. */
  byId(ids: readonly string[]): Promise<ReadonlyMap<string, DataKey>>;
  /** Takes in a key that came another way. */
  remember(key: DataKey): void;
  /** Wipes it from memory. */
  forget(matches: (key: DataKey) => boolean): void;
}

export function createKeyCache(
  load: (ids: readonly string[]) => Promise<readonly DataKey[]>,
  // A clock that is set back must not let a key be remembered for longer.
  now: () => number = () => performance.now(),
): KeyCache {
  const kept = new Map<string, { readonly key: DataKey; readonly until: number }>();

  function drop(id: string): void {
    const found = kept.get(id);
    kept.delete(id);
    if (found?.key.status === 'live') found.key.key.fill(0);
  }

  function remember(key: DataKey): void {
    if (key.status === 'broken') return;
    drop(key.id);
    for (const id of kept.keys()) {
      if (kept.size < MAX_KEYS && (kept.get(id)?.until ?? 0) > now()) break;
      drop(id);
    }
    // A copy: what is handed out stays whole for whoever works with it when this one is wiped.
    const own = key.status === 'live' ? { ...key, key: Buffer.from(key.key) } : key;
    kept.set(key.id, { key: own, until: now() + REMEMBERED_MS });
  }

  function recall(id: string): DataKey | null {
    const found = kept.get(id);
    if (!found || found.until <= now()) return null;
    return found.key.status === 'live' ? { ...found.key, key: Buffer.from(found.key.key) } : found.key;
  }

  return {
    async byId(ids) {
      const found = new Map<string, DataKey>();
      const missing = new Set<string>();
      for (const id of ids) {
        const known = recall(id);
        if (known) found.set(id, known);
        else missing.add(id);
      }
      if (missing.size > 0) {
        for (const key of await load([...missing])) {
          remember(key);
          found.set(key.id, key);
        }
        for (const id of missing) {
          if (found.has(id)) continue;
          const reason = 'there is no such key: the database was restored without its keys, or the value is forged';
          found.set(id, { status: 'broken', id, reason });
        }
      }
      return found;
    },
    remember,
    forget(matches) {
      for (const [id, { key }] of kept) if (matches(key)) drop(id);
    },
  };
}
