/**
 * Publishing to JetStream with a bounded window of unanswered messages. One reply subject for all of them: several
 * times as fast as a promise for each.
 *
 * Every message expects the sequence that the one before it got. Whatever goes wrong with one, all after it are refused
 * by the server, so the stream never has a hole, and never the messages of two publishers in turns.
 */
import { cloudEventContentType } from '@atoll/schema/cloudevent';
import type { EventRecord } from '@atoll/schema/envelope';
import { eventStream, eventSubject } from '@atoll/schema/subjects';
import type { NatsConnection } from '@atoll/service/nats';
import type { OpenSpan } from '@atoll/service/spans';
import { PubHeaders } from '@nats-io/jetstream';
import { createInbox, type Msg } from '@nats-io/nats-core';
import { MsgHdrsImpl } from '@nats-io/nats-core/internal';
import { toCloudEvent } from '../cloudevents.ts';
import { publishing } from '../spans.ts';
import { createBell } from '../waiting.ts';

const MAX_IN_FLIGHT = 512;
const MAX_BYTES_IN_FLIGHT = 8 * 1024 * 1024;
const ACK_TIMEOUT_MS = 5000;

interface InFlight {
  readonly position: number;
  readonly sequence: number;
  readonly bytes: number;
  readonly sentAt: number;
  readonly span: OpenSpan | null;
}

interface PubAck {
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

/** As the client would write them, without looking for each of them among the others. */
class RelayHeaders extends MsgHdrsImpl {
  readonly #text: string;

  constructor({ context, position }: EventRecord, lastSequence: number) {
    super();
    // The NATS binding of CloudEvents: structured mode is told by the content type.
    this.#text =
      `NATS/1.0\r\ncontent-type: ${cloudEventContentType}\r\n${PubHeaders.MsgIdHdr}: ${context}:${position}\r\n` +
      `${PubHeaders.ExpectedStreamHdr}: ${eventStream(context)}\r\n` +
      `${PubHeaders.ExpectedLastSeqHdr}: ${lastSequence}\r\n\r\n`;
  }

  override toString(): string {
    return this.#text;
  }

  override encode(): Uint8Array {
    return Buffer.from(this.#text, 'latin1');
  }
}

/** The connection's own prefix: its user may not listen to replies elsewhere. The client has it, and its type doesn't say so. */
function inboxPrefix(nc: NatsConnection): string | undefined {
  const options: unknown = 'options' in nc ? nc.options : undefined;
  if (typeof options !== 'object' || options === null || !('inboxPrefix' in options)) return undefined;
  return typeof options.inboxPrefix === 'string' ? options.inboxPrefix : undefined;
}

export interface Publisher {
  /**
   * Gives the event to the connection. Throws where an earlier one was refused or not answered. Not a promise, by intent: what
   * is published in one turn leaves by one write to the socket, and not by one each.
   */
  publish(event: EventRecord): void;
  /** Whether one more may be published now. */
  hasRoom(): boolean;
  /** Resolves once there is room, or it has failed. */
  room(): Promise<void>;
  /** Resolves once what was published has been given to the socket. */
  sent(): Promise<void>;
  /** Throws where something was refused or not answered in time. */
  check(): void;
  /** The connection is another one: what was sent on the old one may never be answered. */
  reconnected(): void;
  close(): void;
}

export function createPublisher(options: {
  nc: NatsConnection;
  /** The stream's last sequence. */
  sequence: number;
  /** Called for each acknowledged position, in order. */
  onAcknowledged: (position: number) => void;
  /** Called when it has failed: `check` then throws. */
  onFailure: () => void;
}): Publisher {
  const { nc, onAcknowledged } = options;
  const inbox = createInbox(inboxPrefix(nc));
  const waiting: InFlight[] = [];
  const room = createBell();
  let sequence = options.sequence;
  let bytes = 0;
  let failure: Error | null = null;

  function fail(error: Error): void {
    if (failure) return;
    failure = error;
    for (const { span } of waiting) span?.end({ error });
    room.ring();
    options.onFailure();
  }

  function acknowledge(message: Msg): void {
    const first = waiting[0];
    // An answer to what was sent before a failure.
    if (failure || first === undefined) return;
    if (message.headers?.hasError) {
      throw new Error(`JetStream isn't there: ${message.headers.code} ${message.headers.description}`);
    }
    const { seq, duplicate, error } = message.json<PubAck>();
    if (error) {
      throw new Error(`JetStream refused position ${first.position}: ${error.description ?? 'no reason given'}`);
    }
    if (seq !== first.sequence) {
      throw new Error(`Position ${first.position} got sequence ${seq}, and ${first.sequence} was expected.`);
    }
    // Something of that id is there, which this publisher didn't send: the stream must be looked at.
    if (duplicate) throw new Error(`Position ${first.position} was published by somebody else.`);
    waiting.shift();
    first.span?.end({ attributes: { 'messaging.nats.sequence': seq } });
    bytes -= first.bytes;
    onAcknowledged(first.position);
    room.ring();
  }

  const subscription = nc.subscribe(inbox, {
    callback(error, message) {
      try {
        if (error) throw error;
        acknowledge(message);
      } catch (problem) {
        fail(problem instanceof Error ? problem : new Error(String(problem)));
      }
    },
  });

  const hasRoom = () => waiting.length < MAX_IN_FLIGHT && bytes < MAX_BYTES_IN_FLIGHT;

  function check(): void {
    const oldest = waiting[0];
    if (!failure && oldest && performance.now() - oldest.sentAt > ACK_TIMEOUT_MS) {
      fail(new Error(`JetStream didn't acknowledge position ${oldest.position} in ${ACK_TIMEOUT_MS} ms.`));
    }
    if (failure) throw failure;
  }

  return {
    check,
    reconnected() {
      if (waiting.length > 0) fail(new Error(`The connection was lost with ${waiting.length} messages under way.`));
    },
    hasRoom,
    async room() {
      while (!hasRoom()) {
        await room.wait(1000);
        check();
      }
    },
    // The client writes in the next microtask, which was queued before this one.
    sent: () => Promise.resolve(),
    publish(event) {
      check();
      const body = Buffer.from(JSON.stringify(toCloudEvent(event)));
      const head = new RelayHeaders(event, sequence);
      sequence += 1;
      const span = publishing(event);
      waiting.push({ position: event.position, sequence, bytes: body.length, sentAt: performance.now(), span });
      bytes += body.length;
      nc.publish(eventSubject(event), body, { reply: inbox, headers: head });
    },
    close() {
      if (!nc.isClosed()) subscription.unsubscribe();
    },
  };
}
