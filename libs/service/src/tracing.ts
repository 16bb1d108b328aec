/** Exports over OTLP where OTEL_EXPORTER_OTLP_ENDPOINT is set; else spans are made, propagated and dropped. */
export declare function startTracing(service: string): { stop(): Promise<void> };
/** Runs `fn` in a span, child of `traceparent` where given, else of the current one. Errors are recorded on the span. */
export declare function withSpan<T>(
  name: string,
  options: { traceparent?: string | null; attributes?: Record<string, string | number> },
  fn: () => Promise<T>,
): Promise<T>;
/** W3C traceparent of the current span; null outside of any. */
export declare function currentTraceparent(): string | null;
