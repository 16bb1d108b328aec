import type { Context } from '@atoll/schema/contexts';
import type { EventRecord } from '@atoll/schema/envelope';
import { eventStream } from '@atoll/schema/subjects';
import { failpoint } from '@atoll/service/failpoint';
import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { EventStore } from './event-store.ts';
import { publishedPosition, relayInterruptions } from './measures.ts';
import { serveFetch } from './stream/fetch.ts';
import { createStream, mustRenew, readEvent, readTail, type Tail } from './stream/jetstream.ts';
import { createPublisher, type Publisher } from './stream/publisher.ts';
import { careOf, checkNatsServer } from './stream/stream-care.ts';
import { createWake } from './stream/wake.ts';
import { backoff, createBell, pause } from './waiting.ts';
import { weigh } from './weigh.ts';

/** How often a standby looks whether the lock is free, and how often appends of other processes are looked for. */
const STANDBY_MS = 1000;
const POLL_MS = 250;
/** How often the stream's tail is compared with what was published. */
const CHECK_MS = 2000;
/** Longest pause after an outage. */
const MAX_BACKOFF_MS = 1000;
const FLUSH_MS = 1000;
/** Events read at a time: the first page, the largest, and about how many bytes of them: large ones come in smaller pages. */
const FIRST_PAGE = 100;
const PAGE = 500;
const PAGE_BYTES = 8 * 1024 * 1024;
/** A stream that has to be made anew gets this many of the newest events; consumers fetch older ones from the owner. */
const REFILL = 10_000;
const DEFAULT_MAX_BYTES = 1024 ** 3;

/**
 * Publishes a context's events to its JetStream stream, in position order, as CloudEvents; creates and heals the
 * stream; answers `eventFetchSubject` from PostgreSQL. One process at a time publishes; others stand by.
 */
export interface Relay {
  /** Last position that JetStream has acknowledged to this process; 0 while it stands by. */
  published(): number;
  /** Null while it publishes or stands by, else why it can't. For readiness. */
  problem(): string | null;
  stop(): Promise<void>;
}

interface Resumed {
  readonly sequence: number;
  readonly position: number;
}

/**
 * Within a stream sequences and positions rise together, from its first message to its last: then nobody else has
 * published in between. A copy of an old event at the end would pass for the place to go on from.
 */
async function isWhole(jsm: JetStreamManager, context: Context, tail: Tail & { event: EventRecord }): Promise<boolean> {
  const first = tail.info.state.first_seq;
  const head = await readEvent(jsm, context, first);
  return head !== null && head.position - first === tail.event.position - tail.sequence;
}

/** Where to go on: behind the stream's last event. A stream that isn't a part of this history is made anew. */
async function resume(jsm: JetStreamManager, store: EventStore, maxBytes: number, log: Logger): Promise<Resumed> {
  const { context } = store;
  const tail = await readTail(jsm, context);
  const renew = tail !== null && (await mustRenew(jsm, context, maxBytes, tail.info, log));
  if (tail?.event && !renew) {
    const [same] = await store.readStored(tail.event.position - 1, 1);
    if (same?.id === tail.event.id && (await isWhole(jsm, context, { ...tail, event: tail.event }))) {
      return { sequence: tail.sequence, position: tail.event.position };
    }
  }
  const fresh = tail !== null && tail.sequence === 0 && !renew;
  if (tail && !fresh) {
    if (!renew) {
      log.error(
        { context, sequence: tail.sequence, position: tail.event?.position ?? null },
        'the stream is not a part of the log: it ends with something else, or others have published in it; making it anew',
      );
    }
    await jsm.streams.delete(eventStream(context));
  }
  failpoint('relay.before-create');
  if (!fresh) await createStream(jsm, context, maxBytes);
  failpoint('relay.after-create');
  const last = await store.lastPosition();
  const position = Math.max(0, last - REFILL);
  log.info({ context, from: position + 1, to: last }, 'filling a new stream');
  return { sequence: 0, position };
}

interface Page {
  readonly asked: number;
  readonly events: readonly EventRecord[];
}

/** Pages of the log, the next one on its way while one is published, where there may be one. */
function createReader(store: EventStore): (after: number) => Promise<Page> {
  let size = FIRST_PAGE;
  let ahead: { readonly after: number; readonly page: Promise<Page> } | null = null;
  const readPage = async (after: number, asked: number): Promise<Page> => ({
    asked,
    events: await store.readStored(after, asked),
  });
  return async (after) => {
    const page = await (ahead?.after === after ? ahead.page : readPage(after, size));
    ahead = null;
    const last = page.events.at(-1);
    if (!last) return page;
    size = Math.max(1, Math.min(PAGE, Math.floor(PAGE_BYTES / weigh(page.events))));
    if (page.events.length < page.asked) return page;
    const next = readPage(last.position, size);
    // Whoever takes it sees the error.
    next.catch(() => {});
    ahead = { after: last.position, page: next };
    return page;
  };
}

