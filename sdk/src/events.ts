/**
 * The tenant's log as it grows: an async iterable that survives lost connections with neither gap nor duplicate.
 *
 * Goal: who writes `for await` sees every record exactly once, in order, for as long as they like. It holds because the
 * place to go on from is always known: the caller's `after`, else the log's end as it was when the loop began, then
 * the last record taken from the socket. Records that wait for a slow loop are bounded: beyond that the connection is
 * given up, and resumed from there once they are used up.
 */

import { type FollowOptions, type FollowWire, follow } from './follow.ts';
import { documents } from './generated/documents.ts';
import type { EventData } from './generated/events.ts';
import type { Event } from './generated/resources.ts';

export interface EventsOptions extends FollowOptions {
  /** Cursor of the last record that you have; without it, what comes from now on. `'0'` is no cursor: ask `events`. */
  readonly after?: string;
}

/**
 * Whether an event is of a type, and then its data of that type's shape.
 *
 * @example
 * ```ts
 * for await (const event of atoll.events()) {
 *   if (isEvent(event, 'deploy.InstanceReady')) console.log(event.data.instanceId);
 * }
 * ```
 */
export const isEvent = <T extends keyof EventData>(
  event: Event,
  type: T,
): event is Event & { readonly type: T; readonly data: EventData[T] } => event.type === type;

export interface EventsWire extends FollowWire {
  /** Asks for the log's end. */
  readonly newest: (signal: AbortSignal | undefined) => Promise<string>;
}

const MAX_WAITING = 1_000;

export async function* followEvents(wire: EventsWire, options: EventsOptions): AsyncGenerator<Event, void, undefined> {
  const { signal } = options;
  let cursor: string;
  try {
    cursor = options.after ?? (await wire.newest(signal));
  } catch (error) {
    if (signal?.aborted) return;
    throw error;
  }
  yield* follow<{ readonly events: Event }, Event>(
    wire,
    {
      text: documents.onEvents.text,
      variables: () => ({ after: cursor }),
      itemOf: (data) => data.events,
      taken: (event) => {
        cursor = event.cursor;
      },
      isLast: () => false,
      mostWaiting: MAX_WAITING,
    },
    options,
  );
}
