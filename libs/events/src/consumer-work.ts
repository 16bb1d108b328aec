/** What a consumer does with events: effect and checkpoint together, and what fails for good put aside. */
import type { EventRecord } from '@atoll/schema/envelope';
import type { EventRegistry } from '@atoll/schema/registry';
import { failpoint } from '@atoll/service/failpoint';
import type { Logger } from '@atoll/service/log';
import type { Pool, PoolClient } from 'pg';
import type { Checkpoints } from './checkpoint.ts';
import type { ConsumerHandler } from './consumer-handler.ts';
import { describeError } from './describe-error.ts';
import { UnreadableEvent } from './errors.ts';
import type { Cursor } from './feed.ts';
import { consumerDelay, parkedTotal } from './measures.ts';
import { type OpenEvents, withOpened } from './opened.ts';
import { isOutage } from './outage.ts';
import { createParkedWork } from './parked-work.ts';
import { liveSearchPath } from './rebuild-tables.ts';
import { processing, reacting } from './spans.ts';
import { transaction } from './transaction.ts';
import { upcast } from './upcast.ts';
import { backoff, pause } from './waiting.ts';

const TRIES = 5;
const FIRST_PAUSE_MS = 50;
/** How long reactions go on before the checkpoint of the finished ones is written; they are repeatable. */
const REACTION_CHECKPOINT_MS = 20;

export interface Work {
  /** Carries out the effects of the events right after the cursor. Throws where the surroundings are at fault: begin again from the checkpoint. */
  process(cursor: Cursor, events: readonly EventRecord[], signal: AbortSignal): Promise<void>;
  /** Tries the parked events again that somebody asked for. */
  retryParked(signal: AbortSignal): Promise<void>;
}

const cursorAt = (event: EventRecord): Cursor => ({ position: event.position, eventId: event.id });

