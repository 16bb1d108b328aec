/** Events straight from their owner's database, over NATS: how consumers close gaps and catch up. */
import type { Context } from '@atoll/schema/contexts';
import type { EventRecord } from '@atoll/schema/envelope';
import { eventFetchSubject } from '@atoll/schema/subjects';
import { failpoint } from '@atoll/service/failpoint';
import type { Logger } from '@atoll/service/log';
import { type NatsConnection, RpcUnavailable, requestJson, serveJson } from '@atoll/service/nats';
import { z } from 'zod';
import { type CloudEvent, fromCloudEvent, toCloudEvent } from '../cloudevents.ts';
import type { EventStore } from '../event-store.ts';

const MAX_EVENTS = 500;
/** Of one reply; NATS takes 1 MiB where nothing else is configured, and one event has at most 256 KiB of data. */
const MAX_REPLY_BYTES = 600 * 1024;
/** Few: whoever rebuilds from the first event on asks for page after page, and commands want the processor, too. */
const CONCURRENCY = 3;
/** Events that are read at first; then about as many as still fit, so that large ones aren't read to be thrown away. */
const FIRST_READ = 50;
const TIMEOUT_MS = 5000;

const fetchRequest = z.strictObject({
  after: z.number().int().min(0),
  limit: z.number().int().min(1).max(MAX_EVENTS),
});
const fetchReply = z.object({ events: z.array(z.unknown()), last: z.number().int().min(0) });
const refusedReply = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

export interface Fetched {
  /** Those after the position asked for, in order; fewer than asked for where the reply would be too large. */
  readonly events: readonly EventRecord[];
  /** The owner's last position. */
  readonly last: number;
}

/** Every process of the owner answers, also those whose relay stands by. */
export function serveFetch(options: { store: EventStore; nc: NatsConnection; log: Logger }): { stop(): Promise<void> } {
  const { store, nc, log } = options;
  const subject = eventFetchSubject(store.context);
  return serveJson(nc, { subject, queue: `fetch-${store.context}`, concurrency: CONCURRENCY, log }, async (body) => {
    const request = fetchRequest.safeParse(body);
    if (!request.success) {
      return { error: { code: 'INVALID_ARGUMENT', message: z.prettifyError(request.error) } };
    }
    const events = await readReply(store, request.data);
    // After the events: it is never smaller than theirs.
    const last = await store.lastPosition();
    failpoint('fetch.before-answer');
    return { events, last };
  });
}

/** At least one event, where there is one, and no more than fit into a reply. */
async function readReply(store: EventStore, { after, limit }: z.infer<typeof fetchRequest>): Promise<CloudEvent[]> {
  const events: CloudEvent[] = [];
  let bytes = 0;
  for (let size = Math.min(FIRST_READ, limit); size > 0; ) {
    const stored = await store.readStored(after + events.length, size);
    for (const record of stored) {
      const event = toCloudEvent(record);
      bytes += Buffer.byteLength(JSON.stringify(event));
      if (events.length > 0 && bytes > MAX_REPLY_BYTES) return events;
      events.push(event);
    }
    if (stored.length < size) break;
    const room = Math.ceil((MAX_REPLY_BYTES - bytes) / (bytes / events.length));
    size = Math.min(limit - events.length, room);
  }
  return events;
}

/** Throws RpcUnavailable or RpcTimeout where the owner can't be reached. */
export async function fetchEvents(
  nc: NatsConnection,
  context: Context,
  request: { after: number; limit: number },
): Promise<Fetched> {
  const limit = Math.min(request.limit, MAX_EVENTS);
  const body = await requestJson(nc, eventFetchSubject(context), { ...request, limit }, { timeoutMs: TIMEOUT_MS });
  const refused = refusedReply.safeParse(body);
  // The owner answers, and can't read its own log for the moment: as good as away.
  if (refused.success)
    throw new RpcUnavailable(`The owner of ${context} can't give events: ${refused.data.error.message}`);
  const { events, last } = fetchReply.parse(body);
  return { events: events.map(fromCloudEvent), last };
}
