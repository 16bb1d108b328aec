/**
 * Spans, for code that doesn't know whether anybody records them (`tracing.ts` does).
 *
 * Traces begin at the gateway only: a span is made where there is a trace to belong to, so that polling and housekeeping
 * make none. Without recording nothing is made at all, and a traceparent is passed on as it came. Attributes hold ids,
 * counts and codes of ours; never a text that somebody sent, for it could be a secret. That goes for errors, too: only
 * their type is kept.
 */
import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { formatTraceparent, isSampled, newTraceparent, parseTraceparent } from './traceparent.ts';

export type { Attributes };

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** Of one span; the rest of what it follows from is not said. */
const maxLinks = 32;

export interface SpanOptions {
  /** Default: internal. */
  readonly kind?: keyof typeof kinds;
  /** What it follows from: its parent, unless the current span is of that trace already. Default: the current span. */
  readonly traceparent?: string | null;
  /** What else it follows from: the work of several requests is done once. */
  readonly links?: readonly string[];
  /** For the log lines that are written meanwhile. */
  readonly correlation?: string;
  readonly attributes?: Attributes;
  /** When it began, in Unix ms, where that is known only now. */
  readonly startTime?: number;
}

let recording = false;
/** Set by `startTracing`. */
export const setRecording = (on: boolean): void => {
  recording = on;
};
/** Whether anybody records spans in this process. */
export const isRecording = (): boolean => recording;

const correlationKey = createContextKey('atoll correlation');

/** Null where there is no trace to belong to. */
function parentOf({ traceparent, correlation }: SpanOptions): Context | null {
  const active = context.active();
  const here = trace.getSpanContext(active);
  // Mostly it is of the trace that is current already: then it need not be read.
  const given = here && traceparent?.startsWith(here.traceId, 3) ? null : parseTraceparent(traceparent);
  const parent =
    given === null ? (here && isSpanContextValid(here) ? active : null) : trace.setSpanContext(ROOT_CONTEXT, given);
  if (correlation === undefined || (parent ?? active).getValue(correlationKey) === correlation) return parent;
  return (parent ?? active).setValue(correlationKey, correlation);
}

/** Decided where the trace began, once for all of it. */
const isRecorded = (parent: Context): boolean =>
  recording && ((trace.getSpanContext(parent)?.traceFlags ?? TraceFlags.NONE) & TraceFlags.SAMPLED) !== 0;

function start(name: string, options: SpanOptions, parent: Context, root = false): Span {
  const links = (options.links ?? []).slice(0, maxLinks).flatMap((text): Link[] => {
    const linked = parseTraceparent(text);
    return linked === null ? [] : [{ context: linked }];
  });
  const { attributes = {}, kind = 'internal', startTime } = options;
  const timed = startTime === undefined ? {} : { startTime };
  return trace.getTracer('atoll').startSpan(name, { attributes, kind: kinds[kind], links, root, ...timed }, parent);
}

/** Says what kind of failure it was: our code for it, or the class of the error. */
function markFailed(span: Span, error: unknown): void {
  const type = typeof error === 'string' ? error : error instanceof Error ? error.name : 'unknown';
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** Runs `fn` in a span of the trace that `traceparent` names, else of the current one; without any, just runs it. */
export function withSpan<T>(name: string, options: SpanOptions, fn: () => Promise<T>): Promise<T> {
  const parent = parentOf(options);
  if (parent === null) return fn();
  if (!isRecorded(parent)) return parent === context.active() ? fn() : context.with(parent, fn);
  const span = start(name, options, parent);
  return context.with(trace.setSpan(parent, span), async () => {
    try {
      return await fn();
    } catch (error) {
      markFailed(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** A span that is not the current one of any code, for work that many share, or whose end comes by a callback. */
export interface OpenSpan {
  /** Names it, for what follows from it. */
  readonly traceparent: string;
  /** Runs `fn` as a part of it. */
  run<T>(fn: () => T): T;
  /** `error`: a code, or what was thrown. */
  end(outcome?: { attributes?: Attributes; error?: unknown }): void;
}

function opened(span: Span, inside: Context): OpenSpan {
  return {
    traceparent: formatTraceparent(span.spanContext()),
    run: (fn) => context.with(inside, fn),
    end({ attributes, error } = {}) {
      if (attributes) span.setAttributes(attributes);
      if (error !== undefined) markFailed(span, error);
      span.end();
    },
  };
}

/** Null where nobody records it. */
export function openSpan(name: string, options: SpanOptions & { traceparent: string | null }): OpenSpan | null {
  if (!recording || !isSampled(options.traceparent)) return null;
  const parent = parentOf(options);
  if (parent === null) return null;
  const span = start(name, options, parent);
  return opened(span, trace.setSpan(parent, span));
}

/** The first span of a request from outside: in the client's trace where that names one, else in a new one. */
export function openRequest(name: string, options: SpanOptions & { correlation: string }): OpenSpan {
  const given = parseTraceparent(options.traceparent);
  const base = ROOT_CONTEXT.setValue(correlationKey, options.correlation);
  if (recording) {
    const parent = given === null ? base : trace.setSpanContext(base, given);
    const span = start(name, options, parent, given === null);
    return opened(span, trace.setSpan(parent, span));
  }
  const traceparent = given === null ? newTraceparent() : formatTraceparent(given);
  const named = parseTraceparent(traceparent);
  const inside = named === null ? base : trace.setSpanContext(base, named);
  return { traceparent, run: (fn) => context.with(inside, fn), end() {} };
}

/** What many causes have in common, oldest first: the newest one that is recorded is the parent, the others are linked. */
export function merged(causes: readonly (string | null)[]): { traceparent: string | null; links: readonly string[] } {
  const sampled = [...new Set(causes.filter(isSampled))].reverse();
  const [newest, ...links] = sampled;
  return { traceparent: newest ?? causes.findLast((cause) => cause !== null) ?? null, links };
}

/** Adds to the current span, where there is one. */
export function annotate(attributes: Attributes): void {
  if (recording) trace.getActiveSpan()?.setAttributes(attributes);
}

/** The current span has failed, though nothing was thrown. */
export function annotateFailure(code: string): void {
  const span = recording ? trace.getActiveSpan() : undefined;
  if (span) markFailed(span, code);
}

/** Ties the current span to another one, of another trace maybe. */
export function linkTo(traceparent: string | null): void {
  const linked = parseTraceparent(traceparent);
  if (recording && linked !== null) trace.getActiveSpan()?.addLink({ context: linked });
}

/** W3C traceparent of the current span; null outside of any. */
export function currentTraceparent(): string | null {
  const span = trace.getSpanContext(context.active());
  return span && isSpanContextValid(span) ? formatTraceparent(span) : null;
}

/** What is written down as the cause of what follows: the current span, where that is of the same trace, else `given`. */
export function traceparentFor(given: string | null): string | null {
  if (!recording) return given;
  const span = trace.getSpanContext(context.active());
  if (!span || !isSpanContextValid(span)) return given;
  const named = parseTraceparent(given);
  return named === null || named.traceId === span.traceId ? formatTraceparent(span) : given;
}

/** For loops that serve many requests: they must not go on under the name of the one that began them. */
export const outsideOfTraces = <T>(fn: () => T): T => context.with(ROOT_CONTEXT, fn);

/** For log lines. */
export function currentIds(): { traceId?: string; correlation?: string } {
  const active = context.active();
  const traceId = trace.getSpanContext(active)?.traceId;
  const correlation = active.getValue(correlationKey);
  return {
    ...(traceId === undefined ? {} : { traceId }),
    ...(typeof correlation === 'string' ? { correlation } : {}),
  };
}
