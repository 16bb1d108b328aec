/**
 * Consumers: per-stream order, every event's effect exactly once.
 *
 * The checkpoint is a row beside the effect: what is projected commits together with it, what is reacted to is
 * repeatable, and the checkpoint moves after. Nothing here trusts its own memory over that row.
 */
import type { Context } from '@atoll/schema/contexts';
import type { EventRegistry } from '@atoll/schema/registry';
import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import type { Pool } from 'pg';
import { createCheckpoints, Fenced } from './consume/checkpoint.ts';
import type { ConsumerHandler } from './consume/consumer-handler.ts';
import { createWork } from './consume/consumer-work.ts';
import { type Cursor, type Feed, HistoryReplaced, openStoreFeed } from './consume/feed.ts';
import { retryReadable } from './consume/retry-readable.ts';
import { patiently } from './database/patience.ts';
import { createSessionLock } from './database/session-lock.ts';
import type { EventStore } from './event-store.ts';
import { consumerLag, consumerPosition } from './measures.ts';
import type { OpenEvents } from './personal/opened.ts';
import { openStreamFeed } from './stream/stream-feed.ts';
import { backoff, createBell, pause } from './waiting.ts';

export type { ConsumerHandler };

/** Where events come from: a context's own store, or another context's stream (gaps are fetched from its owner). */
export type EventSource =
  | { readonly kind: 'store'; readonly store: EventStore }
  | {
      readonly kind: 'stream';
      readonly nc: NatsConnection;
      readonly context: Context;
      readonly registry: EventRegistry;
      /** Opens personal data, where its owner gives the keys; without it the sealed form comes. */
      readonly open?: OpenEvents;
    };

export const openOf = (source: EventSource): OpenEvents | undefined =>
  source.kind === 'store' ? source.store.personal?.open : source.open;

export interface Consumer {
  /** The position up to which effects are durable. */
  position(): number;
  /** Resolves once effects up to `position` are durable; false at the deadline (Unix ms). */
  waitFor(position: number, deadline: number): Promise<boolean>;
  /** Null while it works or stands by, else why it can't. For readiness. */
  problem(): string | null;
  stop(): Promise<void>;
}

/** At most so many events in one transaction; far fewer where nothing is behind. */
const BATCH = 5000;
/** How often a standby looks for the lock, and for the checkpoint: more often while somebody waits for it. */
const STANDBY_MS = 250;
const STANDBY_WAITED_MS = 15;
/** Longest pause after an outage. */
const MAX_BACKOFF_MS = 1000;
/** How often requests to retry parked events are looked for. */
const RETRY_POLL_MS = 1000;

interface Waiter {
  readonly position: number;
  readonly done: () => void;
}

function openFeed(source: EventSource, log: Logger): Feed {
  switch (source.kind) {
    case 'store':
      return openStoreFeed(source.store);
    case 'stream':
      return openStreamFeed({ ...source, log });
    default:
      return source satisfies never;
  }
}

/** `name` is the checkpoint's key in `<schema>.consumer`; only one process at a time runs it (session advisory lock), others stand by. */
export async function startConsumer(options: {
  name: string;
  source: EventSource;
  pool: Pool;
  schema: string;
  handler: ConsumerHandler;
  log: Logger;
}): Promise<Consumer> {
  const { name, source, pool, schema, handler } = options;
  const log = options.log.child({ consumer: name });
  const stopping = new AbortController();
  const lock = createSessionLock(pool, `${schema} consumer ${name}`);
  const asked = createBell();
  const waiters = new Set<Waiter>();
  const checkpoints = createCheckpoints(pool, schema, name);
  let cursor: Cursor = { position: 0, eventId: null };
  let problem: string | null = null;

  function advance(to: Cursor): void {
    cursor = to;
    consumerPosition.set({ schema, consumer: name }, to.position);
    for (const waiter of waiters) if (waiter.position <= to.position) waiter.done();
  }

  async function runActive(signal: AbortSignal): Promise<void> {
    advance((await checkpoints.load()).cursor);
    const feed = openFeed(source, log);
    const work = createWork({
      name,
      pool,
      schema,
      registry: feed.registry,
      open: openOf(source),
      checkpoints,
      handler,
      advance,
      log,
    });
    let retriesAt = 0;
    try {
      // This process may be newer than the one that put them aside.
      await retryReadable({ pool, schema, name, registry: feed.registry, log });
      while (!signal.aborted) {
        if (performance.now() >= Math.min(retriesAt, work.parked.dueAt())) {
          await work.parked.retry(signal);
          retriesAt = performance.now() + RETRY_POLL_MS;
        }
        // Whole: a timeout signal takes no fractions.
        const restMs = Math.max(1, Math.ceil(work.parked.dueAt() - performance.now()));
        if (work.parked.isFull()) {
          await pause(Math.min(restMs, RETRY_POLL_MS), signal);
          continue;
        }
        // What was put aside a moment ago is tried again in time, also while there is no news.
        const waiting = restMs > RETRY_POLL_MS ? signal : AbortSignal.any([signal, AbortSignal.timeout(restMs)]);
        const events = await feed.next(cursor, BATCH, waiting);
        if (events.length > 0 && !signal.aborted) await work.process(cursor, events, signal);
        consumerLag.set({ schema, consumer: name }, Math.max(0, feed.last() - cursor.position));
        problem = null;
      }
    } finally {
      await feed.close();
    }
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        const lost = await lock.acquire();
        if (lost === null) {
          advance((await checkpoints.load()).cursor);
          problem = null;
          failures = 0;
          await asked.wait(waiters.size > 0 ? STANDBY_WAITED_MS : STANDBY_MS, stopping.signal);
          continue;
        }
        const signal = AbortSignal.any([lost, stopping.signal]);
        while (!signal.aborted) {
          const before = cursor.position;
          try {
            await runActive(signal);
          } catch (error) {
            if (signal.aborted) break;
            if (cursor.position > before) failures = 0;
            problem = error instanceof Error ? error.message : String(error);
            if (error instanceof HistoryReplaced) log.error({ err: error }, 'the history of this consumer is gone');
            else if (error instanceof Fenced) log.warn({ err: error }, 'another process works on this consumer');
            else log.warn({ err: error, position: cursor.position }, 'the consumer was interrupted; going on');
            await pause(backoff(failures++, 50, MAX_BACKOFF_MS), signal);
          }
        }
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
        log.warn({ err: error }, 'the consumer has no lock');
        await pause(backoff(failures++, 50, MAX_BACKOFF_MS), stopping.signal);
      }
    }
  }

  await patiently(() => checkpoints.create(source.kind === 'store' ? source.store.context : source.context));
  advance((await patiently(() => checkpoints.load())).cursor);
  const running = run();

  return {
    position: () => cursor.position,
    problem: () => problem,
    waitFor(position, deadline) {
      if (cursor.position >= position) return Promise.resolve(true);
      return new Promise((resolve) => {
        const finish = (reached: boolean) => {
          clearTimeout(timer);
          waiters.delete(waiter);
          resolve(reached);
        };
        const waiter: Waiter = { position, done: () => finish(true) };
        const timer = setTimeout(() => finish(false), Math.max(0, deadline - Date.now()));
        waiters.add(waiter);
        // Should it stand by, it looks at once and then more often.
        asked.ring();
      });
    },
    async stop() {
      stopping.abort();
      await running;
      await lock.close();
    },
  };
}
