/** The JetStream stream of a context: its settings, its tail, and how positions map to its sequences. */
import type { Context } from '@atoll/schema/contexts';
import type { EventRecord } from '@atoll/schema/envelope';
import { eventStream, eventSubjects } from '@atoll/schema/subjects';
import type { Logger } from '@atoll/service/log';
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  type StoredMsg,
  type StreamInfo,
} from '@nats-io/jetstream';
import { fromCloudEvent } from '../cloudevents.ts';
import { careOf, streamSettings, UnfitNats } from './stream-care.ts';

const SUBJECTS_OVERLAP = 10_065;

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

/** Throws `UnfitNats` where another stream stands in the way. */
export async function createStream(jsm: JetStreamManager, context: Context, maxBytes: number): Promise<void> {
  try {
    await jsm.streams.add({ ...streamSettings(context, maxBytes), num_replicas: 1 });
  } catch (error) {
    if (!isApiError(error, SUBJECTS_OVERLAP)) throw error;
    const others = await jsm.streams.names(eventSubjects(context)).next();
    throw new UnfitNats(
      `The JetStream streams ${others.join(', ')} already take ${eventSubjects(context)}, which is for ` +
        `${eventStream(context)}. Remove those subjects from them, or give Atoll a NATS account of its own.`,
      { cause: error },
    );
  }
}

/** Sets right what can be set right. True where the stream must be made anew; throws `UnfitNats` where it isn't ours. */
export async function mustRenew(
  jsm: JetStreamManager,
  context: Context,
  maxBytes: number,
  { config }: StreamInfo,
  log: Logger,
): Promise<boolean> {
  const care = careOf(config, context, maxBytes);
  switch (care.kind) {
    case 'fine':
      return false;
    case 'repair':
      log.warn({ context, changes: care.why }, 'settings of the stream are set right');
      await jsm.streams.update(eventStream(context), care.changes);
      return false;
    case 'renew':
      log.error({ context, why: care.why }, 'the stream can not be used as it is; making it anew');
      return true;
    case 'refuse':
      throw new UnfitNats(care.why);
    default:
      return care satisfies never;
  }
}
