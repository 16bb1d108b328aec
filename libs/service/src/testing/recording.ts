/** Records the spans of a test's own process. */
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { startTracing } from '../tracing.ts';

export interface Recorded {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
  /** Ids of the traces that it is linked to. */
  readonly linked: readonly string[];
}

const toRecorded = (span: ReadableSpan): Recorded => ({
  name: span.name,
  traceId: span.spanContext().traceId,
  spanId: span.spanContext().spanId,
  parentSpanId: span.parentSpanContext?.spanId ?? null,
  attributes: span.attributes,
  failed: span.status.code === 2,
  linked: span.links.map((link) => link.context.traceId),
});

export interface Recording {
  /** All that have ended. */
  spans(): Promise<readonly Recorded[]>;
  /** Everything that would leave the process, as text. */
  text(): Promise<string>;
  clear(): void;
  stop(): Promise<void>;
}

export function recordSpans(service: string): Recording {
  const exporter = new InMemorySpanExporter();
  const tracing = startTracing(service, { exporter });
  const finished = async () => {
    await tracing.flush();
    return exporter.getFinishedSpans();
  };
  return {
    spans: async () => (await finished()).map(toRecorded),
    text: async () =>
      JSON.stringify(
        (await finished()).map(({ name, attributes, events, links, status }) => [
          name,
          attributes,
          events,
          links,
          status,
        ]),
      ),
    clear: () => exporter.reset(),
    stop: () => tracing.stop(),
  };
}

/** Spans whose parent is neither among them nor one of `known`: what a trace that holds together has none of. */
export function orphans(spans: readonly Recorded[], known: readonly string[] = []): readonly Recorded[] {
  const ids = new Set([...spans.map(({ spanId }) => spanId), ...known]);
  return spans.filter(({ parentSpanId }) => parentSpanId !== null && !ids.has(parentSpanId));
}
