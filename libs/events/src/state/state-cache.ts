/**
 * Folded states in memory, so that a command on a stream that is in use reads nothing.
 *
 * They may be older than the stream: another process may have written since. That is for the caller to know; what he
 * decides on one is judged in the commit. Bounded in number, in bytes (estimated) and in time, so that nothing stays for
 * ever that was once read.
 */
import type { Context } from '@atoll/schema/contexts';
import type { Tenant } from '@atoll/schema/ids';
import { LRUCache } from 'lru-cache';
import { cachedStates, cachedStatesBytes, cacheLookups } from '../measures.ts';
import { REMEMBERED_MS } from '../personal/key-cache.ts';

/** What a stream folds to up to one of its versions. */
export interface Folded<S> {
  /** 0 before the first event. */
  readonly version: number;
  /** Of the stream; null before the first event. */
  readonly tenant: Tenant | null;
  /** Of the event at `version`: tells whether the stream is still the one that was folded. */
  readonly eventId: string | null;
  /** Of the keys that opened personal data which may be in the state. */
  readonly keyIds: readonly string[];
  readonly state: S;
}

export interface CacheBounds {
  /** Default 10,000. */
  readonly states?: number;
  /** Of the states as JSON, more or less; default 64 MiB. */
  readonly bytes?: number;
  /** A state is folded anew after so long, however much it is used. Default 10 minutes. */
  readonly ttlMs?: number;
}

interface Entry {
  readonly folded: Folded<unknown>;
  readonly bytes: number;
  /** The version at which its size was measured. */
  readonly measuredAt: number;
}

export interface StateCache {
  /** As `get`; counted as a hit or a miss. */
  lookUp<S>(decider: object, stream: string): Folded<S> | null;
  get<S>(decider: object, stream: string): Folded<S> | null;
  /** An older one than what is there is not taken. */
  put<S>(decider: object, stream: string, folded: Folded<S>): void;
  drop(decider: object, stream: string): void;
  forget(stream?: string): void;
}

/** Of an entry beside its state. */
const OVERHEAD = 300;
const SAMPLE_MS = 1000;

/** As JSON, as it is the cheapest to ask. A state that JSON can't write is taken for a large one. */
function sizeOf(state: unknown): number {
  try {
    return OVERHEAD + 2 * (JSON.stringify(state)?.length ?? 0);
  } catch {
    return 64 * 1024;
  }
}

let deciders = 0;
const numbers = new WeakMap<object, number>();
function numberOf(decider: object): number {
  const known = numbers.get(decider);
  if (known !== undefined) return known;
  deciders += 1;
  numbers.set(decider, deciders);
  return deciders;
}

export function createStateCache(context: Context, bounds: CacheBounds = {}): StateCache {
  const ttlMs = bounds.ttlMs ?? 600_000;
  const cache = new LRUCache<string, Entry>({
    max: bounds.states ?? 10_000,
    maxSize: bounds.bytes ?? 64 * 1024 * 1024,
    sizeCalculation: ({ bytes }) => bytes,
    ttl: ttlMs,
    noUpdateTTL: true,
    ttlAutopurge: false,
  });
  const keyOf = (decider: object, stream: string) => `${numberOf(decider)} ${stream}`;
  const hits = cacheLookups.labels({ context, result: 'hit' });
  const misses = cacheLookups.labels({ context, result: 'miss' });
  let sampledAt = 0;

  function sample(): void {
    const now = Date.now();
    if (now - sampledAt < SAMPLE_MS) return;
    sampledAt = now;
    cachedStates.set({ context }, cache.size);
    cachedStatesBytes.set({ context }, cache.calculatedSize);
  }

  /** The key holds the decider: what it put there is of its own type. */
  const get = <S>(decider: object, stream: string): Folded<S> | null =>
    (cache.get(keyOf(decider, stream))?.folded as Folded<S> | undefined) ?? null;

  return {
    get,
    lookUp<S>(decider: object, stream: string) {
      const found = get<S>(decider, stream);
      (found ? hits : misses).inc();
      return found;
    },
    put(decider, stream, folded) {
      const key = keyOf(decider, stream);
      const before = cache.peek(key);
      if (before && before.folded.version >= folded.version) return;
      // Writing out a large state for each event would cost more than it saves.
      const fresh = before !== undefined && folded.version < before.measuredAt * 1.25 + 8;
      const entry = {
        folded,
        bytes: fresh ? before.bytes : sizeOf(folded.state),
        measuredAt: fresh ? before.measuredAt : folded.version,
      };
      // Personal data stays no longer than the key that opened it.
      const personal = folded.keyIds.length > 0;
      const was = (before?.folded.keyIds.length ?? 0) > 0;
      if (personal) cache.set(key, entry, { ttl: Math.min(ttlMs, REMEMBERED_MS), noUpdateTTL: was });
      else cache.set(key, entry);
      sample();
    },
    drop(decider, stream) {
      cache.delete(keyOf(decider, stream));
    },
    forget(stream) {
      if (stream === undefined) return cache.clear();
      for (const key of [...cache.keys()]) if (key.endsWith(` ${stream}`)) cache.delete(key);
    },
  };
}
