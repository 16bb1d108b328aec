/** What a consumer does with events: effect and checkpoint together, and what fails for good put aside. */
import type { EventRecord } from '@atoll/schema/envelope';
import type { EventRegistry } from '@atoll/schema/registry';
import { failpoint } from '@atoll/service/failpoint';
import type { Logger } from '@atoll/service/log';
import type { Pool, PoolClient } from 'pg';
import { transaction } from '../database/transaction.ts';
import { consumerDelay, parkedTotal } from '../measures.ts';
import { isOutage } from '../outage.ts';
import { type OpenEvents, withOpened } from '../personal/opened.ts';
import { liveSearchPath } from '../rebuild/tables.ts';
import { processing, reacting } from '../spans.ts';
import { upcast } from '../upcast.ts';
import type { Checkpoints } from './checkpoint.ts';
import type { ConsumerHandler } from './consumer-handler.ts';
import type { Cursor } from './feed.ts';
import { createParkedWork, failureOf, type ParkedHandler, type ParkedWork } from './parked-work.ts';
import { type Reacting, reactToAll } from './react-work.ts';

/** Reactions of different streams at the same time, where the handler doesn't say. */
const REACTIONS_AT_ONCE = 16;

export interface Work {
  /** Carries out the effects of the events right after the cursor, or of the first of them. Throws where the surroundings are at fault: begin again from the checkpoint. */
  process(cursor: Cursor, events: readonly EventRecord[], signal: AbortSignal): Promise<void>;
  readonly parked: ParkedWork;
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

  /** Puts an event aside that has failed for the first time; it is tried again beside the others. */
  async function parkFailed(at: Cursor, event: EventRecord, error: unknown, to: Cursor): Promise<void> {
    const failure = failureOf(error, 1);
    const told = { err: error, event: event.id, stream: event.stream, position: event.position };
    if (failure.retryInMs === null)
      log.error(told, 'an event can not be read, and is parked with the later ones of its stream');
    else log.warn(told, 'an event failed; trying again, while other streams go on');
    await transaction(pool, async (tx) => {
      await checkpoints.lock(tx, at);
      await checkpoints.park(tx, [event], failure);
      if (to.position !== at.position) await checkpoints.move(tx, at, to);
      failpoint('park.before-commit');
    });
    failpoint('park.after-commit');
    parkedTotal.inc(labels);
    parkedWork.added(failure);
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
    const applyOpened = async (opened: readonly EventRecord[], tx: PoolClient, rows: readonly unknown[]) => {
      const parkedStreams = checkpoints.moved(rows, cursor);
      failpoint('project.before-effect');
      // Put aside as they came, sealed.
      const behind = events.filter((event) => parkedStreams.has(event.stream));
      const due = opened.filter((event) => !parkedStreams.has(event.stream)).map((event) => upcast(registry, event));
      await checkpoints.park(tx, behind, null);
      if (due.length > 0) await handle.apply(tx, due);
      failpoint('project.before-commit');
      return due;
    };
    const applied = await withOpened(options.open, events, (opened) => {
      failpoint('project.before-checkpoint');
      // The checkpoint first, so that it costs no round trip of its own: it commits with the effect, or not at all.
      const opening = `${settings}; ${checkpoints.moving(cursor, to)}`;
      return transaction(pool, (tx, rows) => applyOpened(opened, tx, rows), opening);
    }).catch((error: unknown) => {
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
      const to = cursorAt(event);
      try {
        await projectAll(handle, at, [event]);
      } catch (error) {
        if (signal.aborted || isOutage(error)) throw error;
        await parkFailed(at, event, error, to);
        advance(to);
        if (parkedWork.isFull()) return;
      }
      at = to;
    }
  }

  async function react(
    handle: ConsumerHandler & { kind: 'react' },
    cursor: Cursor,
    events: readonly EventRecord[],
    signal: AbortSignal,
  ): Promise<void> {
    const { parkedStreams } = await checkpoints.load();
    const errors = new Map<number, unknown>();
    const work: Reacting = {
      isFull: parkedWork.isFull,
      async react(event) {
        try {
          await reactTo(handle, event);
          return 'done';
        } catch (error) {
          if (signal.aborted || isOutage(error)) throw error;
          errors.set(event.position, error);
          return 'failed';
        }
      },
      parkFailed: (event, saved) => parkFailed(saved, event, errors.get(event.position), saved),
      async parkBehind(event, saved) {
        const put = await transaction(pool, async (tx) => {
          // It may have been skipped, or retried, since it was last looked at.
          const now = await checkpoints.lock(tx, saved);
          if (!now.parkedStreams.has(event.stream)) return false;
          await checkpoints.park(tx, [event], null);
          return true;
        });
        if (put) parkedTotal.inc(labels);
        return put;
      },
      async save(from, to, oldest) {
        await checkpoints.move(pool, from, to);
        advance(to);
        measureDelay(oldest);
      },
    };
    const atOnce = Math.max(1, handle.atOnce ?? REACTIONS_AT_ONCE);
    await reactToAll(work, { cursor, events, parkedStreams, atOnce, signal });
  }

  const reactTo = (handle: ConsumerHandler & { kind: 'react' }, event: EventRecord): Promise<void> =>
    reacting(name, event, async () => {
      failpoint('react.before-command');
      await withOpened(options.open, [event], async (opened) => {
        for (const one of opened) await handle.react(upcast(registry, one));
      });
      failpoint('react.after-command');
    });

  function retrying(handle: ConsumerHandler): ParkedHandler {
    if (handle.kind === 'react') return { kind: 'react', handle: (event) => reactTo(handle, event) };
    return {
      kind: 'project',
      handle: (tx, event) =>
        withOpened(options.open, [event], (opened) =>
          handle.apply(
            tx,
            opened.map((one) => upcast(registry, one)),
          ),
        ),
    };
  }

  const parkedWork = createParkedWork({
    ...options,
    isOutage,
    handler: retrying(handler),
    afterCommit(event) {
      if (handler.kind === 'project') announce(handler, [upcast(registry, event)]);
    },
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
    parked: parkedWork,
  };
}
