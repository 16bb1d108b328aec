/**
 * Recording of traces: OpenTelemetry, OTLP over HTTP in JSON, set by its standard variables (docs/operations.md).
 *
 * Off unless an endpoint is set: then no span is made, and trace ids only pass through. On, spans wait in a bounded
 * queue; what doesn't fit, or can't be delivered, is dropped and said in the log once a minute. Nothing waits for it.
 */
import { randomUUID } from 'node:crypto';
import { context, DiagLogLevel, diag, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';
import { setRecording } from './spans.ts';

/** What is still waiting when the process stops gets this long. */
const flushMs = 2000;
const quietMs = 60_000;

export interface Tracing {
  /** Delivers what waits. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/** Troubles of the exporter: one line a minute, whatever happens. */
function tellTroubles(log: Logger): void {
  let nextAt = 0;
  const tell = (message: string) => {
    if (Date.now() < nextAt) return;
    nextAt = Date.now() + quietMs;
    log.warn({ problem: message.slice(0, 500) }, 'traces are lost');
  };
  const ignore = () => {};
  diag.setLogger(
    { error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}

function isWanted(env: NodeJS.ProcessEnv): boolean {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER === 'none') return false;
  return Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT || env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
}

const inTime = (work: Promise<void>): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, flushMs);
    work
      .catch((error: unknown) => diag.error(String(error)))
      .finally(() => {
        clearTimeout(timer);
        resolve();
      });
  });

/** `exporter` is for tests, and records whatever the environment says. */
export function startTracing(service: string, options: { log?: Logger; exporter?: SpanExporter } = {}): Tracing {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const stopContext = () => context.disable();
  if (!options.exporter && !isWanted(process.env)) {
    return {
      flush: async () => {},
      async stop() {
        stopContext();
      },
    };
  }
  if (options.log) tellTroubles(options.log);
  const own = { 'service.name': service, 'service.namespace': 'atoll', 'service.instance.id': randomUUID() };
  const provider = new BasicTracerProvider({
    resource: detectResources({ detectors: [envDetector] }).merge(resourceFromAttributes(own)),
    // Exporter, queue and sampler read their variables themselves (OpenTelemetry specification).
    spanProcessors: [new BatchSpanProcessor(options.exporter ?? new OTLPTraceExporter())],
  });
  trace.setGlobalTracerProvider(provider);
  setRecording(true);
  async function stop(): Promise<void> {
    setRecording(false);
    await inTime(provider.shutdown());
    trace.disable();
    stopContext();
    diag.disable();
  }
  let stopped: Promise<void> | undefined;
  return {
    flush: () => inTime(provider.forceFlush()),
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}