export async function startRelay(options: {
  store: EventStore;
  nc: NatsConnection;
  log: Logger;
  /** Room of the stream on NATS' disk; the oldest events go first. Default 1 GiB. */
  maxBytes?: number;
}): Promise<Relay> {
  const { store, nc, log } = options;
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  const stopping = new AbortController();
  const news = createBell();
  const lock = store.createLock('relay');
  let published = 0;
  let publisher: Publisher | null = null;
  let problem: string | null = null;

  const fetching = serveFetch({ store, nc, log });
  const wake = createWake(nc, store.context, () => {
    news.ring();
    store.tellNews();
  });
  const stopListening = store.onAppend(() => {
    news.ring();
    wake.tell();
  });

  function tell(position: number): void {
    published = position;
    publishedPosition.set({ context: store.context }, position);
  }

  async function publishFrom(resumed: Resumed, jsm: JetStreamManager, signal: AbortSignal): Promise<void> {
    let acknowledgedSequence = resumed.sequence;
    let sent = resumed.position;
    const read = createReader(store);
    tell(resumed.position);
    const current = createPublisher({
      nc,
      sequence: resumed.sequence,
      onAcknowledged(position) {
        failpoint('relay.before-ack');
        tell(position);
        acknowledgedSequence += 1;
        failpoint('relay.after-ack');
      },
      onFailure: () => news.ring(),
    });
    publisher = current;
    try {
      let checkAt = performance.now() + CHECK_MS;
      while (!signal.aborted) {
        current.check();
        const { asked, events } = await read(sent);
        for (const event of events) {
          if (event.position !== sent + 1) throw new Error(`Position ${sent + 1} isn't in the database.`);
          failpoint('relay.before-publish');
          if (!current.hasRoom()) await current.room();
          if (signal.aborted) return;
          current.publish(event);
          sent = event.position;
        }
        if (events.length > 0) {
          await current.sent();
          failpoint('relay.after-publish');
        }
        // A page that isn't full was the last one: what came after it has rung.
        if (events.length === asked) continue;
        if (performance.now() > checkAt && published === sent) {
          const { state, config } = await jsm.streams.info(eventStream(store.context));
          const care = careOf(config, store.context, maxBytes);
          if (care.kind !== 'fine') throw new Error(`The settings of the stream were changed: ${care.why}.`);
          if (state.last_seq !== acknowledgedSequence && published === sent) {
            throw new Error(`The stream is at sequence ${state.last_seq}, and ${acknowledgedSequence} was expected.`);
          }
          checkAt = performance.now() + CHECK_MS;
        }
        await news.wait(POLL_MS, signal);
      }
    } finally {
      publisher = null;
      current.close();
    }
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        const lost = await lock.acquire();
        if (lost === null) {
          problem = null;
          await pause(STANDBY_MS, stopping.signal);
          continue;
        }
        const signal = AbortSignal.any([lost, stopping.signal]);
        while (!signal.aborted) {
          try {
            checkNatsServer(nc.info);
            const jsm = await jetstreamManager(nc);
            failpoint('relay.before-resume');
            const resumed = await resume(jsm, store, maxBytes, log);
            log.info({ context: store.context, position: resumed.position }, 'publishing');
            problem = null;
            failures = 0;
            await publishFrom(resumed, jsm, signal);
          } catch (error) {
            if (signal.aborted) break;
            problem = error instanceof Error ? error.message : String(error);
            relayInterruptions.inc({ context: store.context });
            log.warn({ err: error, context: store.context, published }, 'publishing stopped; resuming from the tail');
            await pause(backoff(failures++, 50, MAX_BACKOFF_MS), signal);
          }
        }
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
        log.warn({ err: error, context: store.context }, 'the relay has no lock');
        await pause(backoff(failures++, 50, MAX_BACKOFF_MS), stopping.signal);
      } finally {
        tell(0);
      }
    }
  }
  const running = run();

  async function followConnection(): Promise<void> {
    for await (const { type } of nc.status()) {
      if (stopping.signal.aborted) return;
      if (type === 'reconnect') publisher?.reconnected();
    }
  }
  void followConnection();
  // Whoever asks once this has resolved is answered; where NATS is away for the moment, once it is back.
  await Promise.race([nc.flush(), pause(FLUSH_MS)]);

  return {
    published: () => published,
    problem: () => problem,
    async stop() {
      stopping.abort();
      stopListening();
      wake.stop();
      await fetching.stop();
      await running;
      await lock.close();
    },
  };
}