export function createWork(options: {
  name: string;
  pool: Pool;
  schema: string;
  registry: EventRegistry;
  checkpoints: Checkpoints;
  handler: ConsumerHandler;
  open: OpenEvents | undefined;
  advance: (to: Cursor) => void;
  log: Logger;
}): Work {
  const { name, pool, schema, registry, checkpoints, handler, advance, log } = options;
  const labels = { schema, consumer: name };
  // Effects name their tables without schema, so that a rebuild can let them write into a new version's.
  const settings = `set local search_path to ${liveSearchPath(schema)}`;
  /** Tells how old the oldest of a batch was when its effect was durable. */
  const measureDelay = (oldest: EventRecord | undefined) => {
    if (oldest) consumerDelay.observe(labels, Math.max(0, Date.now() - Date.parse(oldest.time)) / 1000);
  };

  /** Runs `effect` until it succeeds or has failed often enough; the last error then. */
  async function tryOften(event: EventRecord, signal: AbortSignal, effect: () => Promise<void>): Promise<unknown> {
    for (let tries = 1; ; tries++) {
      try {
        await effect();
        return null;
      } catch (error) {
        if (signal.aborted || isOutage(error)) throw error;
        // No number of tries teaches this process a newer shape.
        if (tries === TRIES || error instanceof UnreadableEvent) return error;
        log.warn({ err: error, event: event.id, position: event.position, tries }, 'an event failed; trying again');
        await pause(backoff(tries, FIRST_PAUSE_MS, 1000), signal);
        signal.throwIfAborted();
      }
    }
  }

  async function park(cursor: Cursor, event: EventRecord, error: unknown): Promise<void> {
    log.error({ err: error, event: event.id, stream: event.stream, position: event.position }, 'an event is parked');
    await transaction(pool, async (tx) => {
      await checkpoints.lock(tx, cursor);
      await checkpoints.park(tx, [event], { error: describeError(error), attempts: TRIES });
      await checkpoints.move(tx, cursor, cursorAt(event));
      failpoint('park.before-commit');
    });
    failpoint('park.after-commit');
    parkedTotal.inc(labels);
    advance(cursorAt(event));
  }

  function announce(handle: ConsumerHandler & { kind: 'project' }, events: readonly EventRecord[]): void {
    if (events.length === 0) return;
    try {
      handle.afterCommit?.(events);
    } catch (error) {
      log.error({ err: error }, 'afterCommit threw');
    }
  }

  /** One transaction for all of them. */
  async function projectAll(
    handle: ConsumerHandler & { kind: 'project' },
    cursor: Cursor,
    events: readonly EventRecord[],
  ): Promise<void> {
    const last = events.at(-1);
    if (!last) return;
    const to = cursorAt(last);
    const endSpans = processing(name, schema, events);
    const applyOpened = async (opened: readonly EventRecord[], tx: PoolClient) => {
      const { parkedStreams } = await checkpoints.lock(tx, cursor);
      // Put aside as they came, sealed.
      const behind = events.filter((event) => parkedStreams.has(event.stream));
      const due = opened.filter((event) => !parkedStreams.has(event.stream)).map((event) => upcast(registry, event));
      await checkpoints.park(tx, behind, null);
      failpoint('project.before-effect');
      if (due.length > 0) await handle.apply(tx, due);
      failpoint('project.before-checkpoint');
      await checkpoints.move(tx, cursor, to);
      failpoint('project.before-commit');
      return due;
    };
    const applied = await withOpened(options.open, events, (opened) =>
      transaction(pool, (tx) => applyOpened(opened, tx), settings),
    ).catch((error: unknown) => {
      endSpans({ error });
      throw error;
    });
    endSpans();
    failpoint('project.after-commit');
    advance(to);
    measureDelay(events[0]);
    if (applied.length < events.length) parkedTotal.inc(labels, events.length - applied.length);
    announce(handle, applied);
  }

  async function project(
    handle: ConsumerHandler & { kind: 'project' },
    cursor: Cursor,
    events: readonly EventRecord[],
    signal: AbortSignal,
  ): Promise<void> {
    try {
      return await projectAll(handle, cursor, events);
    } catch (error) {
      if (signal.aborted || isOutage(error)) throw error;
      log.warn({ err: error, from: cursor.position, events: events.length }, 'a batch failed; one by one');
    }
    let at = cursor;
    for (const event of events) {
      if (signal.aborted) return;
      const failure = await tryOften(event, signal, () => projectAll(handle, at, [event]));
      if (failure !== null) await park(at, event, failure);
      at = cursorAt(event);
    }
  }

  async function react(
    handle: ConsumerHandler & { kind: 'react' },
    cursor: Cursor,
    events: readonly EventRecord[],
    signal: AbortSignal,
  ): Promise<void> {
    const { parkedStreams } = await checkpoints.load();
    const parked = new Set(parkedStreams);
    let saved = cursor;
    let done = cursor;
    let oldest: EventRecord | undefined;
    const save = async () => {
      if (done.position === saved.position) return;
      failpoint('react.before-checkpoint');
      await checkpoints.move(pool, saved, done);
      failpoint('react.after-checkpoint');
      saved = done;
      advance(done);
      measureDelay(oldest);
      oldest = undefined;
    };
    let saveAt = performance.now() + REACTION_CHECKPOINT_MS;
    try {
      for (const event of events) {
        if (signal.aborted) break;
        oldest ??= event;
        if (parked.has(event.stream)) {
          await save();
          await transaction(pool, async (tx) => {
            await checkpoints.lock(tx, saved);
            await checkpoints.park(tx, [event], null);
            await checkpoints.move(tx, saved, cursorAt(event));
          });
          parkedTotal.inc(labels);
          saved = cursorAt(event);
          advance(saved);
        } else {
          const failure = await tryOften(event, signal, () => reactTo(handle, event));
          if (failure !== null) {
            await save();
            await park(saved, event, failure);
            parked.add(event.stream);
            saved = cursorAt(event);
          }
        }
        done = cursorAt(event);
        if (performance.now() >= saveAt) {
          await save();
          saveAt = performance.now() + REACTION_CHECKPOINT_MS;
        }
      }
    } finally {
      // Also where one was interrupted: what is done need not be done again.
      await save();
    }
  }

  const reactTo = (handle: ConsumerHandler & { kind: 'react' }, event: EventRecord): Promise<void> =>
    reacting(name, event, async () => {
      failpoint('react.before-command');
      await withOpened(options.open, [event], async (opened) => {
        for (const one of opened) await handle.react(upcast(registry, one));
      });
      failpoint('react.after-command');
    });

  return {
    process(cursor, events, signal) {
      switch (handler.kind) {
        case 'project':
          return project(handler, cursor, events, signal);
        case 'react':
          return react(handler, cursor, events, signal);
        default:
          return handler satisfies never;
      }
    },
    retryParked: createParkedWork({
      ...options,
      isOutage,
      async handle(tx, event) {
        if (handler.kind === 'react') return reactTo(handler, event);
        await withOpened(options.open, [event], (opened) =>
          handler.apply(
            tx,
            opened.map((one) => upcast(registry, one)),
          ),
        );
      },
      afterCommit(event) {
        if (handler.kind === 'project') announce(handler, [upcast(registry, event)]);
      },
    }),
  };
}
