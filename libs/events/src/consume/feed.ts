/** Where a consumer's events come from, one after the other and without a gap. */
import type { EventRecord } from '@atoll/schema/envelope';
import type { EventRegistry } from '@atoll/schema/registry';
import type { EventStore } from '../event-store.ts';
import { createBell } from '../waiting.ts';
import { weigh } from '../weigh.ts';

/** How often appends of other processes are looked for that weren't heard of. */
const POLL_MS = 250;
/** Events of a page at first, and about how many bytes of them later. */
const FIRST_PAGE = 50;
const PAGE_BYTES = 2 * 1024 * 1024;
/** How often it is measured how far the log goes, while there is much to catch up with. */
const LOOK_MS = 1000;

/** The last event whose effect is durable. */
export interface Cursor {
  readonly position: number;
  /** Null at the beginning. */
  readonly eventId: string | null;
}

export interface Feed {
  /** Knows the shapes of these events. */
  readonly registry: EventRegistry;
  /**
   * The events right after the cursor, as they were written: at most `limit`, contiguous, none after some time without
   * any. Throws `HistoryReplaced` where the owner's log isn't the one that the cursor is of.
   */
  next(cursor: Cursor, limit: number, signal: AbortSignal): Promise<readonly EventRecord[]>;
  /** The newest position that the owner is known to have; for measuring how far behind a consumer is. */
  last(): number;
  close(): Promise<void>;
}

/** The owner's log doesn't hold what this consumer has already worked on: it was restored from an older copy, or is another. */
export class HistoryReplaced extends Error {
  override readonly name = 'HistoryReplaced';
}

export function openStoreFeed(store: EventStore): Feed {
  const news = createBell();
  const stopListening = store.onNews(() => news.ring());
  let verified = false;
  let last = 0;
  let lastReadAt = 0;

  /** Events asked for at once: more while there is much to catch up with, fewer where they are large. */
  let size = FIRST_PAGE;
  /** The page after the last one, on its way while that is worked on. */
  let ahead: { readonly after: number; readonly events: Promise<readonly EventRecord[]> } | null = null;

  async function read(cursor: Cursor, limit: number): Promise<readonly EventRecord[]> {
    const page = Math.min(size, limit);
    const events = await (ahead?.after === cursor.position ? ahead.events : readPage(cursor, page));
    ahead = null;
    const last = events.at(-1);
    if (!last || events.length < page) return events;
    size = Math.min(size * 2, Math.max(1, Math.floor(PAGE_BYTES / weigh(events))));
    const next = store.readStored(last.position, Math.min(size, limit));
    // Whoever takes it sees the error.
    next.catch(() => {});
    ahead = { after: last.position, events: next };
    return events;
  }

  async function readPage(cursor: Cursor, limit: number): Promise<readonly EventRecord[]> {
    if (verified || cursor.position === 0) return store.readStored(cursor.position, limit);
    const [same, ...events] = await store.readStored(cursor.position - 1, limit + 1);
    verifySame(cursor, same, await store.lastPosition());
    verified = true;
    return events;
  }

  /** Only where there is more than one page: otherwise the cursor itself tells. */
  async function look(): Promise<void> {
    if (Date.now() - lastReadAt < LOOK_MS) return;
    lastReadAt = Date.now();
    last = await store.lastPosition();
  }

  return {
    registry: store.registry,
    async next(cursor, limit, signal) {
      const events = await read(cursor, limit);
      if (ahead !== null) await look();
      if (events.length > 0) return events;
      await news.wait(POLL_MS, signal);
      return signal.aborted ? [] : read(cursor, limit);
    },
    last: () => last,
    async close() {
      stopListening();
    },
  };
}

/** `found` is what the owner has at the cursor's position. */
export function verifySame(cursor: Cursor, found: EventRecord | undefined, last: number): void {
  if (found?.position === cursor.position && (cursor.eventId === null || found.id === cursor.eventId)) return;
  throw new HistoryReplaced(
    `The effects are those of ${cursor.position} events, up to ${cursor.eventId}; the owner's log ends at ${last} and ` +
      `has ${found?.id ?? 'nothing'} there. It was restored from an older copy or is another one: what was built from ` +
      'it must be built anew.',
  );
}
