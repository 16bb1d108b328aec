/** Puts what arrives in order: duplicates dropped, gaps seen. Positions alone decide. */
import type { EventRecord } from '@atoll/schema/envelope';

export type Positioned = Pick<EventRecord, 'position'>;

export interface Sequencer<E extends Positioned> {
  readonly size: number;
  add(event: E): void;
  /** The buffered events right after `position`, at most `limit`. What is at or before it is dropped. */
  take(position: number, limit: number): E[];
  /** Whether something is buffered that has to wait for what is missing right after `position`. */
  hasGapAfter(position: number): boolean;
}

/** For arrivals that mostly rise: what comes late (a fetched event, delivered again) is a duplicate when it is reached. */
export function createSequencer<E extends Positioned>(): Sequencer<E> {
  let buffer: E[] = [];
  return {
    get size() {
      return buffer.length;
    },
    add(event) {
      buffer.push(event);
    },
    take(position, limit) {
      const taken: E[] = [];
      let at = position;
      let used = 0;
      for (const event of buffer) {
        if (event.position > at + 1 || taken.length === limit) break;
        used += 1;
        if (event.position <= at) continue;
        taken.push(event);
        at = event.position;
      }
      if (used > 0) buffer = buffer.slice(used);
      return taken;
    },
    hasGapAfter(position) {
      const first = buffer[0];
      return first !== undefined && first.position > position + 1;
    },
  };
}
