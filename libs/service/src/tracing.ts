/** Traces: W3C trace context between processes, OTLP to a collector where there is one. */
import {
  type Context,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

const tracer = (): Tracer => trace.getTracer('atoll');

/** Exports over OTLP where OTEL_EXPORTER_OTLP_ENDPOINT is set; else spans are made, propagated and dropped. */
export function startTracing(service: string): { stop(): Promise<void> } {
  const exporting = Boolean(process.env.OTEL_EXPORTER_OTLP_ENDPOINT || process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.namespace': 'atoll' }),
    // The exporter reads the endpoint, headers and timeouts of the environment itself (OpenTelemetry specification).
    spanProcessors: exporting ? [new BatchSpanProcessor(new OTLPTraceExporter())] : [],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  return {
    async stop() {
      await provider.shutdown();
      trace.disable();
      context.disable();
    },
  };
}

const pattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The context that a caller's traceparent names; the current one where there is none or it is malformed. */
function parentOf(traceparent: string | null | undefined): Context {
  const [, traceId, spanId, flags] = pattern.exec(traceparent ?? '') ?? [];
  if (!traceId || !spanId || !flags) return context.active();
  const spanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(spanContext) ? trace.setSpanContext(ROOT_CONTEXT, spanContext) : context.active();
}

/** Runs `fn` in a span, child of `traceparent` where given, else of the current one. Errors are recorded on the span. */
export function withSpan<T>(
  name: string,
  options: { traceparent?: string | null; attributes?: Record<string, string | number> },
  fn: () => Promise<T>,
): Promise<T> {
  const attributes = options.attributes ?? {};
  return tracer().startActiveSpan(name, { attributes }, parentOf(options.traceparent), async (span) => {
    try {
      return await fn();
    } catch (error) {
      span.recordException(error instanceof Error ? error : String(error));
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** W3C traceparent of the current span; null outside of any. */
export function currentTraceparent(): string | null {
  const span = trace.getActiveSpan()?.spanContext();
  if (!span || !isSpanContextValid(span)) return null;
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`;
}
