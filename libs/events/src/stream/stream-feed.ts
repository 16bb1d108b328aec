/**
 * Another context's events: live from its JetStream stream, and from its owner wherever the stream can't help.
 *
 * The checkpoint is in PostgreSQL, so JetStream keeps none: an ephemeral ordered consumer is opened at the sequence of
 * the next position. That is one truth less to hold together; a durable consumer's own floor would stand in the way
 * when a stream was rolled back or made anew. Order, duplicates and gaps are judged by position alone. The stream is
 * the quick way and never a needed one: a gap, a stream that is missing, behind or silent is answered by a fetch.
 */
import type { Context } from '@atoll/schema/contexts';
import type { EventRecord } from '@atoll/schema/envelope';
import type { EventRegistry } from '@atoll/schema/registry';
import { eventStream } from '@atoll/schema/subjects';
import type { Logger } from '@atoll/service/log';
import { type NatsConnection, RpcTimeout, RpcUnavailable } from '@atoll/service/nats';
import {
  type ConsumerMessages,
  DeliverPolicy,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
  type StreamInfo,
} from '@nats-io/jetstream';
import { fromCloudEvent } from '../cloudevents.ts';
import { type Cursor, type Feed, HistoryReplaced, verifySame } from '../consume/feed.ts';
import { createBell, turn } from '../waiting.ts';
import { type Fetched, fetchEvents } from './fetch.ts';
import { readEvent, readTail } from './jetstream.ts';
import { createSequencer, type Sequencer } from './sequencer.ts';

/** Messages that may wait for the consumer, and about how many bytes of them; no more are asked for before there is room. */
const MAX_BUFFERED = 5000;
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;
/** Messages that are read in a row: then whoever else waits for the process has a turn, the database's answers above all. */
const SLICE = 64;
/** Without a message for so long, the owner is asked whether there should have been one. */
const SILENCE_MS = 2000;
/** Without a stream to read, this often. */
const POLL_MS = 500;
/** Fetches in a row that found what the open stream should have delivered, before it is opened anew. */
const MAX_SILENCES = 2;
/** Between tries to open the stream. */
const REOPEN_MS = 1000;
/** How long `next` waits for news before it comes back with none. */
const WAIT_MS = 500;

interface Reader {
  readonly buffer: Sequencer<EventRecord>;
  /** Of what is buffered, about. */
  bytes: number;
  readonly closed: boolean;
  close(): Promise<void>;
}

