/** Pages of events read ahead of where they are needed: the next ones are on their way while one is worked on. */
import type { EventRecord } from '@atoll/schema/envelope';
import { type Cursor, HistoryReplaced } from '../consume/feed.ts';
import { weigh } from '../weigh.ts';

/** The events after a position, in order, as they were written; fewer than asked for where they would be too much. */
export type ReadPage = (after: number, limit: number) => Promise<readonly EventRecord[]>;

/** Of what waits to be worked on, about. */
const PAGE_BYTES = 2 * 1024 * 1024;
/**
 * Every event after `from` up to `to`, in pages of at most `limit`. `ahead` pages are asked for at once: positions are
 * contiguous, so it is known where each begins. A page shrinks where events are large, so that memory stays flat.
 */
export async function* readPages(
  read: ReadPage,
  options: { from: number; to: number; limit: number; ahead: number },
): AsyncGenerator<readonly EventRecord[], void, undefined> {
  const { to, limit, ahead } = options;
  let size = Math.min(limit, 100);
  let asked = options.from;
  const waiting: { after: number; upTo: number; events: Promise<readonly EventRecord[]> }[] = [];
  const ask = () => {
    while (waiting.length < ahead && asked < to) {
      const upTo = Math.min(asked + size, to);
      const events = read(asked, upTo - asked);
      // Whoever takes it sees the error; until then it is nobody's.
      events.catch(() => {});
      waiting.push({ after: asked, upTo, events });
      asked = upTo;
    }
  };
  for (ask(); waiting.length > 0; ) {
    const next = waiting.shift();
    if (next === undefined) return;
    let { after } = next;
    let events = await next.events;
    for (;;) {
      checkContiguous(after, events, next.upTo);
      if (events.length > 0) {
        const fits = Math.max(1, Math.floor(PAGE_BYTES / weigh(events)));
        const whole = after + events.length === next.upTo;
        size = Math.max(1, Math.min(limit, fits, whole ? size * 4 : events.length));
      }
      after += events.length;
      ask();
      yield events;
      if (after >= next.upTo) break;
      events = await read(after, next.upTo - after);
    }
  }
}

function checkContiguous(after: number, events: readonly EventRecord[], upTo: number): void {
  if (events.length === 0) {
    throw new HistoryReplaced(`The owner's log has nothing after ${after}, and ${upTo} of it were projected before.`);
  }
  events.forEach((event, index) => {
    if (event.position !== after + 1 + index) {
      throw new HistoryReplaced(`The owner gave position ${event.position} after ${after + index}.`);
    }
  });
}

export const cursorAt = (event: EventRecord): Cursor => ({ position: event.position, eventId: event.id });
