/** The JetStream stream of a context: its settings, its tail, and how positions map to its sequences. */
import type { Context } from '@atoll/schema/contexts';
import type { EventRecord } from '@atoll/schema/envelope';
import { eventStream, eventSubjects } from '@atoll/schema/subjects';
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StoredMsg,
  type StreamInfo,
} from '@nats-io/jetstream';
import { fromCloudEvent } from './cloudevents.ts';

const isApiError = (error: unknown, code: number): boolean => error instanceof JetStreamApiError && error.code === code;

/** What the stream ends with. `event` is null where its last message is gone or isn't an event of this context. */
export interface Tail {
  readonly info: StreamInfo;
  readonly sequence: number;
  readonly event: EventRecord | null;
}

export async function readTail(jsm: JetStreamManager, context: Context): Promise<Tail | null> {
  let info: StreamInfo;
  try {
    info = await jsm.streams.info(eventStream(context));
  } catch (error) {
    if (isApiError(error, JetStreamApiCodes.StreamNotFound)) return null;
    throw error;
  }
  const sequence = info.state.last_seq;
  return { info, sequence, event: info.state.messages === 0 ? null : await readEvent(jsm, context, sequence) };
}

/** The event at a sequence; null where the message is gone or isn't an event of this context. */
export async function readEvent(
  jsm: JetStreamManager,
  context: Context,
  sequence: number,
): Promise<EventRecord | null> {
  let message: StoredMsg | null;
  try {
    message = await jsm.streams.getMessage(eventStream(context), { seq: sequence });
  } catch (error) {
    if (isApiError(error, JetStreamApiCodes.NoMessageFound)) return null;
    throw error;
  }
  try {
    const event = fromCloudEvent(message?.json());
    return event.context === context ? event : null;
  } catch {
    return null;
  }
}

export async function createStream(jsm: JetStreamManager, context: Context, maxBytes: number): Promise<void> {
  await jsm.streams.add({
    name: eventStream(context),
    description: `Events of the context ${context}; refilled from its database at any time`,
    subjects: [eventSubjects(context)],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    // The oldest go first: whoever still needs them fetches them from the owner.
    discard: DiscardPolicy.Old,
    max_bytes: maxBytes,
    num_replicas: 1,
    // Two minutes, in nanoseconds: longer than any publish is tried again.
    duplicate_window: 120_000_000_000,
  });
}