export function openStreamFeed(options: {
  nc: NatsConnection;
  context: Context;
  registry: EventRegistry;
  log: Logger;
}): Feed {
  const { nc, context, registry, log } = options;
  const arrived = createBell();
  const drained = createBell();
  const closing = new AbortController();
  let reader: Reader | null = null;
  let nextOpenAt = 0;
  let nextFetchAt = 0;
  /** The owner has more than was fetched: go on fetching where the stream can't help. */
  let behind = true;
  /** Fetches in a row that found events which the open stream should have delivered. */
  let silences = 0;
  /** The newest position that is known of. */
  let newest = 0;
  /** The page after the last one that was fetched, on its way while that is worked on. */
  let ahead: { readonly after: number; readonly fetched: Promise<Fetched> } | null = null;

  async function openReader(cursor: Cursor): Promise<Reader | null> {
    const jsm = await jetstreamManager(nc, { timeout: 2000 });
    const tail = await readTail(jsm, context);
    if (!tail) return null;
    const next = tail.event ? sequenceAfter(cursor, tail.sequence, tail.event) : tail.sequence + 1;
    if (next < tail.info.state.first_seq) return null;
    if (tail.event && !(await isSameHistory(jsm, cursor, next, { ...tail, event: tail.event }))) {
      log.warn({ context, position: cursor.position }, 'the stream has another history; its owner is asked instead');
      return null;
    }
    const consumer = await jetstream(nc).consumers.get(eventStream(context), {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: Math.max(1, Math.min(next, tail.sequence + 1)),
      inactive_threshold: 30_000,
    });
    const consume = { max_messages: 1000, idle_heartbeat: 1000, abort_on_missing_resource: true };
    return pump(await consumer.consume(consume), () => consumer.delete());
  }

  /** Within a stream sequences and positions rise together, so their distance is the same everywhere. */
  const sequenceAfter = (cursor: Cursor, sequence: number, event: EventRecord): number =>
    cursor.position + 1 + sequence - event.position;

  /**
   * Whether the stream is of the log that the cursor is of: it has the cursor's event where it belongs, or else ends
   * with an event that the owner has, too. A stream that outlived its database must not pass for the new one's.
   */
  async function isSameHistory(
    jsm: JetStreamManager,
    cursor: Cursor,
    next: number,
    tail: { info: StreamInfo; sequence: number; event: EventRecord },
  ): Promise<boolean> {
    if (cursor.eventId !== null && next > tail.info.state.first_seq && next <= tail.sequence + 1) {
      return (await readEvent(jsm, context, next - 1))?.id === cursor.eventId;
    }
    const { events } = await fetchEvents(nc, context, { after: tail.event.position - 1, limit: 1 });
    return events[0]?.id === tail.event.id;
  }

  /** What isn't an event leaves a gap, and gaps are fetched. */
  function parse(message: JsMsg): EventRecord | null {
    try {
      const event = fromCloudEvent(message.json());
      if (event.context === context) return event;
      log.error({ context, sequence: message.seq, of: event.context }, 'a message of the stream is of another context');
    } catch (error) {
      log.error({ err: error, context, sequence: message.seq }, 'a message of the stream is no event');
    }
    return null;
  }

  function pump(messages: ConsumerMessages, remove: () => Promise<unknown>): Reader {
    const buffer = createSequencer<EventRecord>();
    const opened = {
      buffer,
      bytes: 0,
      closed: false,
      async close() {
        opened.closed = true;
        drained.ring();
        await messages.close().catch(() => {});
        // It would go by itself soon; there may be no server to tell.
        if (!nc.isClosed()) await remove().catch(() => {});
      },
    };
    const follow = async () => {
      try {
        let read = 0;
        for await (const message of messages) {
          if (opened.closed) return;
          read += 1;
          if (read % SLICE === 0) await turn();
          const event = parse(message);
          if (event === null) continue;
          buffer.add(event);
          opened.bytes += message.data.length;
          newest = Math.max(newest, event.position + message.info.pending);
          silences = 0;
          arrived.ring();
          while ((buffer.size >= MAX_BUFFERED || opened.bytes >= MAX_BUFFERED_BYTES) && !opened.closed)
            await drained.wait(1000, closing.signal);
        }
      } catch (error) {
        log.warn({ err: error, context }, 'reading the stream ended');
      } finally {
        opened.closed = true;
        arrived.ring();
      }
    };
    void follow();
    return opened;
  }

  async function closeReader(): Promise<void> {
    const old = reader;
    reader = null;
    await old?.close();
  }

  async function ensureReader(cursor: Cursor): Promise<void> {
    if (reader?.closed) {
      await closeReader();
      nextFetchAt = 0;
    }
    if (reader || performance.now() < nextOpenAt) return;
    nextOpenAt = performance.now() + REOPEN_MS;
    try {
      reader = await openReader(cursor);
    } catch (error) {
      log.debug({ err: error, context }, 'the stream could not be opened');
    }
  }

  /** Buffered events right after the cursor. */
  function take(cursor: Cursor, limit: number): readonly EventRecord[] {
    if (reader === null) return [];
    const before = reader.buffer.size;
    const taken = reader.buffer.take(cursor.position, limit);
    if (before > 0) reader.bytes *= reader.buffer.size / before;
    drained.ring();
    return taken;
  }

  /** What the owner has after the cursor, given that it has the cursor's own event, too. */
  async function ask(cursor: Cursor, limit: number): Promise<Fetched> {
    const after = Math.max(0, cursor.position - 1);
    const { events, last } = await fetchEvents(nc, context, { after, limit: limit + 1 });
    if (cursor.position > 0) verifySame(cursor, events[0], last);
    return { events: cursor.position > 0 ? events.slice(1) : events, last };
  }

  async function fetch(cursor: Cursor, limit: number): Promise<readonly EventRecord[]> {
    const onItsWay = ahead?.after === cursor.position ? ahead.fetched : null;
    ahead = null;
    const { events: fresh, last } = await (onItsWay ?? ask(cursor, limit));
    fresh.forEach((event, index) => {
      if (event.position !== cursor.position + 1 + index) {
        throw new HistoryReplaced(`The owner gave position ${event.position} after ${cursor.position + index}.`);
      }
    });
    nextFetchAt = performance.now() + (reader ? SILENCE_MS : POLL_MS);
    behind = last > cursor.position + fresh.length;
    newest = last;
    const end = fresh.at(-1);
    if (behind && reader === null && end) {
      const fetched = fetchEvents(nc, context, { after: end.position, limit });
      // Whoever takes it sees the error.
      fetched.catch(() => {});
      ahead = { after: end.position, fetched };
    }
    return fresh;
  }

  /** Nothing where the owner can't be reached: the stream may still have what is needed. */
  async function fetchOrNothing(cursor: Cursor, limit: number): Promise<readonly EventRecord[]> {
    try {
      const fetched = await fetch(cursor, limit);
      if (fetched.length > 0 && reader !== null && reader.buffer.size === 0) silences += 1;
      if (silences > MAX_SILENCES) {
        log.warn(
          { context, position: cursor.position },
          'the stream is silent and its owner has more; opening it anew',
        );
        silences = 0;
        await closeReader();
      }
      return fetched;
    } catch (error) {
      if (!(error instanceof RpcUnavailable || error instanceof RpcTimeout)) throw error;
      log.debug({ err: error, context }, 'the owner could not be asked');
      nextFetchAt = performance.now() + SILENCE_MS;
      return [];
    }
  }

  return {
    registry,
    async next(cursor, limit, signal) {
      await ensureReader(cursor);
      const ready = take(cursor, limit);
      if (ready.length > 0) {
        nextFetchAt = Math.max(nextFetchAt, performance.now() + SILENCE_MS);
        return ready;
      }
      const gap = reader?.buffer.hasGapAfter(cursor.position) ?? false;
      if (gap || performance.now() >= nextFetchAt || (behind && reader === null)) {
        const fetched = await fetchOrNothing(cursor, limit);
        if (fetched.length > 0) return fetched;
      }
      await arrived.wait(WAIT_MS, signal);
      return signal.aborted ? [] : take(cursor, limit);
    },
    last: () => newest,
    async close() {
      closing.abort();
      await closeReader();
    },
  };
}
