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
  type StreamInfo,
} from '@nats-io/jetstream';
import { ZodError } from 'zod';
import { fromCloudEvent } from './cloudevents.ts';

const isApiError = (error: unknown, code: number): boolean => error instanceof JetStreamApiError && error.code === code;

export const isNoStream = (error: unknown): boolean => isApiError(error, JetStreamApiCodes.StreamNotFound);

/** What the stream ends with. `event` is null where its last message is gone or isn't an event of this context. */
export interface Tail {
  readonly info: StreamInfo;
  readonly sequence: number;
  readonly event: EventRecord | null;
}

export async function readTail(jsm: JetStreamManager, context: Context): Promise<Tail | null> {
  const name = eventStream(context);
  let info: StreamInfo;
  try {
    info = await jsm.streams.info(name);
  } catch (error) {
    if (isNoStream(error)) return null;
    throw error;
  }
  const sequence = info.state.last_seq;
  if (info.state.messages === 0) return { info, sequence, event: null };
  let body: unknown;
  try {
    body = (await jsm.streams.getMessage(name, { seq: sequence }))?.json();
    const event = fromCloudEvent(body);
    return { info, sequence, event: event.context === context ? event : null };
  } catch (error) {
    // Gone, or not one of our events; anything else is no answer at all.
    const answered = body !== undefined || error instanceof SyntaxError || error instanceof ZodError;
    if (answered || isApiError(error, JetStreamApiCodes.NoMessageFound)) return { info, sequence, event: null };
    throw error;
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
