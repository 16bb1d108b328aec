/** Reactions: several streams at once, each stream in its order; the checkpoint moves over what is done without a gap. */
import type { EventRecord } from '@atoll/schema/envelope';
import { failpoint } from '@atoll/service/failpoint';
import { createTurns } from '../turns.ts';
import type { Cursor } from './feed.ts';

/** How long reactions go on before the checkpoint of the finished ones is written; they are repeatable. */
const CHECKPOINT_MS = 20;

export interface Reacting {
  /** Throws where the surroundings are at fault: begin again from the checkpoint. Never rejects for the event's sake. */
  readonly react: (event: EventRecord) => Promise<'done' | 'failed'>;
  /** Puts an event aside behind the others of its stream; false where none of it is parked any more. */
  readonly parkBehind: (event: EventRecord, saved: Cursor) => Promise<boolean>;
  /** Puts the event that has just failed aside. */
  readonly parkFailed: (event: EventRecord, saved: Cursor) => Promise<void>;
  /** Moves the checkpoint. */
  readonly save: (from: Cursor, to: Cursor, oldest: EventRecord) => Promise<void>;
  /** True where nothing new should be begun for the moment. */
  readonly isFull: () => boolean;
}

const cursorAt = (event: EventRecord): Cursor => ({ position: event.position, eventId: event.id });

/**
 * At most \`atOnce\` events at the same time, of different streams. Whoever comes back from an interruption repeats those
 * that were done beyond the checkpoint: each is repeatable by its event's id.
 */
export async function reactToAll(
  work: Reacting,
  options: {
    cursor: Cursor;
    events: readonly EventRecord[];
    parkedStreams: ReadonlySet<string>;
    atOnce: number;
    signal: AbortSignal;
  },
): Promise<void> {
  const { events, atOnce, signal } = options;
  const parked = new Set(options.parkedStreams);
  const finished = new Set<number>();
  const running = new Set<Promise<void>>();
  const lastOf = new Map<string, Promise<void>>();
  // The checkpoint's row is spoken of by one at a time, so that each knows where it is.
  const turns = createTurns();
  let saved = options.cursor;
  let savedCount = 0;
  let through = 0;
  let broken: { readonly error: unknown } | null = null;

  const save = () =>
    turns.take('', async () => {
      const [oldest, last] = [events[savedCount], events[through - 1]];
      if (!oldest || !last || through === savedCount) return;
      const count = through;
      failpoint('react.before-checkpoint');
      await work.save(saved, cursorAt(last), oldest);
      failpoint('react.after-checkpoint');
      saved = cursorAt(last);
      savedCount = count;
    });

  async function one(event: EventRecord, index: number): Promise<void> {
    if (broken !== null || signal.aborted) return;
    if (parked.has(event.stream)) {
      if (await turns.take('', () => work.parkBehind(event, saved))) return finish(index);
      parked.delete(event.stream);
    }
    if ((await work.react(event)) === 'failed') {
      await turns.take('', () => work.parkFailed(event, saved));
      parked.add(event.stream);
    }
    finish(index);
  }
  function finish(index: number): void {
    finished.add(index);
    while (finished.delete(through)) through += 1;
  }

  function start(event: EventRecord, index: number): void {
    const task: Promise<void> = (lastOf.get(event.stream) ?? Promise.resolve())
      .then(() => one(event, index))
      .catch((error: unknown) => {
        broken ??= { error };
      })
      .finally(() => {
        running.delete(task);
        if (lastOf.get(event.stream) === task) lastOf.delete(event.stream);
      });
    lastOf.set(event.stream, task);
    running.add(task);
  }

  // Beside the reactions: a slow one keeps nobody waiting for those before it.
  const saving = setInterval(() => {
    save().catch((error: unknown) => {
      broken ??= { error };
    });
  }, CHECKPOINT_MS);
  for (const [index, event] of events.entries()) {
    while (running.size >= atOnce) await Promise.race(running);
    if (signal.aborted || broken !== null || work.isFull()) break;
    start(event, index);
  }
  await Promise.all(running);
  clearInterval(saving);
  // Also where one was interrupted: what is done need not be done again.
  await save();
  if (broken !== null) throw (broken as { readonly error: unknown }).error;
}
