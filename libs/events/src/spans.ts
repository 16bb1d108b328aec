/**
 * The engine's spans, by OpenTelemetry's conventions for messaging. What is written on an event as its traceparent is
 * the span of its append: everything that follows from the event, in whatever process and however much later, is a child
 * of that span. Work that many traces share is done once and shown in each of them, or linked (decision 0018).
 */
import type { EventRecord } from '@atoll/schema/envelope';
import { eventStream, eventSubject } from '@atoll/schema/subjects';
import {
  type Attributes,
  annotate,
  currentTraceparent,
  isRecording,
  linkTo,
  merged,
  type OpenSpan,
  openSpan,
  traceparentFor,
  withSpan,
} from '@atoll/service/spans';
import { isSampled } from '@atoll/service/traceparent';
import type { AppendOutcome, AppendRequest, CommandOutcome, Origin } from './event-store.ts';

/** Of one batch of events; more traces than this in one batch don't each get a span in it. */
const MAX_TRACES = 100;

const kindOf = (stream: string): string => stream.slice(0, stream.indexOf(':'));

/** One command: load, decide, append; also where it is decided several times. */
export function inCommand(
  stream: string,
  origin: Origin,
  work: () => Promise<CommandOutcome>,
): Promise<CommandOutcome> {
  const { traceparent, correlation, tenant } = origin;
  const attributes = { 'atoll.tenant': tenant, 'atoll.stream': stream };
  return withSpan(`decide ${kindOf(stream)}`, { traceparent, correlation, attributes }, async () => {
    const outcome = await work();
    if (outcome.ok) annotate({ 'atoll.outcome': 'OK', 'atoll.position': outcome.position });
    else annotate({ 'atoll.outcome': outcome.rejection.code });
    return outcome;
  });
}

export const inLoad = <T extends readonly unknown[]>(stream: string, load: () => Promise<T>): Promise<T> =>
  withSpan('load', { attributes: { 'atoll.stream': stream } }, async () => {
    const events = await load();
    annotate({ 'atoll.events': events.length });
    return events;
  });

/** The request that `work` is given has the append's own span as its traceparent. */
export function inAppend(
  request: AppendRequest,
  work: (request: AppendRequest) => Promise<AppendOutcome>,
): Promise<AppendOutcome> {
  // Called for every append: where nobody records there is nothing to put together.
  if (!isRecording()) return work(request);
  const { origin, stream, events } = request;
  const attributes = { 'atoll.stream': stream, 'atoll.events': events.length, 'atoll.claims': request.claims.length };
  return withSpan('append', { traceparent: origin.traceparent, attributes }, async () => {
    const outcome = await work({ ...request, origin: { ...origin, traceparent: traceparentFor(origin.traceparent) } });
    annotate({ 'atoll.outcome': outcome.outcome });
    if (outcome.outcome === 'appended') annotate({ 'atoll.position': outcome.position });
    return outcome;
  });
}

/** What an append is told of the commit that it went into. */
export interface CommitSpan {
  readonly traceparent: string | null;
  readonly commands: number;
}

/** One commit of many commands: in the trace of the newest, linked to the others. */
export function inCommit<T>(origins: readonly Origin[], write: (span: CommitSpan) => Promise<T>): Promise<T> {
  if (!isRecording()) return write({ traceparent: null, commands: origins.length });
  const causes = merged(origins.map(({ traceparent }) => traceparent));
  const attributes = { 'atoll.commands': origins.length };
  return withSpan('commit', { ...causes, kind: 'client', attributes }, () =>
    write({ traceparent: causes.traceparent === null ? null : currentTraceparent(), commands: origins.length }),
  );
}

export function sawCommit({ traceparent, commands }: CommitSpan): void {
  annotate({ 'atoll.batch.commands': commands });
  linkTo(traceparent);
}

const messaging = (event: EventRecord, operation: 'send' | 'process'): Attributes => ({
  'messaging.system': 'nats',
  'messaging.operation.type': operation,
  'messaging.message.id': event.id,
  'atoll.tenant': event.tenant,
  'atoll.stream': event.stream,
  'atoll.position': event.position,
});

const nameOf = (event: EventRecord): string => `${event.context}.${event.type}`;

/** From the sending of an event to JetStream's acknowledgement; null where nobody records it. */
export function publishing(event: EventRecord): OpenSpan | null {
  // The relay asks for every event: nothing is put together for those that nobody looks at.
  if (!isSampled(event.traceparent)) return null;
  return openSpan(`publish ${nameOf(event)}`, {
    kind: 'producer',
    traceparent: event.traceparent,
    attributes: {
      ...messaging(event, 'send'),
      'messaging.destination.name': eventStream(event.context),
      'messaging.destination.subject': eventSubject(event),
    },
  });
}

/** The reaction to one event. What it issues belongs to the event's trace. */
export const reacting = (consumer: string, event: EventRecord, work: () => Promise<void>): Promise<void> =>
  withSpan(
    `react ${nameOf(event)}`,
    {
      kind: 'consumer',
      traceparent: event.traceparent,
      correlation: event.correlation,
      attributes: { ...messaging(event, 'process'), 'messaging.consumer.group.name': consumer },
    },
    work,
  );

/**
 * A batch of events that is applied in one transaction: a span in each of their traces, child of the newest event of that
 * trace, linked to its others. Returns what ends them.
 */
export function processing(
  consumer: string,
  schema: string,
  events: readonly EventRecord[],
): (outcome?: { error: unknown }) => void {
  const traces = new Map<string, EventRecord[]>();
  for (const event of events) {
    if (!isSampled(event.traceparent)) continue;
    const traceId = event.traceparent.slice(3, 35);
    const others = traces.get(traceId);
    if (others) others.push(event);
    else if (traces.size < MAX_TRACES) traces.set(traceId, [event]);
  }
  const spans = [...traces.values()].flatMap((mine): OpenSpan[] => {
    const newest = mine.at(-1);
    if (newest === undefined) return [];
    const span = openSpan(`apply ${schema} ${nameOf(newest)}`, {
      kind: 'consumer',
      ...merged(mine.map(({ traceparent }) => traceparent)),
      attributes: {
        ...messaging(newest, 'process'),
        'messaging.consumer.group.name': consumer,
        'messaging.batch.message_count': mine.length,
        'atoll.batch.events': events.length,
      },
    });
    return span ? [span] : [];
  });
  return (outcome) => {
    for (const span of spans) span.end(outcome);
  };
}
