/** Instances that are to stop and are kept until no service sends them connections any more, or for as long as that may take. */
import type { Id } from '@atoll/schema/ids';

/** Longer than a node may be silent before it is no longer waited for. */
const mostMs = 20_000;

export interface Holds {
  heldUntil(instance: Id<'instance'>, wanted: boolean): number | null;
}

/** `serving`: by the newest network document; null before there was one. */
export function createHolds(serving: () => ReadonlySet<Id<'instance'>> | null, now: () => number = Date.now): Holds {
  /** Since when it is known that they shall not be any more. */
  const since = new Map<Id<'instance'>, number>();
  return {
    heldUntil(instance, wanted) {
      if (wanted || serving()?.has(instance) !== true) {
        since.delete(instance);
        return null;
      }
      const began = since.get(instance) ?? now();
      since.set(instance, began);
      return began + mostMs;
    },
  };
}
