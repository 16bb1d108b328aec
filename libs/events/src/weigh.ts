/** How large events are, by a few of them: so that pages are bounded in memory, and not only in number. */
import type { EventRecord } from '@atoll/schema/envelope';

const SAMPLES = 8;

/** About how many bytes one of the events has; at least 1. */
export function weigh(events: readonly EventRecord[]): number {
  const step = Math.max(1, Math.floor(events.length / SAMPLES));
  let bytes = 0;
  let samples = 0;
  for (let index = 0; index < events.length; index += step) {
    bytes += JSON.stringify(events[index]).length;
    samples += 1;
  }
  return Math.max(1, samples === 0 ? 0 : bytes / samples);
}
